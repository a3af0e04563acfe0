import type { RunnerError } from "./errors.ts";

/**
 * What happens to a stream, told as it happens: from it come the status, the progress display and the collector's events.
 * Times in milliseconds since the epoch.
 */
export type Fact =
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
  | { readonly fact: "file_failed"; readonly file: FileFacts; readonly error: RunnerError; readonly attempt: number }
  /** It has failed so often that it is tried once a day from now on. */
  | { readonly fact: "file_parked"; readonly file: FileFacts; readonly error: RunnerError; readonly attempt: number }
  /** A record of the listing that can't be a file. */
  | { readonly fact: "file_unusable"; readonly id: string; readonly reason: string }
  /** Entries of the cursors that could not be meant, and were left out or set anew. */
  | { readonly fact: "cursors_mended"; readonly keys: readonly string[] }
  /** How far this machine's clock is ahead of Salesforce's, in milliseconds; 0 when it agrees again. */
  | { readonly fact: "clock_compared"; readonly ahead: number }
  | { readonly fact: "file_gone"; readonly file: FileFacts }
  | { readonly fact: "row_rejected"; readonly file: FileFacts; readonly row: number; readonly reason: string }
  | { readonly fact: "unknown_columns"; readonly eventType: string; readonly columns: readonly string[] }
  | { readonly fact: "replaced_characters"; readonly file: FileFacts; readonly count: number }
  | {
      readonly fact: "foreign_rows";
      readonly file: FileFacts;
      /** Rows that name another org than the one that was asked. */
      readonly count: number;
    }
  | { readonly fact: "no_hourly_files" }
  | {
      readonly fact: "reconciled";
      readonly file: FileFacts;
      /** Rows of the daily file. */
      readonly rows: number;
      /** Of these, the ones that no other file of its day had brought, without rejected ones. */
      readonly lacked: number;
    }
  | {
      readonly fact: "gap";
      /** A daily file. */
      readonly file: FileFacts;
      /** Beginnings of the hours that it has events of and no hourly file is about. */
      readonly hours: readonly number[];
    }
  | { readonly fact: "ledger_refused"; readonly error: RunnerError }
  | { readonly fact: "ledger_usable" }
  | {
      readonly fact: "window_done";
      readonly object: string;
      readonly after: number;
      readonly to: number;
      /** New ones; those that had been delivered before are not counted. */
      readonly records: number;
    }
  /** What is left of a window of time; parked as a file is. */
  | {
      readonly fact: "window_failed" | "window_parked";
      readonly object: string;
      /** What "cursors --retry" knows it by. */
      readonly id: string;
      readonly after: number;
      readonly to: number;
      readonly error: RunnerError;
      readonly attempt: number;
    }
  | {
      readonly fact: "window_halved";
      readonly object: string;
      /** Milliseconds. */
      readonly width: number;
      readonly error: RunnerError;
    }
  /** Salesforce could not say what columns an object has, or refused a query for those that it had said. */
  | { readonly fact: "description_unusable"; readonly object: string; readonly error: RunnerError }
  /** Names of users or connected apps can't be had; events go with ids alone. */
  | { readonly fact: "names_missing"; readonly error: RunnerError }
  | { readonly fact: "column_left_out"; readonly object: string; readonly column: string }
  | { readonly fact: "delivered"; readonly created: number; readonly existing: number; readonly refused: number }
  /** Events that were sent again and landed in another backing index than before, with a key that may not look them up. */
  | { readonly fact: "possibly_doubled"; readonly events: number }
  /** The first event that Elasticsearch refuses for good; of further ones there is only the count. */
  | { readonly fact: "events_refused"; readonly index: string; readonly reason: string }
  | {
      readonly fact: "events_kept";
      /** All that are in the data directory now. */
      readonly events: number;
      /** Of the newest. */
      readonly reason: string;
      /** False where they are there because the policy has reports of them switched off. */
      readonly isReported: boolean;
      /** The first ones since the process was started, or since there were none. */
      readonly isNews: boolean;
    }
  /** Of what was kept, this has a place now. */
  | { readonly fact: "kept_events_placed"; readonly events: number }
  /** With `open`, a part of the round failed and will be tried again. */
  | { readonly fact: "round_done"; readonly open?: RunnerError | undefined }
  | { readonly fact: "round_failed"; readonly error: RunnerError; readonly nextAttemptAt: number };

export interface FileFacts {
  readonly id: string;
  readonly eventType: string;
  readonly interval: "hourly" | "daily";
  readonly sequence: number;
  readonly logDate: number;
  readonly created: number;
  /** Bytes. */
  readonly length: number;
}

export type Tell = (fact: Fact) => void;
