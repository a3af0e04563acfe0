import { type Clock, elapsedBy, systemClock } from "../../core/clock.ts";
import { asRunnerError } from "../../core/errors.ts";
import type { CursorEntries } from "../../cursors/cursor.ts";
import type { Tell } from "../fact.ts";
import type { Batch, RoundEnd, RoundScope, Source } from "../source.ts";
import { isAbsence } from "./access.ts";
import type { ObjectFact } from "./facts.ts";

/** Milliseconds until an object that was not there is asked for again: a licence is bought, a permission given. */
const ASK_AGAIN_MS = 6 * 3_600_000;

export interface MaybeAbsentOptions {
  readonly objectName: string;
  readonly tell: Tell<ObjectFact>;
  readonly clock?: Clock;
}

/**
 * A source of an object that not every org has. That it can't be read is told once; its rounds end as done, and it is asked for a
 * few times a day. Its cursor stays where it is meanwhile.
 */
export class MaybeAbsent implements Source {
  readonly id: string;
  readonly #source: Source;
  readonly #options: MaybeAbsentOptions;
  /** By `elapsedBy`; undefined while the object is not known to be absent. */
  #askAgainAt: number | undefined;

  constructor(source: Source, options: MaybeAbsentOptions) {
    this.id = source.id;
    this.#source = source;
    this.#options = options;
  }

  async *read(
    from: CursorEntries,
    signal: AbortSignal,
    scope?: RoundScope,
  ): AsyncGenerator<Batch, RoundEnd | undefined, undefined> {
    const { objectName, tell, clock = systemClock } = this.#options;
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
        tell({ fact: "object_absent", object: objectName, error });
      }
      this.#askAgainAt = elapsedBy(clock) + ASK_AGAIN_MS;
      return undefined;
    }
  }
}
