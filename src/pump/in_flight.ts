import { gathering } from "./gathering.ts";

/** Events that a batch counts as at least, so that of empty ones too no more than some thousands wait to be saved. */
const LEAST_EVENTS = 20;

export interface InFlightOptions<T> {
  /** Deliveries under way at once, from the oldest on that is not over. One without events takes no place. */
  readonly deliveries: number;
  /** Once as many events wait for their delivery or are being delivered, no more than `deliveries` are added. */
  readonly undelivered: number;
  /** Once as many events are delivered and not yet saved, or on the way to that, nothing is added. */
  readonly unsaved: number;
  /** Saves what has been delivered since the last call, in the order in which it was added. */
  readonly save: (delivered: readonly T[]) => Promise<void>;
  /** Passes between two saves, and ends early when nothing more comes. */
  readonly pause: (ending: AbortSignal) => Promise<void>;
}

export interface Delivery<T> {
  readonly events: number;
  /** What has to be before it. It begins at once, so that what several deliveries wait for is done together. */
  readonly begin: () => Promise<void>;
  readonly deliver: () => Promise<T>;
  /** Comes in any case at the end. */
  readonly over: () => void;
}

interface Delivered<T> {
  readonly what: T;
  readonly size: number;
}

/**
 * Deliveries under way, which begin in the order in which they were added, and whose cursors are saved in that order: an early
 * acknowledgement never overtakes an older batch that is still open, so a saved cursor is never ahead of what is delivered. What is
 * delivered while a save is under way is saved together by the next.
 */
export class InFlight<T> {
  readonly #options: InFlightOptions<T>;
  #delivering = 0;
  /** What is under way, and what waits for that. */
  #open = 0;
  /** Events that are added, and not yet delivered. */
  #undelivered = 0;
  /** Events that are added, and not yet saved. */
  #unsaved = 0;
  readonly #broken = new AbortController();
  /** The start of the last delivery. */
  #started: Promise<void> = Promise.resolve();
  #last: Promise<void> = Promise.resolve();
  readonly #save: (delivered: readonly Delivered<T>[]) => Promise<void>;
  #saved: Promise<void> = Promise.resolve();
  readonly #ending = new AbortController();
  #changed = Promise.withResolvers<void>();

  constructor(options: InFlightOptions<T>) {
    this.#options = options;
    this.#save = gathering(async (delivered) => {
      await options.save(delivered.map(({ what }) => what));
      this.#unsaved -= delivered.reduce((sum, { size }) => sum + size, 0);
      this.#change();
      await options.pause(this.#ending.signal).catch(() => {});
    });
  }

  /** Aborts with the first error of a delivery or a save. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** Waits for room, not for the delivery. Rejects with the first error of an earlier one; nothing is saved after that. */
  async add({ events, begin, deliver, over }: Delivery<T>): Promise<void> {
    const { deliveries, undelivered, unsaved } = this.#options;
    await this.#until(() => (this.#open < deliveries || this.#undelivered < undelivered) && this.#unsaved < unsaved);
    if (this.broken.aborted) {
      over();
    }
    this.broken.throwIfAborted();
    const size = Math.max(events, LEAST_EVENTS);
    this.#undelivered += size;
    this.#unsaved += size;
    const places = events === 0 ? 0 : 1;
    this.#open += places;
    const delivery = this.#start(begin(), places).then(deliver);
    // The chain below awaits it in its turn; until then its rejection is not unhandled.
    delivery.catch(() => {});
    this.#last = this.#last.then(async () => {
      try {
        const what = await delivery;
        if (!this.broken.aborted) {
          this.#saved = this.#save([{ what, size }]);
          this.#saved.catch((error) => this.#fail(error));
        }
      } catch (error) {
        this.#fail(error);
      } finally {
        over();
        this.#delivering -= places;
        this.#open -= places;
        this.#undelivered -= size;
        this.#change();
      }
    });
  }

  /** Resolves when everything is saved; rejects with the first error. */
  async drained(): Promise<void> {
    await this.#last;
    this.#ending.abort();
    await this.#saved.catch(() => {});
    this.broken.throwIfAborted();
  }

  /** Resolves when a delivery may start: after every older one, and what has to be before it. Once one can't, none behind it does. */
  #start(begun: Promise<void>, places: number): Promise<void> {
    begun.catch(() => {});
    this.#started = this.#started.then(async () => {
      await begun;
      await this.#until(() => this.#delivering + places <= this.#options.deliveries);
      this.broken.throwIfAborted();
      this.#delivering += places;
    });
    return this.#started;
  }

  /** Or until something has failed. */
  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo() && !this.broken.aborted) {
      await this.#changed.promise;
    }
  }

  #fail(error: unknown): void {
    this.#broken.abort(error);
    this.#change();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
