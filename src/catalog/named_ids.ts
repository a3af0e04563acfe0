import type { NamedIds } from "../core/event.ts";
import type { RowCells } from "../core/row_cells.ts";
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

/** The ids of cells that have come before, found by their bytes: quicker than making text of each. */
class KnownCells {
  readonly #prefix: string;
  readonly #known = new Map<number, { readonly bytes: Uint8Array; readonly id: string }>();

  /** `prefix` is what ids of the kind begin with (Salesforce Help, "Standard Field Record ID Prefix Decoder"). */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** With 18 characters; "" for what is no id of the kind. */
  idOf(cells: RowCells, at: number): string {
    const { bytes } = cells;
    const start = cells.starts[at] as number;
    const length = (cells.ends[at] as number) - start;
    let hash = length;
    for (let offset = 0; offset < length; offset += 1) {
      hash = (Math.imul(hash, 31) + (bytes[start + offset] as number)) | 0;
    }
    const found = this.#known.get(hash);
    if (found !== undefined && found.bytes.length === length) {
      let offset = 0;
      while (offset < length && found.bytes[offset] === bytes[start + offset]) {
        offset += 1;
      }
      if (offset === length) {
        return found.id;
      }
    }
    const text = cells.text(at);
    const id = text.startsWith(this.#prefix) && isSalesforceId(text) ? toId18(text) : "";
    if (id !== "") {
      if (this.#known.size >= MOST_KNOWN) {
        this.#known.clear();
      }
      this.#known.set(hash, { bytes: Uint8Array.prototype.slice.call(bytes, start, start + length), id });
    }
    return id;
  }
}

const USERS = new KnownCells("005");
const CONNECTED_APPS = new KnownCells("0H4");

/** Finds the ids by the fields that their columns fill. A row that has the name beside the id has no need of another one. */
export function compileNamedIds(placed: readonly PlacedColumn[]): ReadNamedIds {
  const user = idReader(placed, "user", USERS);
  const effective = idReader(placed, "user.effective", USERS);
  const app = idReader(placed, "salesforce.connected_app", CONNECTED_APPS);
  let last: NamedIds = interned("", "", "");
  return (cells) => {
    const [userId, effectiveId, appId] = [user(cells), effective(cells), app(cells)];
    if (userId !== last.user || effectiveId !== last.effective || appId !== last.app) {
      last = interned(userId, effectiveId, appId);
    }
    return last === NONE ? undefined : last;
  };
}

function idReader(placed: readonly PlacedColumn[], whose: string, known: KnownCells): (cells: RowCells) => string {
  const fills = (field: string) => placed.filter(({ column }) => column.ecs === `${whose}.${field}`);
  const names = fills("name");
  const ids = fills("id")
    .toSorted((a, b) => Number(a.column.fallback ?? false) - Number(b.column.fallback ?? false))
    .map(({ at }) => at);
  if (ids.length === 0) {
    return () => "";
  }
  return (cells) => {
    for (const { at } of names) {
      if (!cells.isBlank(at)) {
        return "";
      }
    }
    for (const at of ids) {
      if (!cells.isBlank(at)) {
        return known.idOf(cells, at);
      }
    }
    return "";
  };
}

const NONE: NamedIds = { user: "", effective: "", app: "" };
/** One object for all events of the same ids, so that what is known of them is found at once. */
const known = new Map<string, NamedIds>();

function interned(user: string, effective: string, app: string): NamedIds {
  if (user === "" && effective === "" && app === "") {
    return NONE;
  }
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
