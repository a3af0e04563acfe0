import { randomUUID } from "node:crypto";
import { forgetStale } from "../coordination/forgetting.ts";
import type { Host } from "../coordination/lease.ts";
import type { LeaseKeeper } from "../coordination/lease_keeper.ts";
import type { Standing } from "../coordination/standing.ts";
import { timingOf } from "../coordination/timing.ts";
import type { Turn, Turns } from "../coordination/turn.ts";
import type { AgentFacts } from "../core/agent_facts.ts";
import type { Clock } from "../core/clock.ts";
import { asRunnerError, RunnerError } from "../core/errors.ts";
import { cursorDocumentId, type EntryTexts, readCursorDocument } from "../cursors/cursor_document.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import type { Input, SharedState } from "../policy/policy.ts";
import type { Sink } from "../sinks/sink.ts";
import { type OpenStateIndex, openStateIndex } from "./open_state_index.ts";
import { sharedOrg } from "./shared_org.ts";
import { equalityKey } from "./wire_key.ts";

/** A state that hosts share, in use. */
interface OpenState {
  readonly keeper: LeaseKeeper;
  /** For cursors, which may wait for an answer longer than leases. */
  readonly index: OpenStateIndex;
  /** What this host has known of each org's sources. */
  readonly known: Map<string, Map<string, EntryTexts>>;
  close(): Promise<void>;
}

interface UsedState {
  opening: Promise<OpenState> | undefined;
  users: number;
}

/** Between two attempts to open a shared state with settings that can't be used, as a file of certificates that is missing. */
const REOPEN_MS = 30_000;
/** Until what left the policy long ago is looked for first, and then again. */
const FIRST_FORGET_MS = 600_000;
const FORGET_MS = 86_400_000;
/** Characters of an `agent.id` that tell hosts apart for people. */
const SHOWN_OF_ID = 8;

/** The shared states of all inputs: those with the same settings share one sign of life. Where there are none, nothing is imported. */
export class SharedLeases {
  readonly #clock: Clock;
  readonly #me: Host;
  readonly #states = new Map<string, UsedState>();

  constructor(clock: Clock, agent: Pick<AgentFacts, "id" | "name">) {
    this.#clock = clock;
    this.#me = { id: randomUUID(), name: hostLabel(agent) };
  }

  /** `changed` is told where the input's org stands. */
  turns(input: Input, state: SharedState, changed: (standing: Standing) => void): Turns {
    const { lease, beat } = timingOf(state.lease);
    const used = this.#stateOf(state);
    used.users += 1;
    let turns: Omit<Turns, "patience"> | undefined;
    return {
      patience: lease + 2 * beat,
      next: async (stop) => {
        turns ??= (await this.#opened(state, stop, changed)).keeper.turns(sharedOrg(input), changed);
        return await turns.next(stop);
      },
      close: () => {
        turns?.close();
        used.users -= 1;
      },
    };
  }

  /** The cursors of the org in this turn, which ends if they are another host's. */
  async cursors(turn: Turn, state: SharedState): Promise<CursorStore> {
    const { index, known } = await this.#open(state);
    const knownOfOrg = known.get(turn.org) ?? new Map<string, EntryTexts>();
    known.set(turn.org, knownOfOrg);
    const cursors = index.cursors({
      org: turn.org,
      term: () => (turn.holds() ? turn.term : undefined),
      owner: turn.host.name,
      known: knownOfOrg,
      clock: this.#clock,
    });
    const termOf = async (source: string): Promise<number | undefined> => {
      const id = cursorDocumentId(turn.org, source);
      const document = (await index.read([id])).get(id);
      return document === undefined ? undefined : readCursorDocument(id, document.value).term;
    };
    const losing = async <T>(source: string, call: Promise<T>): Promise<T> => {
      try {
        return await call;
      } catch (error) {
        if (error instanceof RunnerError && error.code === "lease_lost" && !turn.over.aborted) {
          turn.lose(await termOf(source).catch(() => undefined));
        }
        throw error;
      }
    };
    return {
      ...cursors,
      load: (source) => losing(source, cursors.load(source)),
      save: (source, changes) => losing(source, cursors.save(source, changes)),
    };
  }

  /** From now on orgs are given up as soon as their runs have ended, and none is taken. */
  async leave(): Promise<void> {
    for (const { opening } of this.#states.values()) {
      (await opening?.catch(() => undefined))?.keeper.leave();
    }
  }

  /** Closes what no input uses any more. */
  async closeUnused(): Promise<void> {
    const unused = [...this.#states].filter(([, { users }]) => users === 0);
    for (const [key] of unused) {
      this.#states.delete(key);
    }
    await Promise.all(unused.map(async ([, { opening }]) => (await opening?.catch(() => undefined))?.close()));
  }

  #stateOf(state: SharedState): UsedState {
    const key = equalityKey(state);
    const used = this.#states.get(key) ?? { opening: undefined, users: 0 };
    this.#states.set(key, used);
    return used;
  }

  async #opened(state: SharedState, stop: AbortSignal, changed: (standing: Standing) => void): Promise<OpenState> {
    for (;;) {
      try {
        return await this.#open(state);
      } catch (error) {
        changed({ is: "waiting", term: 0, holder: undefined, since: undefined, problem: asRunnerError(error) });
        await this.#clock.sleep(REOPEN_MS, stop);
      }
    }
  }

  #open(state: SharedState): Promise<OpenState> {
    const used = this.#stateOf(state);
    used.opening ??= openState(state, this.#me, this.#clock).catch((error) => {
      used.opening = undefined;
      throw error;
    });
    return used.opening;
  }
}

/** What people call a host: two runners of one machine have the same name, but each its own `agent.id`. */
function hostLabel({ id, name }: Pick<AgentFacts, "id" | "name">): string {
  return `${name}/${id.slice(0, SHOWN_OF_ID)}`;
}

async function openState(state: SharedState, me: Host, clock: Clock): Promise<OpenState> {
  const timing = timingOf(state.lease);
  const documents = await openStateIndex(state, timing.answer);
  const index = await openStateIndex(state);
  const { LeaseKeeper } = await import("../coordination/lease_keeper.ts");
  const keeper = new LeaseKeeper({ documents, me, timing, clock });
  const closing = new AbortController();
  const forgetting = (async () => {
    for (let wait = FIRST_FORGET_MS; ; wait = FORGET_MS) {
      await clock.sleep(wait, closing.signal);
      // What can't be taken out now can be another day.
      await forgetStale(index, clock.now(), closing.signal).catch(() => {});
    }
  })().catch(() => {});
  return {
    keeper,
    index,
    known: new Map(),
    async close() {
      closing.abort();
      await forgetting;
      await keeper.close();
      await documents.close();
      await index.close();
    },
  };
}

/** A sink that sends nothing unless it is this host's turn, however long this process stood still. `close` leaves the inner one open. */
export function createTurnSink(sink: Sink, turn: Turn): Sink {
  return {
    close: async () => {},
    deliver: async (...delivery) => {
      if (!turn.holds()) {
        throw turn.over.reason;
      }
      return await sink.deliver(...delivery);
    },
  };
}
