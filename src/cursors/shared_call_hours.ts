import { type Clock, elapsedBy } from "../core/clock.ts";
import type { CallHours } from "./call_hours.ts";
import type { CursorStore } from "./cursor_store.ts";

/** Beside the cursors of the sources. */
const ID = "api calls";
const HOUR_KEY = /^hour:(\d{1,9})$/;
/** Between two writes: what a host that dies has not written is not counted. */
const BETWEEN_WRITES_MS = 60_000;
/** No org is asked as often in an hour. */
const MOST_CALLS = 100_000_000;

/**
 * The calls of all hosts that share an org: the one that has it counts on where the one before stopped. Calls of other programs on this
 * host, as a backfill, are in `local`, where this one's are too.
 */
export class SharedCallHours implements CallHours {
  readonly #local: CallHours;
  readonly #clock: Clock;
  readonly #counts = new Map<number, number>();
  readonly #unsaved = new Set<number>();
  #cursors: CursorStore | undefined;
  #isTakenOver = false;
  #saved = 0;

  constructor(local: CallHours, clock: Clock) {
    this.#local = local;
    this.#clock = clock;
  }

  /** Takes over what other hosts have counted, when it is called first. Rejects as the store does. */
  async begin(cursors: CursorStore): Promise<void> {
    const known = await cursors.load(ID);
    for (const [key, value] of this.#isTakenOver ? [] : known) {
      const hour = HOUR_KEY.exec(key)?.[1];
      if (hour !== undefined && typeof value === "number" && value > 0 && value <= MOST_CALLS) {
        this.#counts.set(Number(hour), value + (this.#counts.get(Number(hour)) ?? 0));
      }
    }
    this.#isTakenOver = true;
    this.#cursors = cursors;
    this.#saved = elapsedBy(this.#clock);
  }

  /** Writes what is not written yet; what can't be is forgotten. */
  async end(): Promise<void> {
    await this.#save();
    this.#cursors = undefined;
  }

  add(hour: number): void {
    this.#local.add(hour);
    this.#counts.set(hour, (this.#counts.get(hour) ?? 0) + 1);
    this.#unsaved.add(hour);
    if (elapsedBy(this.#clock) - this.#saved >= BETWEEN_WRITES_MS) {
      void this.#save();
    }
  }

  since(first: number): ReadonlyMap<number, number> {
    for (const hour of this.#counts.keys()) {
      if (hour < first) {
        this.#counts.delete(hour);
        this.#unsaved.add(hour);
      }
    }
    const all = new Map(this.#counts);
    for (const [hour, calls] of this.#local.since(first)) {
      all.set(hour, Math.max(calls, all.get(hour) ?? 0));
    }
    return all;
  }

  async #save(): Promise<void> {
    if (this.#cursors === undefined || this.#unsaved.size === 0) {
      return;
    }
    this.#saved = elapsedBy(this.#clock);
    const hours = [...this.#unsaved];
    this.#unsaved.clear();
    const changes = hours.map((hour) => ({ key: `hour:${hour}`, value: this.#counts.get(hour) }));
    try {
      await this.#cursors.save(ID, changes);
    } catch {
      for (const hour of hours) {
        this.#unsaved.add(hour);
      }
    }
  }
}
