import { ManualClock } from "./manual_clock.ts";

/** A manual clock for what looks again and again: tells when it has looked and waits for its next look. */
export class LookingClock extends ManualClock {
  #looked = Promise.withResolvers<void>();

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.#looked.resolve();
    this.#looked = Promise.withResolvers();
    return super.sleep(ms, signal);
  }

  /** Lets the next look come, or the first one, and resolves after it. */
  async look(): Promise<void> {
    const looked = this.#looked.promise;
    this.advance((this.nextWake ?? this.now()) - this.now());
    await looked;
  }
}
