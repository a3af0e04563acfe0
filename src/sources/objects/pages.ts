import type { ObjectType } from "../../catalog/column.ts";
import { asRunnerError } from "../../core/errors.ts";
import type { MemoryShare } from "../../core/memory.ts";
import type { OrgClient } from "../../org/org_client.ts";
import { queryPages, type SObjectRecord } from "../../org/query_pages.ts";
import type { AskedColumns } from "./asked_columns.ts";
import type { Window } from "./window.ts";
import { objectSoql } from "./window_soql.ts";

export interface ObjectPagesOptions {
  readonly type: ObjectType;
  readonly client: OrgClient;
  readonly columns: AskedColumns;
  readonly memory: MemoryShare;
}

/** The records of an object as Salesforce gives them, page by page. */
export class ObjectPages {
  readonly #options: ObjectPagesOptions;

  constructor(options: ObjectPagesOptions) {
    this.#options = options;
  }

  /** Those of a range of time. The query is repeated without the columns that the org turns out to lack. */
  async *of(part: Window, signal: AbortSignal): AsyncGenerator<readonly SObjectRecord[]> {
    const { client, columns } = this.#options;
    const { name, timeColumn, identityColumn, storage } = this.#options.type;
    const thenBy = storage === "big object" ? {} : { thenBy: identityColumn };
    for (;;) {
      const soql = objectSoql({ object: name, columns: columns.names, timeColumn, ...part, ...thenBy });
      try {
        return yield* this.#inPlace(queryPages(client, soql, `records of ${name}`, signal), signal);
      } catch (error) {
        columns.leaveOut(asRunnerError(error));
      }
    }
  }

  /** Asks for each page as soon as there is a place to read it in the process. */
  async *#inPlace<T>(pages: AsyncGenerator<T>, signal: AbortSignal): AsyncGenerator<T> {
    for (;;) {
      const leave = await this.#options.memory.reading(signal);
      try {
        const step = await pages.next();
        if (step.done) {
          return;
        }
        yield step.value;
      } finally {
        leave();
      }
    }
  }
}
