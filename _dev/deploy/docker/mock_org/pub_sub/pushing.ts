import type { OrgState } from "../org_state.ts";
import { generatedRecords } from "../traffic/object_records.ts";
import { knownChannel } from "./channels.ts";
import type { PubSub } from "./pub_sub.ts";

const MINUTE_MS = 60_000;

/** Publishes believable events at a steady rate, until it is stopped. */
export class Pushing {
  readonly #org: OrgState;
  readonly #bus: PubSub;
  #timers: NodeJS.Timeout[] = [];

  constructor(org: OrgState, bus: PubSub) {
    this.#org = org;
    this.#bus = bus;
  }

  /** Events a minute of each channel, in place of those of before. */
  start(perMinute: Readonly<Record<string, number>>): void {
    const makers = Object.entries(perMinute).map(([channel, count]) => {
      if (!(count > 0)) {
        throw new Error(`${channel}: ${count} events a minute`);
      }
      return { everyMs: MINUTE_MS / count, push: this.#maker(channel) };
    });
    this.stop();
    this.#timers = makers.map(({ everyMs, push }) => setInterval(push, everyMs).unref());
  }

  stop(): void {
    this.#timers.forEach(clearInterval);
    this.#timers = [];
  }

  #maker(channel: string): () => void {
    const { storedIn } = knownChannel(channel);
    let serial = 0;
    const push = () => {
      const at = this.#org.now();
      // Each has other draws, also of the same millisecond.
      const world = { ...this.#org.traffic().world, seed: `${channel}-${serial++}` };
      const [record = {}] = generatedRecords(storedIn, 1, at, at, world);
      this.#bus.publish(channel, [record]);
    };
    // A channel without believable events is a mistake of who asks, and told there.
    push();
    return push;
  }
}
