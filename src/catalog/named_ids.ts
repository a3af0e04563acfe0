import type { NamedIds } from "../core/event.ts";
import type { RowCells } from "../core/row_cells.ts";
import { piece } from "../core/words.ts";
import type { Column } from "./column.ts";
import { isSalesforceId, toId18 } from "./salesforce_id.ts";

/** A column of the header, and where its cell is. */
interface PlacedColumn {
  readonly column: Column;
  readonly at: number;
}

/** The ids of a row whose names it does not have itself; undefined if there are none. */
export type ReadNamedIds = (cells: RowCells) => NamedIds | undefined;

const MOST_KNOWN = 20_000;

/** An id with 18 characters, and what an event has that holds no other one. */
interface KnownId {
  readonly id: string;
  readonly alone: NamedIds;
}

const NONE: NamedIds = { user: "", effective: "", app: "" };
const NO_ID: KnownId = { id: "", alone: NONE };

/** The ids of cells that have come before, found by their bytes, four at a time: quicker than making text of each. */
class KnownCells {
  readonly #prefix: string;
  readonly #alone: (id: string) => NamedIds;
  readonly #known = new Map<number, { readonly length: number; readonly words: DataView; readonly found: KnownId }>();

  /** `prefix` is what ids of the kind begin with (Salesforce Help, "Standard Field Record ID Prefix Decoder"). */
  constructor(prefix: string, alone: (id: string) => NamedIds) {
    this.#prefix = prefix;
    this.#alone = alone;
  }

  /** NO_ID for what is no id of the kind. */
  find(cells: RowCells, at: number): KnownId {
    const { words } = cells;
    const start = cells.starts[at] as number;
    const length = (cells.ends[at] as number) - start;
    let hash = length;
    for (let offset = 0; offset < length; offset += 4) {
      hash = (Math.imul(hash, 31) + wordAt(words, start + offset, length - offset)) | 0;
    }
    const known = this.#known.get(hash);
    if (known !== undefined && known.length === length) {
      let offset = 0;
      while (
        offset < length &&
        wordAt(known.words, offset, length - offset) === wordAt(words, start + offset, length - offset)
      ) {
        offset += 4;
      }
      if (offset >= length) {
        return known.found;
      }
    }
    const text = cells.text(at);
    if (!text.startsWith(this.#prefix) || !isSalesforceId(text)) {
      return NO_ID;
    }
    const id = toId18(text);
    const found = { id, alone: this.#alone(id) };
    if (this.#known.size >= MOST_KNOWN) {
      this.#known.clear();
    }
    this.#known.set(hash, { length, words: piece(text).words, found });
    return found;
  }
}

/** The next four bytes, of which `left` are the cell's. */
function wordAt(words: DataView, at: number, left: number): number {
  const word = words.getInt32(at, true);
  return left >= 4 ? word : word & ((1 << (left * 8)) - 1);
}

const USERS = new KnownCells("005", (id) => interned(id, "", ""));
const CONNECTED_APPS = new KnownCells("0H4", (id) => interned("", "", id));

/** Finds the ids by the fields that their columns fill. A row that has the name beside the id has no need of another one. */
export function compileNamedIds(placed: readonly PlacedColumn[]): ReadNamedIds {
  const user = idReader(placed, "user", USERS);
  const effective = idReader(placed, "user.effective", USERS);
  const app = idReader(placed, "salesforce.connected_app", CONNECTED_APPS);
  let last: NamedIds = NONE;
  return (cells) => {
    const who = user(cells);
    const asWhom = effective(cells);
    const by = app(cells);
    if (asWhom === NO_ID && by === NO_ID) {
      return who === NO_ID ? undefined : who.alone;
    }
    if (who.id !== last.user || asWhom.id !== last.effective || by.id !== last.app) {
      last = interned(who.id, asWhom.id, by.id);
    }
    return last;
  };
}

function idReader(placed: readonly PlacedColumn[], whose: string, known: KnownCells): (cells: RowCells) => KnownId {
  const fills = (field: string) => placed.filter(({ column }) => column.ecs === `${whose}.${field}`);
  const names = fills("name");
  const ids = fills("id")
    .toSorted((a, b) => Number(a.column.fallback ?? false) - Number(b.column.fallback ?? false))
    .map(({ at }) => at);
  if (ids.length === 0) {
    return () => NO_ID;
  }
  return (cells) => {
    for (const { at } of names) {
      if (!cells.isBlank(at)) {
        return NO_ID;
      }
    }
    for (const at of ids) {
      if (!cells.isBlank(at)) {
        return known.find(cells, at);
      }
    }
    return NO_ID;
  };
}

/** One object for all events of the same ids, so that what is known of them is found at once. */
const known = new Map<string, NamedIds>();

function interned(user: string, effective: string, app: string): NamedIds {
  const key = effective === "" && app === "" ? user : `${user},${effective},${app}`;
  let ids = known.get(key);
  if (ids === undefined) {
    ids = { user, effective, app };
    if (known.size === MOST_KNOWN) {
      known.clear();
    }
    known.set(key, ids);
  }
  return ids;
}
