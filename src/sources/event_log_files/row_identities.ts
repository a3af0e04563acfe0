import type { Scratch } from "../../cursors/row_ledger.ts";
import { compileRowIdentity, type RowIdentity } from "../event_identity.ts";
import type { EventLogFile } from "./body.ts";
import { CsvRows, columnNames } from "./csv_rows.ts";
import { Occurrences } from "./occurrences.ts";

/** Identities that are handed on at once, about. */
const MOST_AT_ONCE = 20_000;

export interface RowIdentitiesOptions {
  readonly file: EventLogFile;
  /** The uncompressed CSV. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly scratch: () => Scratch;
  readonly organizationId: string;
  /** How many rows, from the first one on. */
  readonly rows: number;
}

/** Some rows of a file, by their numbers, and the identities of those that are events. */
export interface RowIdentities {
  readonly after: number;
  readonly to: number;
  readonly identities: readonly string[];
}

/** The identities of the first rows of a file, as `logFileRows` gives them, and nothing else of them. */
export async function* rowIdentities(options: RowIdentitiesOptions): AsyncGenerator<RowIdentities> {
  const { file, body, rows, organizationId, scratch } = options;
  const occurrences = Occurrences.ofFile(file, scratch);
  let header: { readonly columns: number; readonly identity: RowIdentity } | undefined;
  let after = 0;
  let to = 0;
  let identities: string[] = [];
  const csv = new CsvRows(
    (cells) => {
      if (header === undefined) {
        const columns = columnNames(cells);
        header = { columns: columns.length, identity: compileRowIdentity(organizationId, file.eventType, columns) };
      } else if (to < rows) {
        to += 1;
        if (cells.length === header.columns) {
          identities.push(occurrences.distinguish(header.identity(cells)));
        }
      }
    },
    () => {
      to += to < rows ? 1 : 0;
    },
  );
  try {
    for await (const chunk of body) {
      csv.push(chunk);
      if (identities.length >= MOST_AT_ONCE || to === rows) {
        yield { after, to, identities };
        [after, identities] = [to, []];
      }
      if (to === rows) {
        return;
      }
    }
    csv.end();
    yield { after, to, identities };
  } finally {
    occurrences.close();
  }
}
