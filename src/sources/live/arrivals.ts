import type { Clock } from "../../core/clock.ts";
import type { Subscription } from "../../org/pub_sub.ts";
import type { FetchResponse } from "../../org/pub_sub_protocol.ts";

/** Events that are taken off a subscription before anybody wants them; behind that the connection itself is held up. */
const MOST_WAITING = 100;

/** Why waiting ends where something has come. */
const NEWS = new Error("Something has come.");

/** How a subscription ended: by Salesforce, with or without an error. */
export interface Ended {
  readonly error: unknown;
}

/** What has come of a subscription, in its order, and is taken all at once by whoever has time for it. */
export class Arrivals {
  readonly #subscription: Subscription;
  readonly #clock: Clock;
  #waiting: FetchResponse[] = [];
  #events = 0;
  #ended: Ended | undefined;
  /** Called when anything has come, and when there is room again. */
  #onNews: (() => void) | undefined;
  #onRoom: (() => void) | undefined;

  constructor(subscription: Subscription, clock: Clock) {
    this.#subscription = subscription;
    this.#clock = clock;
    void this.#receive();
  }

  /**
   * All that has come, or how it ended once everything has been taken; undefined if nothing comes for so many milliseconds. Rejects
   * with the signal's reason.
   */
  async take(patience: number, signal: AbortSignal): Promise<readonly FetchResponse[] | Ended | undefined> {
    if (this.#waiting.length === 0 && this.#ended === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const over = new AbortController();
      this.#onNews = resolve;
      try {
        await Promise.race([promise, this.#clock.sleep(patience, AbortSignal.any([signal, over.signal]))]);
      } finally {
        this.#onNews = undefined;
        over.abort(NEWS);
      }
    }
    signal.throwIfAborted();
    if (this.#waiting.length === 0) {
      return this.#ended;
    }
    const taken = this.#waiting;
    this.#waiting = [];
    this.#events = 0;
    this.#onRoom?.();
    return taken;
  }

  async #receive(): Promise<void> {
    try {
      for (;;) {
        const response = await this.#subscription.next();
        if (response === undefined) {
          this.#ended = { error: undefined };
          return;
        }
        this.#waiting.push(response);
        this.#events += response.events.length;
        this.#onNews?.();
        if (this.#events >= MOST_WAITING) {
          await new Promise<void>((resolve) => {
            this.#onRoom = resolve;
          });
        }
      }
    } catch (error) {
      this.#ended = { error };
    } finally {
      this.#onNews?.();
    }
  }
}
