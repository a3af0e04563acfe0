import { type Coverage, type Coverages, latest } from "../fact.ts";
import type { FileFacts } from "./body.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** End of the hour or day that a file is about. */
function coveredBy(file: FileFacts): number {
  return file.logDate + (file.interval === "daily" ? DAY_MS : HOUR_MS);
}

/** The coverages after a listing of these files, of which some are still to read. Pure. */
export function coverageAfterListing(
  known: Coverages,
  files: readonly FileFacts[],
  open: readonly FileFacts[],
): Coverages {
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

/** The coverages after a file that needs no more reading; the same object if it is none of theirs. Pure. */
export function coverageAfterFile(known: Coverages, file: FileFacts, newestEvent: number | undefined): Coverages {
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

function keyOf(file: FileFacts): string {
  return `${file.eventType}/${file.interval}`;
}
