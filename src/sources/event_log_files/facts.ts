import { isoDay, isoTime } from "../../core/clock.ts";
import type { RunnerError } from "../../core/errors.ts";
import { errorOf, type FactEvent, iso, type Meaning, type Meanings, type StreamReport } from "../fact.ts";
import type { FileFacts } from "./body.ts";
import { coverageAfterFile, coverageAfterListing } from "./coverage.ts";

/** What happens to the files of a stream. */
export type FileFact =
  | { readonly fact: "listed"; readonly files: readonly FileFacts[]; readonly open: readonly FileFacts[] }
  | { readonly fact: "file_opened"; readonly file: FileFacts; readonly skippedRows: number }
  | {
      readonly fact: "file_done";
      readonly file: FileFacts;
      readonly rows: number;
      readonly rejected: number;
      /** Time of the newest event among the rows that were read; undefined if there were none. */
      readonly newestEvent: number | undefined;
    }
  | FailedFile<"file_failed">
  /** It has failed so often that it is tried once a day from now on. */
  | FailedFile<"file_parked">
  /** A record of the listing that can't be a file. */
  | { readonly fact: "file_unusable"; readonly id: string; readonly reason: string }
  | { readonly fact: "file_gone"; readonly file: FileFacts }
  | { readonly fact: "row_rejected"; readonly file: FileFacts; readonly row: number; readonly reason: string }
  | { readonly fact: "replaced_characters"; readonly file: FileFacts; readonly count: number }
  /** Rows that name another org than the one that was asked. */
  | { readonly fact: "foreign_rows"; readonly file: FileFacts; readonly count: number }
  | { readonly fact: "no_hourly_files" }
  | {
      readonly fact: "reconciled";
      readonly file: FileFacts;
      /** Rows of the daily file. */
      readonly rows: number;
      /** Of these, the ones that no other file of its day had brought, without rejected ones. */
      readonly lacked: number;
    }
  /** Beginnings of the hours that a daily file has events of and no hourly file is about. */
  | { readonly fact: "gap"; readonly file: FileFacts; readonly hours: readonly number[] }
  | { readonly fact: "ledger_refused"; readonly error: RunnerError }
  | { readonly fact: "ledger_usable" };

type FailedFile<N> = {
  readonly fact: N;
  readonly file: FileFacts;
  readonly error: RunnerError;
  readonly attempt: number;
};

export const FILE_FACTS: Meanings<FileFact> = {
  listed: {
    line: ({ files, open }) => ({
      level: "debug",
      message: `${files.length} event log files listed, ${open.length} of them to read.`,
    }),
    coverage: (known, { files, open }) => coverageAfterListing(known, files, open),
    work: ({ open }) => ({ expected: open }),
  },
  file_opened: {
    line: ({ file, skippedRows }) =>
      skippedRows === 0
        ? { level: "debug", message: `Reading ${named(file)}.` }
        : { level: "info", message: `Going on with ${named(file)} behind row ${skippedRows}.` },
    begins: ({ file }) => file.id,
  },
  file_done: {
    line: ({ file, rows, rejected }) => ({
      level: "info",
      message: `${named(file)}: ${rows} rows${rejected === 0 ? "" : `, ${rejected} of them rejected`}.`,
    }),
    report: (report) => ({ ...report, filesDone: report.filesDone + 1 }),
    coverage: (known, { file, newestEvent }) => coverageAfterFile(known, file, newestEvent),
    work: ({ file, rows, rejected }) => ({ expected: [file], done: file.id, rows, rejected }),
    ends: ({ file }) => file.id,
    event: {
      code: "file_collected",
      of: ({ file, rows, rejected, newestEvent }, { now, begunAt }) => ({
        ...about(file),
        outcome: "success",
        start: begunAt,
        end: now,
        values: {
          event_type: file.eventType,
          bytes: file.length,
          rows: { read: rows, rejected },
          newest_event: iso(newestEvent),
          lag: {
            creation: file.created - file.logDate,
            collection: now - file.created,
            newest_event: newestEvent === undefined ? undefined : now - newestEvent,
          },
        },
      }),
    },
  },
  file_failed: {
    line: ({ error, attempt }) => ({
      level: "warn",
      message: `${error.text} It is tried again later (attempt ${attempt}); other files go on.`,
    }),
    ...afterFailure("file_failed"),
  },
  file_parked: {
    line: ({ file, error, attempt }) => ({
      level: "error",
      message: `${named(file)} could not be read in ${attempt} attempts. ${error.text} It is parked: tried once a day, and at once after "cursors --retry ${file.id}"; other files go on.`,
    }),
    ...afterFailure("file_parked"),
  },
  file_unusable: {
    line: ({ id, reason }) => ({
      level: "error",
      message: `Salesforce lists an event log file that can't be one (${id}): ${reason}. It is left out; the others go on.`,
    }),
    event: {
      code: "file_unusable",
      of: ({ id, reason }, { stream }) => ({ identity: [stream, id, reason], outcome: "failure" }),
    },
  },
  file_gone: {
    line: ({ file }) => ({
      level: "warn",
      message: `${named(file)} is no longer listed by Salesforce, which deleted it before it was read.`,
    }),
    report: (report) => ({ ...report, filesGone: report.filesGone + 1 }),
    coverage: (known, { file }) => coverageAfterFile(known, file, undefined),
    work: ({ file }) => ({ expected: [file], done: file.id }),
    ends: ({ file }) => file.id,
    event: { code: "file_gone", of: ({ file }) => ({ ...about(file), values: { event_type: file.eventType } }) },
  },
  row_rejected: {
    line: ({ file, row, reason }) => ({
      level: "warn",
      message: `Row ${row} of ${named(file)} is rejected: ${reason}.`,
    }),
    report: (report) => ({ ...report, rowsRejected: report.rowsRejected + 1 }),
  },
  replaced_characters: {
    line: ({ file, count }) => ({
      level: "warn",
      message: `${count} characters of ${named(file)} are no UTF-8 and were replaced.`,
    }),
    event: {
      code: "characters_replaced",
      of: ({ file, count }) => ({
        ...about(file),
        values: { event_type: file.eventType, replaced_characters: count },
      }),
    },
  },
  foreign_rows: {
    line: ({ file, count }) => ({
      level: "warn",
      message: `${count} rows of ${named(file)} name another org than this one; they are collected with its id under "unmapped".`,
    }),
    event: {
      code: "foreign_rows",
      of: ({ file, count }) => ({
        ...about(file),
        outcome: "failure",
        values: { event_type: file.eventType, rows: { foreign: count } },
      }),
    },
  },
  no_hourly_files: {
    line: () => ({ level: "warn", message: NO_HOURLY_FILES }),
    event: {
      code: "hourly_files_missing",
      of: (_, { stream, now }) => ({ identity: [stream, isoDay(now)] }),
    },
  },
  reconciled: {
    line: ({ file, rows, lacked }) => ({
      level: lacked === 0 ? "debug" : "info",
      message: `${named(file)}: ${lacked} of its ${rows} rows were in no other file of that day.`,
    }),
    event: {
      code: "reconciled",
      of: ({ file, rows, lacked }) => ({
        ...about(file),
        outcome: lacked === 0 ? "success" : "failure",
        values: { event_type: file.eventType, rows: { read: rows, lacked } },
      }),
    },
  },
  gap: {
    line: ({ file, hours }) => ({
      level: "warn",
      message: `${named(file)} has events of ${hours.length} hours without an hourly file: ${hours.map(hourOf).join(", ")}. They come late, with the daily file.`,
    }),
    event: {
      code: "gap",
      of: ({ file, hours }) => ({
        ...about(file),
        outcome: "failure",
        values: { event_type: file.eventType, gaps: hours.map(isoTime) },
      }),
    },
  },
  ledger_refused: {
    line: ({ error }) => ({ level: "warn", message: error.text }),
    report: (report, { error }) => ({ ...report, lackError: error }),
    event: {
      code: "reconciliation_suspended",
      of: ({ error }, { stream, now }) => ({ identity: [stream, now], outcome: "failure", error: errorOf(error) }),
    },
  },
  ledger_usable: {
    line: () => ({ level: "info", message: "Rows that hourly files have brought are left out of daily files again." }),
    report: (report) => ({ ...report, lackError: undefined }),
    event: { code: "reconciliation_resumed", of: (_, { stream, now }) => ({ identity: [stream, now] }) },
  },
};

/** Also what `check` says of such an org. */
export const NO_HOURLY_FILES =
  "This org makes no hourly event log files, so daily ones are collected. Hourly files need Event Monitoring and are switched on in Setup > Event Monitoring Settings.";

/** What a failed attempt means, however many there have been. */
function afterFailure<N extends string>(code: N): Omit<Meaning<FailedFile<N>>, "line"> {
  return {
    report: (report: StreamReport) => ({ ...report, filesFailed: report.filesFailed + 1 }),
    ends: ({ file }) => file.id,
    event: {
      code,
      of: ({ file, error, attempt }, { now }) => ({
        ...about(file, now),
        outcome: "failure",
        error: errorOf(error),
        values: { event_type: file.eventType, bytes: file.length, attempt },
      }),
    },
  };
}

/** Without a time there is one event for all attempts at the file. */
function about(file: FileFacts, ...time: readonly number[]): Pick<FactEvent, "identity" | "origin"> {
  return {
    identity: [file.id, file.length, file.created, ...time],
    origin: { provider: "EventLogFile", collection: fileCollection(file) },
  };
}

/** `salesforce.collection` of what concerns a file. */
export function fileCollection(file: Omit<FileFacts, "eventType" | "length">): Readonly<Record<string, unknown>> {
  return {
    interval: file.interval,
    file: {
      id: file.id,
      log_date: isoTime(file.logDate),
      created: isoTime(file.created),
      sequence: file.sequence,
    },
  };
}

function hourOf(time: number): string {
  return `${isoTime(time).slice(0, 13)}h`;
}

function named(file: FileFacts): string {
  const covers = isoTime(file.logDate).slice(0, file.interval === "daily" ? 10 : 13);
  return `${file.eventType} ${file.interval} file of ${covers}${file.interval === "daily" ? "" : "h"} (${file.id})`;
}
