import type { EventBytes } from "../core/event_bytes.ts";
import type { RowCells } from "../core/row_cells.ts";
import { type Piece, piece } from "../core/words.ts";

/** Writes members of a JSON object from a row, each with a comma behind it, and says whether there are any. */
export type PartWriter = (cells: RowCells, to: EventBytes) => boolean;

const CLOSE = piece("},");

interface Group {
  readonly parts: (PartWriter | Group)[];
  readonly groups: Map<string, Group>;
  readonly open: Piece;
}

/** Collects the writers of fields by their dotted paths and compiles them to one that writes nested objects. */
export class FieldTree {
  readonly #root: Group;

  /** `home`: name of the outermost object. */
  constructor(home: string) {
    this.#root = group(home);
  }

  /** `write` makes the member of the last part of the path. */
  add(path: string, write: PartWriter): void {
    let at = this.#root;
    for (const name of path.split(".").slice(0, -1)) {
      let next = at.groups.get(name);
      if (next === undefined) {
        next = group(name);
        at.groups.set(name, next);
        at.parts.push(next);
      }
      at = next;
    }
    at.parts.push(write);
  }

  /** `"home":{…},`, or nothing if no part writes anything. Parts write in the order in which they were added. */
  compile(): PartWriter {
    return compileGroup(this.#root);
  }
}

function group(name: string): Group {
  return { parts: [], groups: new Map(), open: piece(`${JSON.stringify(name)}:{`) };
}

function compileGroup({ parts, open }: Group): PartWriter {
  const writers = parts.map((part) => (typeof part === "function" ? part : compileGroup(part)));
  return (cells, to) => {
    const start = to.length;
    to.piece(open);
    let empty = true;
    for (const write of writers) {
      if (write(cells, to)) {
        empty = false;
      }
    }
    if (empty) {
      to.rewind(start);
      return false;
    }
    to.rewind(to.length - 1);
    to.piece(CLOSE);
    return true;
  };
}
