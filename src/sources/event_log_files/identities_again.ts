import { asRunnerError, RETRY, RunnerError } from "../../core/errors.ts";
import type { LedgerRows, RowLedger } from "../../cursors/row_ledger.ts";
import type { OrgClient } from "../../org/org_client.ts";
import { type EventLogFile, logFileBody } from "./body.ts";
import type { FileListing } from "./listing.ts";
import type { Reconciliation } from "./reconcile.ts";
import type { FileRound } from "./round.ts";
import { rowIdentities } from "./row_identities.ts";

export interface IdentitiesAgainOptions {
  readonly client: OrgClient;
  readonly listing: FileListing;
  readonly ledger: RowLedger;
  readonly reconciliation: Reconciliation;
}

/** Reads rows that have been delivered once more, for their identities alone: the ledger has lost them. */
export async function readIdentitiesAgain(
  { file, rows }: LedgerRows,
  { listed, context, now, signal }: FileRound,
  { client, listing, ledger, reconciliation }: IdentitiesAgainOptions,
): Promise<void> {
  const isIt = ({ id, length, created }: EventLogFile) =>
    id === file.id && length === file.length && created === file.created;
  try {
    const known = listed.find(isIt) ?? (await listing.find([file.id], now, signal)).files.find(isIt);
    if (known === undefined) {
      throw unknownRows(file.id, rows);
    }
    const read = rowIdentities({
      file: known,
      body: logFileBody(client, known, signal),
      rows,
      organizationId: context.organization.id,
      scratch: () => ledger.scratch(),
    });
    for await (const { after, to, identities } of read) {
      reconciliation.note(file, after, to, identities);
    }
  } catch (error) {
    signal.throwIfAborted();
    reconciliation.refuse(asRunnerError(error));
  }
}

function unknownRows(id: string, rows: number): RunnerError {
  return new RunnerError(
    "not_found",
    `Which ${rows} rows event log file ${id} has brought is no longer known, and Salesforce no longer has it.`,
    {
      next: RETRY,
      cure: "Rows of the daily file that it had are sent again; Elasticsearch leaves out those that it has.",
    },
  );
}
