import type { CursorChange, CursorEntries, CursorValue } from "../cursors/cursor.ts";
import { addBackingIndices, type BackingIndices } from "../sinks/sink.ts";

const PART_KEY = "part:";
const LANDED_KEY = "landed";

/** A part of the source of which events may be under way. */
interface Part {
  /** The backing indices that were known when the first of them was sent. */
  readonly landedIn: BackingIndices;
  /** How many of the next events may be among them. */
  readonly left: number;
}

const UNDER_WAY = " under way";

/** Where what is under way is kept, beside the source's own cursors. */
export function underWayId(sourceId: string): string {
  return sourceId + UNDER_WAY;
}

/** Whether `underWayId` made it: no source of its own. */
export function isUnderWayId(id: string): boolean {
  return id.endsWith(UNDER_WAY);
}

/**
 * Which parts of a source (files) have events under way, kept so that the next process knows what it may be sending again: the
 * first events behind the cursor of a part whose round did not end. Decides; its changes are saved by the pump.
 */
export class UnderWay {
  readonly #parts = new Map<string, Part>();
  /** Parts that were begun in this round. */
  readonly #begun = new Set<string>();
  /** Parts of a round that was cut, with what is left of it by now. */
  readonly #cut = new Map<string, number>();
  /** Parts of which everything is delivered and saved, to be forgotten with the next that is kept. */
  #over: string[] = [];
  #landed: BackingIndices = {};

  readonly #most: number;

  /** `most` is more events of one part than are ever under way, or delivered and not yet saved, at once. */
  constructor(entries: CursorEntries, most: number) {
    this.#most = most;
    for (const [key, value] of entries) {
      if (key === LANDED_KEY) {
        this.#landed = (value ?? {}) as unknown as BackingIndices;
      } else {
        const { landedIn = {}, left = most } = (value ?? {}) as unknown as Partial<Part>;
        const part = { landedIn, left };
        this.#parts.set(key, part);
        this.#cut.set(key, part.left);
      }
    }
  }

  /** Before events are sent: what to save first, and with what the sink is to be told that they may have been sent before. */
  begin(
    part: string,
    events: number,
  ): { readonly changes: readonly CursorChange[]; readonly sentBefore?: BackingIndices } {
    const key = PART_KEY + part;
    const known = this.#parts.get(key);
    const left = this.#cut.get(key) ?? 0;
    if (left > 0) {
      this.#cut.set(key, left - events);
    }
    const sentBefore = left > 0 && known !== undefined ? { sentBefore: known.landedIn } : {};
    if (this.#begun.has(key)) {
      return { changes: [], ...sentBefore };
    }
    this.#begun.add(key);
    return {
      changes: [...this.#forget(), ...this.#put(key, { landedIn: known?.landedIn ?? this.#landed, left: this.#most })],
      ...sentBefore,
    };
  }

  /** After events have been delivered, in their order: what to save. */
  landed(part: string, landedIn: BackingIndices): readonly CursorChange[] {
    this.#landed = { ...this.#landed, ...landedIn };
    const key = PART_KEY + part;
    const known = this.#parts.get(key)?.landedIn ?? {};
    const isNew = Object.keys(landedIn).some((stream) => known[stream] === undefined);
    // What an earlier round had under way may lie in an older one.
    return isNew && !this.#cut.has(key)
      ? this.#put(key, { landedIn: { ...addBackingIndices(landedIn), ...known }, left: this.#most })
      : [];
  }

  /** After all of a part has been delivered and saved. */
  over(part: string): void {
    const key = PART_KEY + part;
    if (this.#parts.has(key)) {
      this.#cut.delete(key);
      this.#over.push(key);
    }
  }

  /** When nothing is under way any more; `complete` if the source has given all that it has. */
  ended(complete: boolean): readonly CursorChange[] {
    const changes: CursorChange[] = this.#begun.size === 0 ? [] : [{ key: LANDED_KEY, value: asValue(this.#landed) }];
    for (const [key, { landedIn }] of this.#parts) {
      const left = this.#cut.get(key) ?? 0;
      if (complete || left <= 0) {
        changes.push({ key, value: undefined });
      } else if (this.#begun.has(key)) {
        changes.push({ key, value: asValue({ landedIn, left }) });
      }
    }
    return changes;
  }

  #forget(): readonly CursorChange[] {
    const over = this.#over;
    this.#over = [];
    for (const key of over) {
      this.#parts.delete(key);
      this.#begun.delete(key);
    }
    return over.map((key) => ({ key, value: undefined }));
  }

  #put(key: string, part: Part): readonly CursorChange[] {
    this.#parts.set(key, part);
    return [{ key, value: asValue(part) }];
  }
}

function asValue(value: Part | BackingIndices): CursorValue {
  return value as unknown as CursorValue;
}
