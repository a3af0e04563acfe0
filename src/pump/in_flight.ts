export interface InFlightOptions<T> {
  /** Deliveries under way at once. */
  readonly deliveries: number;
  /** Beyond these, how many may be delivered and not yet saved. */
  readonly unsaved: number;
  /** Saves what has been delivered since the last call, in the order in which it was added. */
  readonly save: (delivered: readonly T[]) => Promise<void>;
}

/**
 * Deliveries under way, whose cursors are saved in the order in which they were added: an early acknowledgement never overtakes
 * an older batch that is still open, so a saved cursor is never ahead of what is delivered. What is delivered while a save is
 * under way is saved together by the next.
 */
export class InFlight<T> {
  readonly #options: InFlightOptions<T>;
  #delivering = 0;
  /** Added, and not yet saved. */
  #open = 0;
  #delivered: T[] = [];
  #failure: { readonly error: unknown } | undefined;
  #last: Promise<void> = Promise.resolve();
  #saving: Promise<void> | undefined;
  #roomMade: (() => void) | undefined;

  constructor(options: InFlightOptions<T>) {
    this.#options = options;
  }

  /**
   * Starts `deliver` as soon as there is room, and runs `over` in any case at its end. Rejects with the first error of an earlier
   * one; nothing is saved after that.
   */
  async add(deliver: () => Promise<T>, over: () => void = () => {}): Promise<void> {
    const { deliveries, unsaved } = this.#options;
    while ((this.#delivering >= deliveries || this.#open >= deliveries + unsaved) && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#roomMade = resolve;
      });
    }
    if (this.#failure !== undefined) {
      over();
    }
    this.#throwFailure();
    this.#open += 1;
    this.#delivering += 1;
    const delivery = deliver();
    // The chain below awaits it in its turn; until then its rejection is not unhandled.
    delivery.catch(() => {});
    this.#last = this.#last.then(async () => {
      try {
        const delivered = await delivery;
        if (this.#failure === undefined) {
          this.#delivered.push(delivered);
          this.#saving ??= this.#saveAll();
        }
      } catch (error) {
        this.#failure ??= { error };
      } finally {
        over();
        this.#delivering -= 1;
        this.#roomMade?.();
      }
    });
  }

  /** Resolves when everything is saved; rejects with the first error. */
  async drained(): Promise<void> {
    await this.#last;
    await this.#saving;
    this.#throwFailure();
  }

  /** What was delivered before a failure is saved; a failure of its own is the last. */
  async #saveAll(): Promise<void> {
    while (this.#delivered.length > 0) {
      const delivered = this.#delivered;
      this.#delivered = [];
      try {
        await this.#options.save(delivered);
      } catch (error) {
        this.#failure ??= { error };
        this.#delivered = [];
      }
      this.#open -= delivered.length;
      this.#roomMade?.();
    }
    this.#saving = undefined;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) {
      throw this.#failure.error;
    }
  }
}
