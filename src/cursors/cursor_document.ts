/** The cursors of one source as a document that hosts share. All functions are pure. */
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { HIGHEST_TERM } from "../coordination/lease.ts";
import { GIVE_UP, RETRY, RunnerError } from "../core/errors.ts";

/** Entries as JSON text by key, so that what is written is what was saved, whatever Elasticsearch makes of names and numbers. */
export type EntryTexts = ReadonlyMap<string, string>;

export interface CursorDocument {
  readonly source: string;
  /** Of the lease in which it was written. */
  readonly term: number;
  readonly entries: EntryTexts;
}

/** "_id is limited to 512 bytes" (Elasticsearch Guide, `_id` field). */
const LONGEST_ID = 512;
/** Characters of entries from which on they are packed: those of files repeat themselves, and become a tenth. */
const PACKED_FROM = 16_000;
/** Characters of packed entries: of some 100,000 files, as of an org whose first run goes back by months. */
const LARGEST = 3_000_000;
const LARGEST_UNPACKED = 64 * 1024 * 1024;

export function cursorDocumentId(org: string, source: string): string {
  const id = `${org}|${source}`;
  return Buffer.byteLength(id) <= LONGEST_ID ? id : `${org}|${createHash("sha256").update(source).digest("hex")}`;
}

/** `owner` and `written`, an ISO time, are for people. Throws `state_unusable` if it would be too large. */
export function cursorDocument(org: string, { source, term, entries }: CursorDocument, owner: string, written: string) {
  const text = `{${[...entries].map(([key, value]) => `${JSON.stringify(key)}:${value}`).join()}}`;
  const packed = text.length < PACKED_FROM ? undefined : gzipSync(text).toString("base64");
  if (packed !== undefined && packed.length > LARGEST) {
    throw new RunnerError("state_unusable", `The cursors of ${source} are too large for the shared state.`, {
      next: GIVE_UP,
      cure: "Collect fewer event types in one data stream, or share no state for this org.",
    });
  }
  return { org, source, term, owner, written, ...(packed === undefined ? { entries: text } : { packed }) };
}

const ofSource = { source: z.string(), term: z.int().min(0).lt(HIGHEST_TERM) };
const shape = z.union([
  z.object({ ...ofSource, entries: z.string() }),
  z
    .object({ ...ofSource, packed: z.string() })
    .transform(({ packed, ...rest }) => ({ ...rest, entries: unpacked(packed) })),
]);

/** Throws `state_unusable` for what can't be a document of cursors. */
export function readCursorDocument(id: string, value: unknown): CursorDocument {
  try {
    const { source, term, entries } = shape.parse(value);
    const read = z.record(z.string(), z.unknown()).parse(JSON.parse(entries));
    return { source, term, entries: new Map(Object.entries(read).map(([key, one]) => [key, JSON.stringify(one)])) };
  } catch {
    throw new RunnerError("state_unusable", `The document ${id} of the shared state can't be read.`, {
      next: RETRY,
      cure: "Something else has written to it: delete the document, and its source begins again with its initial_lookback.",
    });
  }
}

function unpacked(text: string): string {
  return gunzipSync(Buffer.from(text, "base64"), { maxOutputLength: LARGEST_UNPACKED }).toString();
}
