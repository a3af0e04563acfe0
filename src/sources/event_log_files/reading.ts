import type { Clock } from "../../core/clock.ts";
import { asRunnerError, type RunnerError } from "../../core/errors.ts";
import type { MemoryShare } from "../../core/memory.ts";
import type { RecordedRows, RowLedger } from "../../cursors/row_ledger.ts";
import type { OrgClient } from "../../org/org_client.ts";
import type { Tell } from "../fact.ts";
import { afterAttempt, isParked } from "../part_failure.ts";
import type { Batch } from "../source.ts";
import type { SourceFact } from "../source_facts.ts";
import { type EventLogFile, logFileBody } from "./body.ts";
import type { FileFact } from "./facts.ts";
import { gaps } from "./gaps.ts";
import { type FileProgress, fileChange, logDateFrom, openProgress } from "./progress.ts";
import type { Reconciliation } from "./reconcile.ts";
import type { FileRound } from "./round.ts";
import { logFileRows } from "./rows.ts";

export interface FileReadingOptions {
  readonly client: OrgClient;
  readonly ledger: RowLedger;
  readonly memory: MemoryShare;
  readonly reconciliation: Reconciliation;
  /** Whether rows are compared with those of other files. */
  readonly reconciles: () => boolean;
  readonly tell: Tell<FileFact | SourceFact>;
  readonly clock: Clock;
}

/**
 * The rows of one file as batches, behind those that have been delivered, without those that `brought` has. Each batch moves the
 * file's cursor; a failure of the file becomes a part of it. Nothing comes of a file when the round is over.
 */
export async function* readFile(
  file: EventLogFile,
  brought: RecordedRows | undefined,
  round: FileRound,
  options: FileReadingOptions,
): AsyncGenerator<Batch> {
  const { cursor, context, signal } = round;
  if (round.isOver) {
    return;
  }
  const { client, ledger, memory, reconciliation, tell, clock } = options;
  const { rows: skipRows = 0, lacked: lackedBefore = 0, failure, earlier } = openProgress(cursor, file) ?? {};
  const isNew = skipRows === 0 && earlier === undefined && file.created > round.since;
  tell({ fact: "file_opened", file, skippedRows: skipRows });
  let rows = skipRows;
  let lacked = lackedBefore;
  let rejected = 0;
  let newestEvent: number | undefined;
  let lackedHours: readonly number[] = [];
  try {
    const batches = logFileRows({
      ...{ file, skipRows, brought, stream: context, primary: true, memory, signal, tell },
      body: logFileBody(client, file, signal),
      scratch: () => ledger.scratch(),
      now: () => clock.now(),
    });
    for await (const batch of batches) {
      if (options.reconciles()) {
        const identities = batch.events.map(({ id }) => id);
        reconciliation.give(file, rows, batch.rows, identities);
      }
      ({ rows, rejected, newestEvent, lackedHours } = batch);
      lacked = lackedBefore + (rows - skipRows) - rejected - batch.repeated;
      yield {
        part: file.id,
        isNew,
        events: batch.events,
        whenDelivered: { changes: [fileChange(file, { rows, lacked, done: false, failure, earlier })] },
        release: batch.release,
      };
    }
  } catch (caught) {
    signal.throwIfAborted();
    const progress = { rows, lacked, done: false, failure, earlier };
    yield* failed(file, asRunnerError(caught), progress, round, options);
    return;
  }
  round.done(file);
  const facts: readonly FileFact[] = [
    { fact: "file_done", file, rows, rejected, newestEvent },
    ...reconciliation
      .result(file, brought, { rows, lacked })
      .flatMap((fact) => [fact, ...gapsOf(file, lackedHours, round)]),
  ];
  const changes = [fileChange(file, { rows, lacked, done: true, earlier })];
  yield { part: file.id, isLast: true, events: [], whenDelivered: { changes, facts } };
}

/** Saves what is known of a failure that is the file's own. */
async function* failed(
  file: EventLogFile,
  error: RunnerError,
  progress: Pick<FileProgress, "rows" | "lacked" | "done" | "failure" | "earlier">,
  round: FileRound,
  { client, clock }: FileReadingOptions,
): AsyncGenerator<Batch> {
  if (!round.isOwnFailure(error)) {
    return;
  }
  const { now } = await client.time(round.signal);
  const failure = afterAttempt(progress.failure, { error, machineNow: clock.now(), now, random: clock.random() });
  round.failed(file, failure);
  const fact = isParked(failure) ? "file_parked" : "file_failed";
  yield {
    events: [],
    whenDelivered: {
      changes: [fileChange(file, { ...progress, failure })],
      facts: [{ fact, file, error, attempt: failure.attempts }],
    },
  };
}

/** Nothing for a day that the listing did not ask for any more. */
function gapsOf(file: EventLogFile, hours: readonly number[], { cursor, listed, now }: FileRound): readonly FileFact[] {
  const found = file.logDate < logDateFrom(cursor, now) ? [] : gaps(file, hours, listed);
  return found.length === 0 ? [] : [{ fact: "gap", file, hours: found }];
}
