import type { StreamId } from "../core/event.ts";
import { isUnderWayId } from "../pump/under_way.ts";
import type { TimeRange } from "../sources/time_range.ts";

const EVENT_LOG_FILES = "/event_log_files";
const OBJECTS = "/objects/";

/** The cursors of a stream's sources are found by these names; they outlive versions of the runner. */
export function eventLogFilesId(stream: StreamId): string {
  return `${stream}${EVENT_LOG_FILES}`;
}

export function objectId(stream: StreamId, objectName: string): string {
  return `${stream}${OBJECTS}${objectName}`;
}

/** The name of a source that collects a range once, beside the one that follows the present. */
export function backfillId(id: string, { from, to }: TimeRange): string {
  return `backfill/${new Date(from).toISOString()}/${new Date(to).toISOString()}/${id}`;
}

/** What a source's name says: its stream, and the object if it reads one. Undefined for names that are no source's. */
export function parseSourceId(
  id: string,
): { readonly stream: string; readonly object: string | undefined } | undefined {
  if (isUnderWayId(id)) {
    return undefined;
  }
  if (id.endsWith(EVENT_LOG_FILES)) {
    return { stream: id.slice(0, -EVENT_LOG_FILES.length), object: undefined };
  }
  const at = id.lastIndexOf(OBJECTS);
  return at === -1 ? undefined : { stream: id.slice(0, at), object: id.slice(at + OBJECTS.length) };
}
