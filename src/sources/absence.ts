import { type Clock, elapsedBy, systemClock } from "../core/clock.ts";
import { asRunnerError, type RunnerError } from "../core/errors.ts";
import type { CursorEntries } from "../cursors/cursor.ts";
import type { Tell } from "./fact.ts";
import type { Round, RoundScope, Source } from "./source.ts";
import type { SourceFact } from "./source_facts.ts";

/** Whether the org does not show it to the integration user, for want of a licence, a permission or a setting. */
export function isAbsence({ code }: RunnerError): boolean {
  return code === "object_unknown" || code === "permission_missing";
}

/** Milliseconds until an object or topic that was not there is asked for again: a licence is bought, a permission given. */
const ASK_AGAIN_MS = 6 * 3_600_000;

export interface MaybeAbsentOptions {
  /** Of the object or topic. */
  readonly name: string;
  readonly tell: Tell<SourceFact>;
  readonly clock?: Clock;
}

/**
 * A source of an object or topic that not every org has. That it can't be read is told once; its rounds end as done, and it is asked for a
 * few times a day. Its cursor stays where it is meanwhile.
 */
export class MaybeAbsent implements Source {
  readonly id: string;
  readonly #source: Source;
  readonly #options: MaybeAbsentOptions;
  /** By `elapsedBy`; undefined while it is not known to be absent. */
  #askAgainAt: number | undefined;

  constructor(source: Source, options: MaybeAbsentOptions) {
    this.id = source.id;
    this.#source = source;
    this.#options = options;
  }

  async *read(from: CursorEntries, signal: AbortSignal, scope?: RoundScope): Round {
    const { name, tell, clock = systemClock } = this.#options;
    if (this.#askAgainAt !== undefined && elapsedBy(clock) < this.#askAgainAt) {
      return undefined;
    }
    try {
      const end = yield* this.#source.read(from, signal, scope);
      this.#askAgainAt = undefined;
      return end;
    } catch (caught) {
      const error = asRunnerError(caught);
      if (signal.aborted || !isAbsence(error)) {
        throw caught;
      }
      if (this.#askAgainAt === undefined) {
        tell({ fact: "absent", name, error });
      }
      this.#askAgainAt = elapsedBy(clock) + ASK_AGAIN_MS;
      return undefined;
    }
  }
}
