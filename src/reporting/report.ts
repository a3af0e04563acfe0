import { formatDuration } from "../core/duration.ts";
import { type ErrorCode, RETRY, RunnerError } from "../core/errors.ts";
import type { StreamId } from "../core/event.ts";
import type { Fact } from "../core/fact.ts";

/** `degraded` heals by itself, `failed` needs a person. */
export type Health = "starting" | "healthy" | "degraded" | "failed";

/** Where one stream stands. Times in milliseconds since the epoch. */
export interface StreamReport {
  readonly stream: StreamId;
  readonly health: Health;
  /** Cause and cure; empty while healthy. */
  readonly message: string;
  /** Of the error that the message tells; undefined while healthy. */
  readonly errorCode: ErrorCode | undefined;
  /** Why rows that hourly files have brought are sent again with the daily file; undefined while they are left out. */
  readonly ledgerError: RunnerError | undefined;
  /** Why this machine's clock needs to be set; undefined while it is right. */
  readonly clockError: RunnerError | undefined;
  readonly filesDone: number;
  /** Attempts to read a file that failed. */
  readonly filesFailed: number;
  readonly filesGone: number;
  readonly roundsFailed: number;
  readonly rowsCreated: number;
  readonly rowsExisting: number;
  readonly rowsRefused: number;
  readonly rowsRejected: number;
  /** Events that may be stored twice, since the runner was started. */
  readonly rowsPossiblyDoubled: number;
  /** Events that are kept in the data directory: Elasticsearch has no place for them, or none by the policy. */
  readonly eventsKept: number;
  readonly nextAttemptAt: number | undefined;
}

export function startOfReport(stream: StreamId): StreamReport {
  return {
    stream,
    health: "starting",
    message: "",
    errorCode: undefined,
    ledgerError: undefined,
    clockError: undefined,
    filesDone: 0,
    filesFailed: 0,
    filesGone: 0,
    roundsFailed: 0,
    rowsCreated: 0,
    rowsExisting: 0,
    rowsRefused: 0,
    rowsRejected: 0,
    rowsPossiblyDoubled: 0,
    eventsKept: 0,
    nextAttemptAt: undefined,
  };
}

/** The report after one more fact. Pure. */
export function afterFact(report: StreamReport, fact: Fact): StreamReport {
  switch (fact.fact) {
    case "file_done":
      return { ...report, filesDone: report.filesDone + 1 };
    case "file_failed":
    case "file_parked":
      return { ...report, filesFailed: report.filesFailed + 1 };
    case "file_gone":
      return { ...report, filesGone: report.filesGone + 1 };
    case "row_rejected":
      return { ...report, rowsRejected: report.rowsRejected + 1 };
    case "possibly_doubled":
      return { ...report, rowsPossiblyDoubled: report.rowsPossiblyDoubled + fact.events };
    case "events_kept":
      return { ...report, eventsKept: fact.events };
    case "delivered":
      return {
        ...report,
        rowsCreated: report.rowsCreated + fact.created,
        rowsExisting: report.rowsExisting + fact.existing,
        rowsRefused: report.rowsRefused + fact.refused,
      };
    case "round_done":
      return {
        ...report,
        ...whileCollecting(fact.open ?? report.clockError ?? report.ledgerError),
        nextAttemptAt: undefined,
      };
    case "clock_compared":
      return { ...report, clockError: clockError(fact.ahead) };
    case "round_failed":
      return {
        ...report,
        health: healthOf(fact.error),
        message: fact.error.text,
        errorCode: fact.error.code,
        roundsFailed: report.roundsFailed + 1,
        nextAttemptAt: Number.isFinite(fact.nextAttemptAt) ? fact.nextAttemptAt : undefined,
      };
    case "ledger_refused":
      return { ...report, ledgerError: fact.error };
    case "ledger_usable":
      return { ...report, ledgerError: undefined };
    case "events_refused":
    case "kept_events_placed":
    case "listed":
    case "file_unusable":
    case "cursors_mended":
    case "file_opened":
    case "unknown_columns":
    case "replaced_characters":
    case "foreign_rows":
    case "no_hourly_files":
    case "reconciled":
    case "gap":
    case "window_done":
    case "window_failed":
    case "window_parked":
    case "window_halved":
    case "column_left_out":
    case "description_unusable":
    case "names_missing":
      return report;
  }
}

/** Collection goes on, with an error that concerns a part of it or none. */
function whileCollecting(error: RunnerError | undefined): Pick<StreamReport, "health" | "message" | "errorCode"> {
  return error === undefined
    ? { health: "healthy", message: "", errorCode: undefined }
    : { health: "degraded", message: error.text, errorCode: error.code };
}

/** What a wrong clock is told as; undefined for one that is right. */
export function clockError(ahead: number): RunnerError | undefined {
  if (ahead === 0) {
    return undefined;
  }
  const relation = ahead > 0 ? "ahead of" : "behind";
  return new RunnerError(
    "clock_off",
    `This machine's clock is ${formatDuration(Math.abs(ahead))} ${relation} Salesforce's; collection follows Salesforce's.`,
    { next: RETRY, cure: "Set it by a time server (NTP)." },
  );
}

function healthOf(error: RunnerError): Health {
  return error.fault === "configuration" ? "failed" : "degraded";
}
