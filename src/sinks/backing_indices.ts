import type { SourceEvent } from "../core/event.ts";
import type { BackingIndices } from "./sink.ts";

/**
 * How many events may be stored twice now, of those that had been sent before: they were created in another backing index than
 * the one that the earlier request found, or could not but find. `createdIn` gives an event's, if it was created. Pure.
 */
export function possiblyDoubled(
  events: readonly SourceEvent[],
  createdIn: readonly (string | undefined)[],
  before: BackingIndices,
): number {
  return events.filter(({ index }, at) => {
    const now = createdIn[at];
    const known = before[index] ?? [];
    return now !== undefined && (known.length === 0 || known.some((name) => name !== now));
  }).length;
}

/** Those of a data stream's backing indices, oldest first, that may hold what was sent when `before` answered. Pure. */
export function whereToLook(all: readonly string[], before: readonly string[] = []): readonly string[] {
  const first = before.length === 0 ? 0 : Math.min(...before.map((name) => all.indexOf(name)));
  return all.slice(Math.max(0, first));
}

/** The backing indices in the answer to `GET /_resolve/index/<data stream>`, oldest first. Pure. */
export function readBackingIndices(body: unknown): readonly string[] {
  const streams = (body as { data_streams?: unknown } | null)?.data_streams;
  return (Array.isArray(streams) ? streams : []).flatMap((stream) => {
    const names: unknown = stream?.backing_indices;
    return [names].flat().filter((name) => typeof name === "string");
  });
}

/** The ids that were found, in the answer to a multi get. Pure. */
export function readFoundIds(body: unknown): readonly string[] {
  const docs = (body as { docs?: unknown } | null)?.docs;
  return (Array.isArray(docs) ? docs : []).flatMap((doc) => (doc?.found === true ? [String(doc._id)] : []));
}
