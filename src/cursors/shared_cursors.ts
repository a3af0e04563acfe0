import { WRITTEN_WITHIN_MS } from "../coordination/forgetting.ts";
import type { DocumentWrite, StateDocuments, Version } from "../coordination/state_documents.ts";
import { type Clock, isoTime } from "../core/clock.ts";
import { GIVE_UP, RETRY, RunnerError } from "../core/errors.ts";
import { type CursorValue, changeEntries, type EntryChange } from "./cursor.ts";
import { cursorDocument, cursorDocumentId, type EntryTexts, readCursorDocument } from "./cursor_document.ts";
import type { CursorStore } from "./cursor_store.ts";

/** What a source gives in a second, so that it waits for no write. */
const PACE = { between: 1_000, events: 80_000 };
/** Of a source, until the next look: others may write to it only while the lease goes from one to the other. */
const MOST_ATTEMPTS = 5;

/** For who changes cursors without holding the org, as a command does: each source keeps its term, and whoever has it goes on. */
export const TERM_AS_IT_IS = "as it is";

export interface SharedCursorsOptions {
  readonly documents: Pick<StateDocuments, "read" | "write">;
  /** Ids of the org's documents of cursors that a search finds, which may lag behind by seconds. */
  readonly find: (org: string) => Promise<readonly string[]>;
  /** Sources that there may be, for who has not loaded them and can't wait for the search. */
  readonly knownSources?: readonly string[];
  /** As the documents name it. */
  readonly org: string;
  /** The term in which this host holds the org's lease; undefined if it does not. */
  readonly term: () => number | typeof TERM_AS_IT_IS | undefined;
  /** This host, for people. */
  readonly owner: string;
  readonly clock: Clock;
  /** What this host has known of each source, in this term and before: written again where the document is gone. */
  readonly known?: Map<string, EntryTexts>;
}

/** What is known of a source since it was taken in a term; without a version it is not there. */
interface Held {
  readonly term: number;
  readonly entries: EntryTexts;
  readonly version: Version | undefined;
  /** When this host wrote it or looked, in milliseconds since the epoch. */
  readonly since: number;
}

/** Of JSON. */
type TextChange = EntryChange<string>;

/**
 * Cursors of one org in documents that hosts share, one for each source.
 *
 * A source is taken when it is loaded first: its document is written with the term of this host's lease, so that whoever held an
 * older one finds another version there than he knows, and can change it no more. The holder's every write names the version that
 * it replaces. From then on it reads from its own memory, and a failed write, of which it is unknown whether it was done, makes it
 * look again.
 *
 * Beside the errors of CursorStore: `lease_lost` when another host holds the org, or this one no longer does, and
 * `shared_state_unreachable` or `shared_state_refused`.
 */
export function createSharedCursors(options: SharedCursorsOptions): CursorStore {
  const { documents, find, org, owner, clock, known: everKnown = new Map<string, EntryTexts>() } = options;
  const held = new Map<string, Held>();
  /** The last write of each source, under way or not. */
  const writes = new Map<string, Promise<void>>();

  function requireTerm(): number | typeof TERM_AS_IT_IS {
    const term = options.term();
    if (term === undefined) {
      throw leaseLost(org);
    }
    return term;
  }

  const hold = (source: string, known: Held) => {
    held.set(source, known);
    everKnown.set(source, known.entries);
  };

  const write = async (source: string, term: number, entries: EntryTexts, expected: Version | undefined) => {
    const value = cursorDocument(org, { source, term, entries }, owner, isoTime(clock.now()));
    const change: DocumentWrite = { id: cursorDocumentId(org, source), value, expected };
    const [version] = await documents.write([change]);
    if (version !== undefined) {
      hold(source, { term, entries, version, since: clock.now() });
    }
    return version !== undefined;
  };

  /** What the source's document says, taken for this host's term. */
  async function take(source: string): Promise<Held> {
    const id = cursorDocumentId(org, source);
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const term = requireTerm();
      const known = held.get(source);
      const isOwn = known?.term === term;
      if (isOwn && clock.now() - known.since < WRITTEN_WITHIN_MS) {
        return known;
      }
      const document = (await documents.read([id])).get(id);
      const there = document === undefined ? undefined : readCursorDocument(id, document.value);
      if (term === TERM_AS_IT_IS) {
        const entries = there?.entries ?? new Map();
        return { term: there?.term ?? 0, entries, version: document?.version, since: clock.now() };
      }
      if (there !== undefined && there.term > term) {
        throw leaseLost(org);
      }
      if (document !== undefined && there?.term === term && !isOwn) {
        hold(source, { term, entries: there.entries, version: document.version, since: clock.now() });
      } else {
        // Also what this host has held for long, so that nobody takes it for what left the policy.
        await write(source, term, there?.entries ?? everKnown.get(source) ?? new Map(), document?.version);
      }
    }
    throw tooManyWriters(source);
  }

  /** In another term than that in which they were made, changes mean nothing. */
  async function apply(source: string, term: number | typeof TERM_AS_IT_IS, changes: readonly TextChange[]) {
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const taken = await take(source);
      if (term !== TERM_AS_IT_IS && taken.term !== term) {
        throw leaseLost(org);
      }
      const next = changed(taken.entries, changes);
      if (next === undefined) {
        return;
      }
      // Forgotten until it is known to be written.
      held.delete(source);
      if (await write(source, taken.term, next, taken.version)) {
        return;
      }
    }
    throw tooManyWriters(source);
  }

  return {
    pace: PACE,
    async load(source) {
      await writes.get(source)?.catch(() => {});
      const { entries } = await take(source);
      return new Map([...entries].map(([key, text]) => [key, JSON.parse(text)]));
    },
    async save(source, changes) {
      const term = requireTerm();
      const texts = changes.map(({ key, value }) => ({ key, value: asText(value) }));
      const last = writes.get(source) ?? Promise.resolve();
      const done = last.catch(() => {}).then(() => apply(source, term, texts));
      writes.set(source, done);
      await done;
    },
    async sources() {
      const ids = await find(org);
      const known = [...held.keys(), ...(options.knownSources ?? [])].map((source) => cursorDocumentId(org, source));
      const found = await documents.read([...new Set([...ids, ...known])]);
      return [...found]
        .map(([id, { value }]) => readCursorDocument(id, value))
        .filter(({ entries }) => entries.size > 0)
        .map(({ source }) => source)
        .sort();
    },
    async clear(source) {
      const entries = await this.load(source);
      await this.save(
        source,
        [...entries.keys()].map((key) => ({ key, value: undefined })),
      );
    },
    close() {},
  };
}

/** `undefined` if nothing changes. */
function changed(entries: EntryTexts, changes: readonly TextChange[]): EntryTexts | undefined {
  const next = new Map(entries);
  changeEntries(next, changes);
  const isSame = next.size === entries.size && [...next].every(([key, text]) => entries.get(key) === text);
  return isSame ? undefined : next;
}

function asText(value: CursorValue | undefined): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

function leaseLost(org: string): RunnerError {
  return new RunnerError("lease_lost", `Another host collects the org ${org} now.`, { next: GIVE_UP });
}

function tooManyWriters(source: string): RunnerError {
  return new RunnerError("state_unusable", `Another program writes to the cursors of ${source} all the time.`, {
    next: RETRY,
    cure: "Nothing but the runner may write to the state index.",
  });
}
