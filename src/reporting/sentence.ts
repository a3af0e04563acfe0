import { formatDuration } from "../core/duration.ts";
import type { Fact, FileFacts } from "../core/fact.ts";
import type { LogLevel } from "../core/log.ts";
import { clockError } from "./report.ts";

/** A fact as a line of the log. Pure. */
export function sentence(fact: Fact, now: number): { readonly level: LogLevel; readonly message: string } {
  switch (fact.fact) {
    case "listed":
      return {
        level: "debug",
        message: `${fact.files.length} event log files listed, ${fact.open.length} of them to read.`,
      };
    case "file_opened":
      return fact.skippedRows === 0
        ? { level: "debug", message: `Reading ${named(fact.file)}.` }
        : { level: "info", message: `Going on with ${named(fact.file)} behind row ${fact.skippedRows}.` };
    case "file_done":
      return {
        level: "info",
        message: `${named(fact.file)}: ${fact.rows} rows${fact.rejected === 0 ? "" : `, ${fact.rejected} of them rejected`}.`,
      };
    case "file_failed":
      return {
        level: "warn",
        message: `${fact.error.text} It is tried again later (attempt ${fact.attempt}); other files go on.`,
      };
    case "file_parked":
      return {
        level: "error",
        message: `${named(fact.file)} could not be read in ${fact.attempt} attempts. ${fact.error.text} It is parked: tried once a day, and at once after "cursors --retry ${fact.file.id}"; other files go on.`,
      };
    case "window_failed":
      return {
        level: "warn",
        message: `${timesOf(fact)} could not be read (attempt ${fact.attempt}). ${fact.error.text} It is tried again later; other times go on.`,
      };
    case "window_parked":
      return {
        level: "error",
        message: `${timesOf(fact)} could not be read in ${fact.attempt} attempts. ${fact.error.text} It is parked: tried once a day, and at once after "cursors --retry ${fact.id}"; other times go on.`,
      };
    case "file_unusable":
      return {
        level: "error",
        message: `Salesforce lists an event log file that can't be one (${fact.id}): ${fact.reason}. It is left out; the others go on.`,
      };
    case "cursors_mended":
      return {
        level: "error",
        message: `Cursors could not be meant as they were, and were set anew: ${fact.keys.join(", ")}. What they stood for is read again.`,
      };
    case "clock_compared": {
      const error = clockError(fact.ahead);
      return error === undefined
        ? { level: "info", message: "This machine's clock agrees with Salesforce's again." }
        : { level: "warn", message: error.text };
    }
    case "file_gone":
      return {
        level: "warn",
        message: `${named(fact.file)} is no longer listed by Salesforce, which deleted it before it was read.`,
      };
    case "row_rejected":
      return { level: "warn", message: `Row ${fact.row} of ${named(fact.file)} is rejected: ${fact.reason}.` };
    case "unknown_columns":
      return {
        level: "info",
        message: `${fact.eventType} has columns that are not known yet: ${fact.columns.join(", ")}. They are kept under "unmapped".`,
      };
    case "replaced_characters":
      return {
        level: "warn",
        message: `${fact.count} characters of ${named(fact.file)} are no UTF-8 and were replaced.`,
      };
    case "foreign_rows":
      return {
        level: "warn",
        message: `${fact.count} rows of ${named(fact.file)} name another org than this one; they are collected with its id under "unmapped".`,
      };
    case "no_hourly_files":
      return {
        level: "warn",
        message:
          "This org makes no hourly event log files, so daily ones are collected. Hourly files need Event Monitoring and are switched on in Setup > Event Monitoring Settings.",
      };
    case "window_done":
      return {
        level: fact.records === 0 ? "debug" : "info",
        message: `${fact.object} up to ${new Date(fact.to).toISOString()}: ${fact.records} new records.`,
      };
    case "window_halved":
      return {
        level: "info",
        message: `${fact.error.text} Asking for ${formatDuration(fact.width)} of ${fact.object} at a time.`,
      };
    case "events_refused":
      return {
        level: "warn",
        message: `Elasticsearch refuses an event of ${fact.index} (${fact.reason}). It is kept whole with its reason, as all that it refuses: in a report of the collection, or in the data directory.`,
      };
    case "events_kept":
      return fact.events === 0
        ? { level: "info", message: "No more events are kept in the data directory." }
        : { level: fact.isNews ? "warn" : "debug", message: keptSentence(fact) };
    case "kept_events_placed":
      return { level: "info", message: `${fact.events} events that were kept are in Elasticsearch now.` };
    case "possibly_doubled":
      return {
        level: "warn",
        message: `${fact.events} events may be stored twice: their data stream was rolled over before they could be sent again, and the key may not read, so they could not be looked up. Give the key the privilege read on logs-* to have them looked up.`,
      };
    case "description_unusable":
      return {
        level: "warn",
        message: `${fact.error.text} Of ${fact.object}, the columns that are known are collected.`,
      };
    case "names_missing":
      return {
        level: "warn",
        message: `${fact.error.text} Until names can be had again, events have the ids alone.`,
      };
    case "column_left_out":
      return {
        level: "warn",
        message: `${fact.object} of this org has no ${fact.column}; its records are collected without it. The API version or the org's licences may lack it.`,
      };
    case "reconciled":
      return {
        level: fact.lacked === 0 ? "debug" : "info",
        message: `${named(fact.file)}: ${fact.lacked} of its ${fact.rows} rows were in no other file of that day.`,
      };
    case "gap":
      return {
        level: "warn",
        message: `${named(fact.file)} has events of ${fact.hours.length} hours without an hourly file: ${fact.hours.map(hourOf).join(", ")}. They come late, with the daily file.`,
      };
    case "ledger_refused":
      return { level: "warn", message: fact.error.text };
    case "ledger_usable":
      return { level: "info", message: "Rows that hourly files have brought are left out of daily files again." };
    case "delivered":
      return {
        level: "debug",
        message: `${fact.created} events stored, ${fact.existing} were there already, ${fact.refused} refused.`,
      };
    case "round_done":
      return fact.open === undefined
        ? { level: "debug", message: "Everything that is available has been delivered." }
        : { level: "debug", message: `Everything else that is available has been delivered. ${fact.open.text}` };
    case "round_failed":
      return {
        level: fact.error.fault === "configuration" ? "error" : "warn",
        message: Number.isFinite(fact.nextAttemptAt)
          ? `${fact.error.text} Next attempt in ${formatDuration(Math.max(0, fact.nextAttemptAt - now))}.`
          : fact.error.text,
      };
  }
}

function keptSentence({ events, reason, isReported }: Extract<Fact, { readonly fact: "events_kept" }>): string {
  const why = isReported
    ? "Elasticsearch takes neither them nor the reports of them"
    : "the policy has the data stream of the collection's reports switched off";
  return `${events} rejected rows or refused events are kept in the data directory, because ${why} (${reason}). aquila-salesforce cursors --kept shows them.`;
}

function timesOf({
  object,
  after,
  to,
}: {
  readonly object: string;
  readonly after: number;
  readonly to: number;
}): string {
  return `${object} of ${new Date(after).toISOString()} to ${new Date(to).toISOString()}`;
}

function hourOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 13)}h`;
}

function named(file: FileFacts): string {
  const covers = new Date(file.logDate).toISOString().slice(0, file.interval === "daily" ? 10 : 13);
  return `${file.eventType} ${file.interval} file of ${covers}${file.interval === "daily" ? "" : "h"} (${file.id})`;
}
