import { type Lease, leaseId, readLease } from "../coordination/lease.ts";
import { systemClock } from "../core/clock.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import { copyCursors, moveCursors, sourcesOf } from "../cursors/move_cursors.ts";
import { TERM_AS_IT_IS } from "../cursors/shared_cursors.ts";
import type { Input, SharedState } from "../policy/policy.ts";
import { underWayId } from "../pump/under_way.ts";
import { usage } from "./command_declaration.ts";
import { type OpenStateIndex, openStateIndex } from "./open_state_index.ts";
import { sharedOrg } from "./shared_org.ts";
import { equalityKey } from "./wire_key.ts";
import { streamSources } from "./wire_stream.ts";

/** An org whose cursors hosts share. */
export interface SharedOrg {
  readonly input: Input;
  readonly cursors: CursorStore;
  /** As far as the state knows: a host that died is named until another has taken over. */
  lease(): Promise<Lease>;
}

export interface SharedOrgs {
  readonly orgs: readonly SharedOrg[];
  close(): Promise<void>;
}

/** The orgs of a policy whose cursors are shared. Throws `usage` if there are none. */
export async function openSharedOrgs(inputs: readonly Input[]): Promise<SharedOrgs> {
  const shared = inputs.flatMap((input) =>
    input.state.store === "elasticsearch" ? [{ input, state: input.state }] : [],
  );
  if (shared.length === 0) {
    throw usage(
      "No input of the policy shares its state.",
      "A local state is shown by --data-dir alone; to share it, write state: {store: elasticsearch, api_key: …} into the policy.",
    );
  }
  const opened = new Map<string, OpenStateIndex>();
  const indexOf = async (state: SharedState) => {
    const key = equalityKey([state.cluster, state.index]);
    const index = opened.get(key) ?? (await openStateIndex(state, LONGEST_ANSWER_MS));
    opened.set(key, index);
    return index;
  };
  const orgs: SharedOrg[] = [];
  for (const { input, state } of shared) {
    const index = await indexOf(state);
    const org = sharedOrg(input);
    const cursors = index.cursors({
      org,
      term: () => TERM_AS_IT_IS,
      clock: systemClock,
      knownSources: presentSources(input),
    });
    const id = leaseId(org);
    orgs.push({ input, cursors, lease: async () => readLease((await index.read([id])).get(id)?.value) });
  }
  return {
    orgs,
    async close() {
      await Promise.all([...opened.values()].map((index) => index.close()));
    },
  };
}

/** Lets `read` see the cursors of an input whose state is shared, as they are now. Rejects if they can't be reached. */
export async function readSharedCursors<T>(input: Input, read: (cursors: CursorStore) => Promise<T>): Promise<T> {
  const { orgs, close } = await openSharedOrgs([input]);
  try {
    return await read(cursorsOfAll(orgs));
  } finally {
    await close();
  }
}

/** Those that the policy collects at present, with what they have under way. */
function presentSources(input: Input): readonly string[] {
  const agent = { id: "", name: "", type: "", version: "" };
  return input.streams
    .flatMap((stream) => streamSources(input, stream, { agent, clock: systemClock }))
    .flatMap(({ id }) => [id, underWayId(id)]);
}

/** A person waits, and nobody's lease does. */
const LONGEST_ANSWER_MS = 10_000;

/** The cursors of all of them as one store: no source is in two. */
export function cursorsOfAll(orgs: readonly SharedOrg[]): CursorStore {
  const storeOf = ({ source }: { readonly source: string }): CursorStore => {
    const owner = orgs.find(({ input }) => input.streams.some(({ id }) => source.startsWith(`${id}/`)));
    if (owner === undefined) {
      throw usage(`The policy has no stream of ${source}.`, "Name a stream of the policy.");
    }
    return owner.cursors;
  };
  return {
    load: async (source) => await storeOf({ source }).load(source),
    save: async (source, changes) => await storeOf({ source }).save(source, changes),
    sources: async () =>
      (await Promise.all(orgs.map(({ input, cursors }) => sourcesOf(input.streams, cursors)))).flat(),
    clear: async (source) => await storeOf({ source }).clear(source),
    close() {},
  };
}

/** Moves or copies the cursors of the orgs, and says what it did. Throws `usage` while a host collects one of them. */
export async function copyCursorsTo(
  store: "local" | "elasticsearch",
  orgs: readonly SharedOrg[],
  local: CursorStore,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { input, lease } of orgs) {
    const { holder } = await lease();
    if (holder !== undefined) {
      throw usage(
        `${holder.name} collects ${input.organization.name}.`,
        "Stop the runner there first. If it died, start it and stop it again, so that it gives up what it holds.",
      );
    }
  }
  for (const { input, cursors } of orgs) {
    const name = input.organization.name;
    if (store === "local") {
      const sources = await sourcesOf(input.streams, cursors);
      await copyCursors(cursors, local, sources);
      lines.push(`${name}: copied the cursors of ${sources.length} sources from the shared state to this host.`);
    } else {
      const { moved, known } = await moveCursors(local, cursors, await sourcesOf(input.streams, local));
      const kept = known.length === 0 ? "" : ` ${known.length} were there already and stay as they are.`;
      lines.push(`${name}: moved the cursors of ${moved.length} sources from this host to the shared state.${kept}`);
    }
  }
  return lines;
}
