import { setTimeout as wait } from "node:timers/promises";

/** The machine's clock, which can be set forward; waits that are under way take no notice. */
export class JumpingClock {
  #ahead = 0;

  now(): number {
    return Date.now() + this.#ahead;
  }

  random(): number {
    return Math.random();
  }

  jump(ms: number): void {
    this.#ahead += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    try {
      await wait(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }
}
