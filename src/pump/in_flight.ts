/**
 * Deliveries under way, at most `limit`, whose cursors are saved in the order in which they were added: an early
 * acknowledgement never overtakes an older batch that is still open, so a saved cursor is never ahead of what is delivered.
 */
export class InFlight {
  readonly #limit: number;
  #open = 0;
  #failure: { readonly error: unknown } | undefined;
  #last: Promise<void> = Promise.resolve();
  #roomMade: (() => void) | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Starts `deliver` as soon as there is room; runs `save` when it and every earlier save are done, and `over` in any case at
   * the end. Rejects with the first error of an earlier one; nothing is saved after that.
   */
  async add(deliver: () => Promise<void>, save: () => Promise<void>, over: () => void = () => {}): Promise<void> {
    while (this.#open >= this.#limit && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#roomMade = resolve;
      });
    }
    if (this.#failure !== undefined) {
      over();
    }
    this.#throwFailure();
    this.#open += 1;
    const delivery = deliver();
    // The chain below awaits it in its turn; until then its rejection is not unhandled.
    delivery.catch(() => {});
    this.#last = this.#last.then(async () => {
      try {
        await delivery;
        if (this.#failure === undefined) {
          await save();
        }
      } catch (error) {
        this.#failure ??= { error };
      } finally {
        over();
        this.#open -= 1;
        this.#roomMade?.();
      }
    });
  }

  /** Resolves when everything is saved; rejects with the first error. */
  async drained(): Promise<void> {
    await this.#last;
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) {
      throw this.#failure.error;
    }
  }
}
