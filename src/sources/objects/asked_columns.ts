import { RECORD_COLUMNS, selectFields } from "../../catalog/catalog.ts";
import type { ObjectType } from "../../catalog/column.ts";
import { asRunnerError, type ErrorCode, type RunnerError } from "../../core/errors.ts";
import type { CursorChange, CursorEntries, CursorValue } from "../../cursors/cursor.ts";
import { describedFields } from "../../org/describe.ts";
import type { OrgClient } from "../../org/org_client.ts";
import { unknownColumn } from "../../org/response_meaning.ts";
import type { Tell } from "../fact.ts";
import type { SourceFact } from "../source_facts.ts";
import { withObjectCure } from "./access.ts";
import type { ObjectFact } from "./facts.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Where a source keeps what it was last told of the object. */
const DESCRIBED_KEY = "described";

/** What a query asks for beyond the catalogue. Salesforce takes addresses of about 16,000 bytes. */
const MOST_UNKNOWN = 150;
const LONGEST_UNKNOWN = 6_000;

/** Errors by which a query may be refused for the sake of a column that it does not name. */
const MAYBE_A_COLUMN: readonly ErrorCode[] = ["query_refused", "server_error", "column_unknown"];

/** What Salesforce said of the object. */
interface Described {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly apiVersion: string;
  readonly columns: readonly string[];
}

/**
 * Which columns the records of an object are asked for: those of the catalogue that the user sees, and those that Salesforce has
 * and the catalogue does not. Once a day the object is described; until that succeeds, what was said before counts, or the
 * catalogue alone.
 */
export class AskedColumns {
  readonly #type: ObjectType;
  readonly #client: OrgClient;
  readonly #tell: Tell<ObjectFact | SourceFact>;
  readonly #known: readonly string[];
  readonly #required: ReadonlySet<string>;
  readonly #told = new Set<string>();
  #columns: readonly string[];
  /** What `#columns` follows. */
  #adopted: readonly string[] = [];
  #nextAttemptAt = 0;

  constructor(type: ObjectType, client: OrgClient, tell: Tell<ObjectFact | SourceFact>) {
    this.#type = type;
    this.#client = client;
    this.#tell = tell;
    this.#known = selectFields(type.name, client.apiVersion);
    this.#required = new Set([type.timeColumn, type.identityColumn]);
    this.#columns = this.#known;
  }

  get names(): readonly string[] {
    return this.#columns;
  }

  /**
   * Learns the columns, from the source's entries or from Salesforce, and gives the changes that keep them. Costs a call only
   * where the share of API calls has some to spare. Rejects with nothing but the signal's reason. `now` by Salesforce's clock.
   */
  async learn(entries: CursorEntries, now: number, signal: AbortSignal): Promise<readonly CursorChange[]> {
    const kept = this.#kept(entries.get(DESCRIBED_KEY), now);
    if (kept !== undefined) {
      this.#adopt(kept.columns);
    }
    const isFresh = kept !== undefined && now - kept.at < DAY_MS;
    if (isFresh || now < this.#nextAttemptAt || !this.#client.hasSpareCalls()) {
      return [];
    }
    try {
      const columns = await describedFields(this.#client, this.#type.name, signal);
      this.#adopt(columns);
      const described: Described = { at: now, apiVersion: this.#client.apiVersion, columns };
      return [{ key: DESCRIBED_KEY, value: described as unknown as CursorValue }];
    } catch (error) {
      signal.throwIfAborted();
      this.#nextAttemptAt = now + HOUR_MS;
      this.#tellUnusable(asRunnerError(error));
      return [];
    }
  }

  /** After a query was refused: asks for less from now on, or throws the error if that can't help. */
  leaveOut(error: RunnerError): void {
    const { name } = this.#type;
    const column = unknownColumn(error);
    if (column !== undefined && this.#columns.includes(column) && !this.#required.has(column)) {
      this.#columns = this.#columns.filter((asked) => asked !== column);
      this.#tell({ fact: "column_left_out", object: name, column });
      return;
    }
    const known = this.#columns.filter((asked) => this.#known.includes(asked));
    if (known.length === this.#columns.length || !MAYBE_A_COLUMN.includes(error.code) || error.next.do !== "giveUp") {
      throw withObjectCure(error, this.#type);
    }
    this.#columns = known;
    this.#tellUnusable(error);
  }

  /** What an entry says, if it can be meant. */
  #kept(value: CursorValue | undefined, now: number): Described | undefined {
    const { at, apiVersion, columns } = (value ?? {}) as Partial<Described>;
    const isSound =
      typeof at === "number" &&
      at <= now &&
      apiVersion === this.#client.apiVersion &&
      Array.isArray(columns) &&
      columns.every((column) => typeof column === "string");
    return isSound ? { at, apiVersion, columns } : undefined;
  }

  #adopt(described: readonly string[]): void {
    if (sameNames(described, this.#adopted)) {
      return;
    }
    this.#adopted = described;
    const { name } = this.#type;
    const seen = new Set(described);
    const missing = this.#known.filter((column) => !seen.has(column) && !this.#required.has(column));
    const unknown = withinLimits(
      described.filter((column) => !this.#known.includes(column) && !RECORD_COLUMNS.has(column)),
    );
    this.#columns = [...this.#known.filter((column) => !missing.includes(column)), ...unknown];
    for (const column of missing) {
      this.#tellOnce(column, () => this.#tell({ fact: "column_left_out", object: name, column }));
    }
    if (unknown.length > 0) {
      this.#tellOnce(unknown.join(), () => this.#tell({ fact: "unknown_columns", eventType: name, columns: unknown }));
    }
  }

  #tellUnusable(error: RunnerError): void {
    this.#tellOnce(error.text, () => this.#tell({ fact: "description_unusable", object: this.#type.name, error }));
  }

  #tellOnce(what: string, tell: () => void): void {
    if (!this.#told.has(what)) {
      this.#told.add(what);
      tell();
    }
  }
}

/** As many of the columns as a query has room for. */
function withinLimits(columns: readonly string[]): readonly string[] {
  let length = 0;
  return columns.slice(0, MOST_UNKNOWN).filter((column) => {
    length += column.length + 2;
    return length <= LONGEST_UNKNOWN;
  });
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at]);
}
