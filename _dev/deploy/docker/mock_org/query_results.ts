import { Refusal } from "./answer.ts";
import type { SObjectRecord } from "./sobject.ts";

/** Rows that a query found, waiting to be fetched page by page. */
export interface QueryResult {
  readonly locator: string;
  readonly size: number;
  readonly pageSize: number;
  /** A record as it is answered, with its attributes and only the selected columns. */
  readonly row: (record: SObjectRecord) => unknown;
  readonly records: readonly SObjectRecord[];
}

/** Salesforce keeps a user's ten newest cursors; this org keeps the newest of all users. */
const RESULTS_KEPT = 1_000;

/** The open query results of an org, by locator. */
export class QueryResults {
  readonly #open = new Map<string, QueryResult>();
  #serial = 0;

  keep(result: Omit<QueryResult, "locator">): QueryResult {
    const locator = `01g${(++this.#serial).toString(36).padStart(12, "0")}AAA`;
    const kept = { ...result, locator };
    this.#open.set(locator, kept);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= RESULTS_KEPT) {
        break;
      }
      this.#open.delete(oldest);
    }
    return kept;
  }

  /** The result and the first row of a page named `<locator>-<row>`. Refuses an unknown one with INVALID_QUERY_LOCATOR. */
  page(name: string): { result: QueryResult; from: number } {
    const match = /^(\w+)-(\d+)$/.exec(name);
    const result = this.#open.get(match?.[1] ?? "");
    if (match === null || result === undefined) {
      throw new Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    }
    return { result, from: Number(match[2]) };
  }
}
