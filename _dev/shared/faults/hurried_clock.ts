import { setTimeout as wait } from "node:timers/promises";

/** A clock on which a quarter of an hour's wait takes seconds: time and waits run `speed` times faster, chance stays. */
export class HurriedClock {
  readonly #speed: number;
  readonly #start = Date.now();
  readonly #startOfRun = performance.now();

  constructor(speed: number) {
    this.#speed = speed;
  }

  now(): number {
    return Math.round(this.#start + (performance.now() - this.#startOfRun) * this.#speed);
  }

  random(): number {
    return Math.random();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    try {
      await wait(ms / this.#speed, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }
}
