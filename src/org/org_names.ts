import { type Clock, elapsedBy } from "../core/clock.ts";
import { asRunnerError, RETRY, RunnerError } from "../core/errors.ts";
import { parsedJson } from "../core/json.ts";
import type { NameCache } from "../cursors/name_cache.ts";
import { IDS_A_QUERY, type NamedKind, queryNames, type RecordName } from "./name_query.ts";
import type { OrgClient } from "./org_client.ts";

/** Milliseconds that a batch of events waits for names at most. */
const LONGEST_WAIT_FOR_NAMES_MS = 5_000;
const DAY_MS = 86_400_000;
/** After a look-up that failed or came late, events go with their ids alone for so long. */
const PAUSE_MS = 10 * 60_000;
/** What may not be read is asked for again after this. */
const REFUSED_PAUSE_MS = 3_600_000;
/** Ids of an org that are in memory at once. */
const MOST_IN_MEMORY = 10_000;

export interface OrgNamesOptions {
  readonly client: OrgClient;
  readonly cache: Pick<NameCache, "find" | "keep">;
  /** Names the org and its user in the cache. */
  readonly org: string;
  /** Also full name, e-mail address, profile and role. */
  readonly everything: boolean;
  readonly clock: Clock;
}

interface Found {
  readonly at: number;
  /** Undefined if Salesforce shows nothing for the id. */
  readonly name: RecordName | undefined;
}

/** Told when look-ups begin to fail; not again before one has succeeded. */
export type TellMissing = (error: RunnerError) => void;

/**
 * The names of an org's users and connected apps by their ids, known for a day, also that there is none. A look-up holds nobody up for
 * longer than LONGEST_WAIT_FOR_NAMES_MS, and is left out when the share of API calls is near its end.
 */
export class OrgNames {
  readonly #options: OrgNamesOptions;
  readonly #found = new Map<string, Found>();
  /** Look-ups under way by id; none of them rejects. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** By the time that passes, whatever the clock is set to. */
  readonly #pausedUntil = new Map<NamedKind, number>();
  readonly #closing = new AbortController();
  #isTold = false;

  constructor(options: OrgNamesOptions) {
    this.#options = options;
  }

  /** What is known of an id: undefined if nothing is, or that there is no name; from yesterday if there is nothing newer. */
  nameOf(id: string): RecordName | undefined {
    return this.#found.get(id)?.name;
  }

  /** When what is known of these ids is to be looked at again, in milliseconds since the epoch. */
  goodUntil(ids: readonly string[]): number {
    const soon = this.#options.clock.now() + 60_000;
    return ids.reduce(
      (until, id) => Math.min(until, Math.max(soon, (this.#found.get(id)?.at ?? 0) + DAY_MS)),
      Infinity,
    );
  }

  /** Resolves when the ids are known, or as much as there is time for. Rejects with nothing but the signal's reason. */
  async learn(
    idsByKind: ReadonlyMap<NamedKind, readonly string[]>,
    tell: TellMissing,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, client } = this.#options;
    const now = clock.now();
    const lookUps: Promise<void>[] = [];
    for (const [kind, ids] of idsByKind) {
      this.#recall(ids);
      const unknown = ids.filter((id) => !this.#isFresh(id, now));
      if (unknown.length > 0 && !this.#isPaused(kind) && client.hasSpareCalls()) {
        lookUps.push(this.#lookUp(kind, unknown, tell));
      }
    }
    if (lookUps.length === 0) {
      return;
    }
    const patience = new AbortController();
    const late = clock
      .sleep(LONGEST_WAIT_FOR_NAMES_MS, AbortSignal.any([signal, patience.signal]))
      .then(() => this.#isLate([...idsByKind.keys()], tell))
      .catch(() => {});
    await Promise.race([Promise.all(lookUps), late]);
    patience.abort();
    signal.throwIfAborted();
  }

  close(): void {
    this.#closing.abort();
  }

  #isFresh(id: string, now: number): boolean {
    const found = this.#found.get(id);
    return found !== undefined && found.at <= now && now < found.at + DAY_MS;
  }

  /** Takes from the cache what is not in memory. */
  #recall(ids: readonly string[]): void {
    const { cache, org } = this.#options;
    const absent = ids.filter((id) => !this.#found.has(id));
    for (const [id, { at, text }] of absent.length === 0 ? [] : cache.find(org, absent)) {
      this.#remember(id, { at, name: text === "" ? undefined : nameIn(text) });
    }
  }

  #remember(id: string, found: Found): void {
    if (this.#found.size >= MOST_IN_MEMORY && !this.#found.has(id)) {
      this.#found.clear();
    }
    this.#found.set(id, found);
  }

  /** Looks up what nobody is looking up yet, and waits for all of it. */
  async #lookUp(kind: NamedKind, ids: readonly string[], tell: TellMissing): Promise<void> {
    const fresh = ids.filter((id) => !this.#underWay.has(id));
    for (let at = 0; at < fresh.length; at += IDS_A_QUERY) {
      const some = fresh.slice(at, at + IDS_A_QUERY);
      const before = at === 0 ? undefined : this.#underWay.get(fresh[at - 1] ?? "");
      const asking = (async () => {
        await before;
        await this.#ask(kind, some, tell);
        for (const id of some) {
          this.#underWay.delete(id);
        }
      })();
      for (const id of some) {
        this.#underWay.set(id, asking);
      }
    }
    await Promise.all(ids.map((id) => this.#underWay.get(id)));
  }

  async #ask(kind: NamedKind, ids: readonly string[], tell: TellMissing): Promise<void> {
    const { client, cache, org, everything, clock } = this.#options;
    if (this.#isPaused(kind)) {
      return;
    }
    try {
      const names = await queryNames(client, kind, ids, everything, this.#closing.signal);
      const at = clock.now();
      for (const id of ids) {
        this.#remember(id, { at, name: names.get(id) });
      }
      cache.keep(org, new Map(ids.map((id) => [id, { at, text: textOf(names.get(id)) }])));
      this.#pausedUntil.delete(kind);
      this.#isTold = false;
    } catch (error) {
      if (!this.#closing.signal.aborted) {
        const known = asRunnerError(error);
        this.#pause(kind, known.next.do === "giveUp" ? REFUSED_PAUSE_MS : PAUSE_MS, known, tell);
      }
    }
  }

  #isPaused(kind: NamedKind): boolean {
    return elapsedBy(this.#options.clock) < (this.#pausedUntil.get(kind) ?? Number.NEGATIVE_INFINITY);
  }

  #isLate(kinds: readonly NamedKind[], tell: TellMissing): void {
    const waited = `${LONGEST_WAIT_FOR_NAMES_MS / 1_000} s`;
    const error = new RunnerError("timed_out", `Salesforce has not answered for ${waited} (names of ids).`, {
      next: RETRY,
    });
    for (const kind of kinds) {
      this.#pause(kind, PAUSE_MS, error, tell);
    }
  }

  #pause(kind: NamedKind, ms: number, error: RunnerError, tell: TellMissing): void {
    this.#pausedUntil.set(kind, elapsedBy(this.#options.clock) + ms);
    if (!this.#isTold) {
      this.#isTold = true;
      tell(error);
    }
  }
}

function textOf(name: RecordName | undefined): string {
  return name === undefined ? "" : JSON.stringify(name);
}

/** What the cache kept, which only this program writes; undefined if it can't be read. */
function nameIn(text: string): RecordName | undefined {
  return parsedJson(text) as RecordName | undefined;
}
