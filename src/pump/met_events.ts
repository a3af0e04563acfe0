/** Parts that are remembered. */
const MOST_PARTS = 8;
/** Of these, so many that others have sent mean that somebody else collects the same. */
const MANY = 3;

/** How the events of one part were found when they were sent for the first time. */
interface MetPart {
  readonly created: number;
  readonly existing: number;
}

/** Of the parts (files) that appeared last, those whose events were mostly there already; none when that is over. */
export type Met = {
  readonly parts: number;
  readonly of: number;
  /** Events of all of them. */
  readonly created: number;
  readonly existing: number;
};

/**
 * Whether what a source sends for the first time is there already: then another runner collects the same. One part alone may
 * be chance; two runners that race for each get about half of them. Decides.
 */
export class MetEvents {
  readonly #parts = new Map<string, MetPart>();
  #isTold = false;

  /** Undefined while nothing is new. `existing` are those that this runner can't have sent itself. */
  add(part: string, created: number, existing: number): Met | undefined {
    const known = this.#parts.get(part) ?? { created: 0, existing: 0 };
    this.#parts.set(part, { created: known.created + created, existing: known.existing + existing });
    for (const [first] of this.#parts) {
      if (this.#parts.size > MOST_PARTS) {
        this.#parts.delete(first);
      }
    }
    const all = [...this.#parts.values()];
    const met = all.filter((one) => one.existing > one.created).length;
    const isNews = this.#isTold ? met === 0 : met >= MANY;
    if (!isNews) {
      return undefined;
    }
    this.#isTold = !this.#isTold;
    const sum = (of: keyof MetPart) => all.reduce((total, one) => total + one[of], 0);
    return { parts: met, of: all.length, created: sum("created"), existing: sum("existing") };
  }
}
