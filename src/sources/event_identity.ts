import { createHash, hash } from "node:crypto";
import { IDENTITY_LENGTH } from "../core/event.ts";
import { EventBytes } from "../core/event_bytes.ts";
import type { RowCells } from "../core/row_cells.ts";
import { type Piece, piece, WORD_SLACK, wordsOf } from "../core/words.ts";

/** Bytes that stand for the name of a column, and those that tell the length of a cell. */
const NAME_BYTES = 4;
const LENGTH_BYTES = 4;
const NOTHING = piece("");

/** The identity of a row by its cells. */
export type RowIdentity = (cells: RowCells) => string;

/**
 * A hash of org, event type and every cell that is not empty, by column name. The same row has the same identity in an hourly
 * and in the daily file, whatever the order of the columns; a column that is new and empty changes nothing.
 *
 * SHA-256, because parts of a row are chosen by whoever is being logged: nobody must be able to make a row that is taken for
 * another one. For the same reason each part of what is hashed is followed by its length, in a fixed number of bytes: read from
 * the end it can be cut in one way only, whatever the cells hold. Names of columns, which nobody chooses who is being logged, are
 * there by a code of four bytes.
 */
export function compileRowIdentity(organizationId: string, eventType: string, header: readonly string[]): RowIdentity {
  const columns = header
    .map((name, at) => ({ name, at }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.at - b.at))
    .map(({ name, at }) => ({ at, behind: behindCell(name) }));
  const text = new EventBytes();
  text.text(`${sized(organizationId)}${sized(eventType)}`);
  const prefix = text.length;
  return (cells) => {
    text.rewind(prefix);
    for (const { at, behind } of columns) {
      const start = cells.starts[at] as number;
      const end = cells.ends[at] as number;
      if (start !== end) {
        behind.words.setUint32(NAME_BYTES, end - start);
        text.part(NOTHING, cells.words, start, end, behind);
      }
    }
    return identityOf(text.bytes);
  };
}

/** What stands behind a cell: the code of its column's name, and room for its length. */
function behindCell(name: string): Piece {
  const bytes = new Uint8Array(NAME_BYTES + LENGTH_BYTES + WORD_SLACK);
  createHash("sha256").update(name).digest().copy(bytes, 0, 0, NAME_BYTES);
  return { words: wordsOf(bytes), length: NAME_BYTES + LENGTH_BYTES };
}

/** The identity of a record that has an id of its own. */
export function recordIdentity(organizationId: string, objectName: string, recordId: string): string {
  return compileRecordIdentity(organizationId, objectName)(recordId);
}

/** The same for many records of one object. */
export function compileRecordIdentity(organizationId: string, objectName: string): (recordId: string) => string {
  const prefix = sized(organizationId) + sized(objectName);
  return (recordId) => identityOf(prefix + sized(recordId));
}

/** The identity of the n-th of equal rows of a file, for n from 2 on. */
export function nthIdentity(identity: string, number: number): string {
  return identityOf(sized(identity) + sized(String(number)));
}

/** A text and, in eight digits, how many bytes of UTF-8 it has. */
function sized(text: string): string {
  return text + String(Buffer.byteLength(text)).padStart(8, "0");
}

/** The identity that is written as this text; who writes it sees to it that no two events give the same. */
export function identityOf(text: string | Buffer): string {
  return hash("sha256", text, "base64url").slice(0, IDENTITY_LENGTH);
}
