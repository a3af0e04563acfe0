import type { StreamId } from "../core/event.ts";
import { isUnderWayId } from "../pump/under_way.ts";
import type { SourceKind } from "../sources/kind.ts";
import { KINDS } from "../sources/kinds.ts";
import type { TimeRange } from "../sources/time_range.ts";

/** Which source of a stream it is. */
export interface SourceName {
  readonly stream: StreamId;
  readonly kind: SourceKind;
  /** As in KindSource. */
  readonly part: string | undefined;
}

/** The cursors of a stream's sources are found by these names; they outlive versions of the runner. */
export function sourceId(stream: StreamId, { group }: Pick<SourceKind, "group">, part?: string): string {
  return `${stream}/${group}${part === undefined ? "" : `/${part}`}`;
}

/** The name of a source that collects a range once, beside the one that follows the present. */
export function backfillId(id: string, { from, to }: TimeRange): string {
  return `backfill/${new Date(from).toISOString()}/${new Date(to).toISOString()}/${id}`;
}

/** What a source's name says. Undefined for names that are no source's. */
export function parseSourceId(id: string): SourceName | undefined {
  if (isUnderWayId(id)) {
    return undefined;
  }
  for (const kind of KINDS) {
    const [, stream, part] = new RegExp(`^(.*)/${kind.group}(?:/([^/]+))?$`, "s").exec(id) ?? [];
    if (stream !== undefined) {
      return { stream, kind, part };
    }
  }
  return undefined;
}
