import type { CollectorEvent } from "./collector_event.ts";
import { isPeriodic } from "./facts.ts";

/**
 * Collector's events that wait for delivery, oldest first. When it is full the oldest periodic one makes room, since another
 * follows it; only without one the oldest of the others.
 */
export class CollectorQueue {
  readonly #limit: number;
  #events: CollectorEvent[] = [];
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#events.length;
  }

  add(event: CollectorEvent): void {
    if (this.#events.length >= this.#limit) {
      const periodic = this.#events.findIndex(isPeriodic);
      this.#events.splice(periodic === -1 ? 0 : periodic, 1);
      this.#dropped += 1;
    }
    this.#events.push(event);
  }

  /** The oldest ones, which leave the queue. */
  take(count: number): CollectorEvent[] {
    return this.#events.splice(0, count);
  }

  /** Puts back what `take` gave and could not be delivered, in its place; what has no room any more is dropped. */
  putBack(events: readonly CollectorEvent[]): void {
    const later = this.#events;
    this.#events = [];
    for (const event of [...events, ...later]) {
      this.add(event);
    }
  }

  /** How many have been dropped since this was asked last. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
