import type { CursorChange, CursorEntries, CursorValue } from "../../cursors/cursor.ts";
import type { FetchResponse } from "../../org/pub_sub_protocol.ts";
import { entriesAnew, isOfThisOrg } from "../own_entries.ts";

/** Bytes of a replay id; Salesforce's have about ten. */
const LONGEST_REPLAY_ID = 256;
/** A time is never ahead of the one at which it was saved; what two answers of Salesforce tell may differ by a little. */
const TOLERANCE_MS = 60_000;

/** What the entries of a topic's source say. Times in milliseconds since the epoch, by Salesforce's clock. */
export interface LiveCursor {
  readonly organizationId: string;
  /** Of the last event that has been delivered, or where an idle topic stood; undefined before the first one. */
  readonly replayId: Uint8Array | undefined;
  /** Everything up to here has been delivered; undefined if that is not known. */
  readonly heardAt: number | undefined;
}

/** A replay id that may be kept; undefined for none, and for what is too long to be one. */
export function soundReplayId(id: Uint8Array): Uint8Array | undefined {
  return id.length > 0 && id.length <= LONGEST_REPLAY_ID ? id : undefined;
}

/** Of what has come, in its order: of the last event, or where an answer without events says that its topic stands. Pure. */
export function lastReplayId(arrived: readonly FetchResponse[]): Uint8Array | undefined {
  return arrived
    .flatMap(({ events, latestReplayId }) =>
      events.length === 0 ? [latestReplayId] : events.map(({ replayId }) => replayId),
    )
    .findLast((id) => soundReplayId(id) !== undefined);
}

/** Reads the entries, and gives the keys of those that can't be meant. Those of another organization are none. Pure. */
export function readLiveCursor(
  entries: CursorEntries,
  organizationId: string,
  now: number,
): { readonly cursor: LiveCursor; readonly damaged: readonly string[] } {
  if (!isOfThisOrg(entries, organizationId)) {
    return { cursor: { organizationId, replayId: undefined, heardAt: undefined }, damaged: [] };
  }
  const replayId = readReplayId(entries.get("replay"));
  const heardAt = entries.get("heard");
  const isSound = typeof heardAt === "number" && heardAt <= now + TOLERANCE_MS;
  return {
    cursor: { organizationId, replayId, heardAt: isSound ? heardAt : undefined },
    damaged: [
      ...(entries.has("replay") && replayId === undefined ? ["replay"] : []),
      ...(entries.has("heard") && !isSound ? ["heard"] : []),
    ],
  };
}

/** The changes of a first round: they replace whatever another organization left. */
export function firstLiveChanges(entries: CursorEntries, { organizationId }: LiveCursor): readonly CursorChange[] {
  return isOfThisOrg(entries, organizationId) ? [] : entriesAnew(entries, organizationId);
}

/** After everything up to a replay id, or without one up to the last that there was, has been delivered. */
export function heardChanges(replayId: Uint8Array | undefined, now: number): readonly CursorChange[] {
  const heard = { key: "heard", value: now };
  return replayId === undefined ? [heard] : [{ key: "replay", value: replayText(replayId) }, heard];
}

function replayText(replayId: Uint8Array): string {
  return Buffer.from(replayId).toString("base64");
}

function readReplayId(value: CursorValue | undefined): Uint8Array | undefined {
  const id = typeof value === "string" ? Buffer.from(value, "base64") : new Uint8Array();
  return typeof value === "string" && replayText(id) === value ? soundReplayId(id) : undefined;
}
