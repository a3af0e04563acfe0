/** A clock for tests that stands still until it is moved, so nothing ever waits for real. */
export class ManualClock {
  #now: number;
  readonly #random: number;
  readonly #sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();

  constructor(start = Date.UTC(2026, 6, 17, 9, 0, 0), random = 1) {
    this.#now = start;
    this.#random = random;
  }

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.#random;
  }

  /** How many are asleep. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** When the next sleeper wakes, in milliseconds since the epoch. */
  get nextWake(): number | undefined {
    return this.#sleepers.size === 0 ? undefined : Math.min(...[...this.#sleepers].map(({ until }) => until));
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper = {
        until: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Moves the clock on and wakes those whose time has come, in the order of their times. */
  advance(ms: number): void {
    this.#now += ms;
    const due = [...this.#sleepers].filter((sleeper) => sleeper.until <= this.#now);
    for (const sleeper of due.sort((one, other) => one.until - other.until)) {
      sleeper.wake();
    }
  }

  /** Lets time pass until `work` is over, from one wake to the next; all that needs none is done in between. */
  async passUntil<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const ended = work.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      for (let turn = 0; turn < 5; turn += 1) {
        await new Promise(setImmediate);
      }
      this.advance(Math.max(0, (this.nextWake ?? this.#now) - this.#now));
    }
    return await ended;
  }
}
