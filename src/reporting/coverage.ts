import type { Fact, FileFacts } from "../core/fact.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * How far one object, or the event log files of one event type and interval, have been collected. Of files it tells the
 * look-back of the last listing, and what earlier ones knew that it no longer holds. Times in milliseconds since the epoch.
 */
export interface Coverage {
  /** Event type or object. */
  readonly eventType: string;
  /** Undefined for an object. */
  readonly interval: "hourly" | "daily" | undefined;
  /** Files that Salesforce lists, and of these the ones that are not collected. */
  readonly listed: number;
  readonly open: ReadonlyMap<string, FileFacts>;
  /** End of the newest hour or day whose file is collected, or of an object's newest window. */
  readonly coveredUntil: number | undefined;
  /** The newest event that a file held. */
  readonly newestEvent: number | undefined;
  /** Hours that the listed files are about; none for daily files. */
  readonly hours: ReadonlySet<number>;
}

/** By event type and interval, or by object. */
export type Coverages = ReadonlyMap<string, Coverage>;

/** End of the hour or day that a file is about. */
function coveredBy(file: FileFacts): number {
  return file.logDate + (file.interval === "daily" ? DAY_MS : HOUR_MS);
}

/** The coverages after one more fact; the same object if it says nothing of them. Pure. */
export function coverageAfterFact(known: Coverages, fact: Fact): Coverages {
  switch (fact.fact) {
    case "listed":
      return afterListing(known, fact.files, fact.open);
    case "file_done":
      return afterFile(known, fact.file, fact.newestEvent);
    case "file_gone":
      return afterFile(known, fact.file, undefined);
    case "window_done":
      return new Map(known).set(fact.object, {
        eventType: fact.object,
        interval: undefined,
        listed: 0,
        open: new Map(),
        coveredUntil: latest([known.get(fact.object)?.coveredUntil, fact.to]),
        newestEvent: undefined,
        hours: new Set(),
      });
    default:
      return known;
  }
}

/** Hours between the first and the last listed one without an hourly file: quiet ones, or gaps. */
export function hoursWithoutFile({ hours }: Coverage): number[] {
  const last = Math.max(...hours);
  const without: number[] = [];
  for (let hour = Math.min(...hours); hour < last; hour += HOUR_MS) {
    if (!hours.has(hour)) {
      without.push(hour);
    }
  }
  return without;
}

function afterListing(known: Coverages, files: readonly FileFacts[], open: readonly FileFacts[]): Coverages {
  const openIds = new Set(open.map(({ id }) => id));
  const coverages = new Map<string, Coverage>();
  for (const [key, coverage] of known) {
    coverages.set(key, { ...coverage, listed: 0, open: new Map(), hours: new Set() });
  }
  for (const [key, listed] of Map.groupBy(files, keyOf)) {
    const done = listed.filter(({ id }) => !openIds.has(id));
    const { eventType, interval } = listed[0] as FileFacts;
    coverages.set(key, {
      eventType,
      interval,
      listed: listed.length,
      open: new Map(listed.filter(({ id }) => openIds.has(id)).map((file) => [file.id, file])),
      coveredUntil: latest([known.get(key)?.coveredUntil, ...done.map(coveredBy)]),
      newestEvent: known.get(key)?.newestEvent,
      hours: new Set(interval === "hourly" ? listed.map(({ logDate }) => logDate) : []),
    });
  }
  return coverages;
}

function afterFile(known: Coverages, file: FileFacts, newestEvent: number | undefined): Coverages {
  const coverage = known.get(keyOf(file));
  if (coverage === undefined) {
    return known;
  }
  const open = new Map(coverage.open);
  open.delete(file.id);
  return new Map(known).set(keyOf(file), {
    ...coverage,
    open,
    coveredUntil: latest([coverage.coveredUntil, coveredBy(file)]),
    newestEvent: latest([coverage.newestEvent, newestEvent]),
  });
}

function latest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function keyOf(file: FileFacts): string {
  return `${file.eventType}/${file.interval}`;
}
