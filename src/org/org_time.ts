import { type Clock, elapsedBy } from "../core/clock.ts";
import { httpDate } from "../core/header_values.ts";

/** A `Date` header has whole seconds and is as old as the way of the answer: less than this is no difference. */
const TOLERANCE_MS = 5_000;
/** A difference that is told: events would be asked for too late or too early, and the login needs help. */
const WORTH_TELLING_MS = 60_000;
/** A time this far from the one that is known counts only when a second answer agrees. */
const DOUBTED_MS = 3_600_000;
/** Before Salesforce had event log files, and beyond this program's life: no time at all. */
const EARLIEST = Date.UTC(2014, 0, 1);
const LATEST = Date.UTC(2200, 0, 1);

/**
 * What time it is at Salesforce, by the `Date` headers of its answers. Where collection starts and looks back follows it: the
 * machine's own clock may be wrong, and may be set while the runner runs. All times in milliseconds since the epoch.
 */
export class OrgTime {
  readonly #clock: Clock;
  /** A moment at Salesforce, and what the clock that nobody sets showed then. */
  #known: { readonly time: number; readonly elapsed: number } | undefined;
  /** How far an answer was off what is known, if one was. */
  #doubted: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The time now; undefined until an answer has told it. */
  get now(): number | undefined {
    return this.#known === undefined ? undefined : this.#known.time + (elapsedBy(this.#clock) - this.#known.elapsed);
  }

  /** How far this machine's clock is ahead, 0 for a difference that is not worth a word; undefined until it is known. */
  get machineAhead(): number | undefined {
    const now = this.now;
    const ahead = now === undefined ? undefined : this.#clock.now() - now;
    return ahead === undefined || Math.abs(ahead) >= WORTH_TELLING_MS ? ahead : 0;
  }

  /** Takes the `Date` header of an answer in; one that is missing or absurd changes nothing. */
  hear(header: string | undefined): void {
    const told = httpDate(header);
    if (told === undefined || told < EARLIEST || told > LATEST) {
      return;
    }
    const machine = this.#clock.now();
    const time = Math.abs(told - machine) < TOLERANCE_MS ? machine : told;
    const off = time - (this.now ?? time);
    if (Math.abs(off) > DOUBTED_MS && (this.#doubted === undefined || Math.abs(off - this.#doubted) > DOUBTED_MS)) {
      this.#doubted = off;
      return;
    }
    this.#doubted = undefined;
    if (this.#known === undefined || Math.abs(off) >= TOLERANCE_MS) {
      this.#known = { time, elapsed: elapsedBy(this.#clock) };
    }
  }
}
