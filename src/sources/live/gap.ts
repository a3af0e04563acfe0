import { isoTime } from "../../core/clock.ts";
import type { CursorChange, CursorEntries, CursorValue } from "../../cursors/cursor.ts";
import type { KindStream, SourceKind, SourceParts } from "../kind.ts";
import { forgotten } from "../own_entries.ts";
import { type FailedPart, type PartFailure, readFailure } from "../part_failure.ts";
import type { Source } from "../source.ts";
import type { TimeRange } from "../time_range.ts";

const GAP_KEY = "gap";
/** Before the keys of the source that reads the stored events of the gap. */
const STORED_PREFIX = "stored:";

/** Salesforce keeps published events for so long (Pub/Sub API Guide, "Event Message Durability"). */
const RETENTION_MS = 72 * 3_600_000;
/** Events are published within minutes of their time. */
const MARGIN_MS = 10 * 60_000;
/** A gap ends behind the moment at which it was found: that is told in whole seconds, and an event may have happened within it. */
const BEHIND_MS = 30_000;
/** A gap never ends much later than that. */
const TOLERANCE_MS = 60_000;

/** A time whose events may have come and gone on the event bus while nobody listened. */
export interface Gap extends TimeRange {
  /** Of the attempt to read the stored events of it. */
  readonly failure?: PartFailure | undefined;
}

/** How the stored events of an object are read: by another kind, as where a policy collects the object. */
export interface StoredEvents extends Pick<SourceKind, "position" | "failed" | "retry"> {
  /** A source of what the stream's range holds of an object. */
  open(objectName: string, primary: boolean, stream: KindStream, parts: SourceParts): Source;
}

/** The gap that opens where Salesforce does not know the place that was left off; it takes an open one in. Pure. */
export function gapBehind(heardAt: number | undefined, now: number, open: Gap | undefined): Gap {
  const from = heardAt === undefined ? now - RETENTION_MS : heardAt - MARGIN_MS;
  return { from: Math.min(from, open?.from ?? from), to: Math.max(now + BEHIND_MS, open?.to ?? 0) };
}

/** The gap that the entries tell, and whether it can't be meant. Pure. */
export function readGap(entries: CursorEntries, now: number): { readonly gap: Gap | undefined; isDamaged: boolean } {
  const value = entries.get(GAP_KEY);
  if (value === undefined) {
    return { gap: undefined, isDamaged: false };
  }
  const { from, to, failure } = (value ?? {}) as Record<string, unknown>;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || Number(to) > now + BEHIND_MS + TOLERANCE_MS) {
    return { gap: undefined, isDamaged: true };
  }
  return { gap: { from: Number(from), to: Number(to), failure: readFailure(failure) }, isDamaged: false };
}

export function gapChange({ from, to, failure }: Gap): CursorChange {
  const value = { from, to, ...(failure === undefined ? {} : { failure }) };
  return { key: GAP_KEY, value: value as unknown as CursorValue };
}

/** After the gap has been closed: nothing of it is kept. */
export function closedChanges(stored: CursorEntries): readonly CursorChange[] {
  return [forgotten(GAP_KEY), ...[...stored.keys()].map((key) => forgotten(STORED_PREFIX + key))];
}

/** The entries of the source that reads the stored events. */
export function storedEntries(entries: CursorEntries): Map<string, CursorValue> {
  return new Map(
    [...entries].flatMap(([key, value]) =>
      key.startsWith(STORED_PREFIX) ? [[key.slice(STORED_PREFIX.length), value] as const] : [],
    ),
  );
}

/** Its changes, as they are kept beside the topic's own. */
export function storedChanges(changes: readonly CursorChange[]): readonly CursorChange[] {
  return changes.map(({ key, value }) => ({ key: STORED_PREFIX + key, value }));
}

/** What of the gap could not be read, as `cursors --retry` knows it. Pure. */
export function failedOfGap(entries: CursorEntries, topic: string): readonly FailedPart[] {
  const { gap } = readGap(entries, Number.POSITIVE_INFINITY);
  return gap?.failure === undefined
    ? []
    : [{ id: gapId(topic), name: `The stored events of ${timesOfGap(gap)} (${gapId(topic)})`, failure: gap.failure }];
}

/** What has the gap tried in the next round; nothing for another id. Pure. */
export function retryGap(entries: CursorEntries, topic: string, id: string): readonly CursorChange[] {
  const { gap } = readGap(entries, Number.POSITIVE_INFINITY);
  return gap?.failure === undefined || id !== gapId(topic)
    ? []
    : [gapChange({ ...gap, failure: { ...gap.failure, retryAt: 0 } })];
}

/** For people. */
export function timesOfGap({ from, to }: TimeRange): string {
  return `${isoTime(from)} to ${isoTime(to)}`;
}

function gapId(topic: string): string {
  return `${topic}/gap`;
}
