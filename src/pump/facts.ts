import { formatDuration } from "../core/duration.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import { errorOf, type Health, iso, type Meanings, type StreamReport } from "../sources/fact.ts";

import type { Met } from "./met_events.ts";

/** What happens to the events of a source on their way, whatever its kind is. Times in milliseconds since the epoch. */
export type DeliveryFact =
  | { readonly fact: "delivered"; readonly created: number; readonly existing: number; readonly refused: number }
  /** Events of new parts that somebody else had sent, or with 0 `parts` that this is over. */
  | ({ readonly fact: "collected_twice" } & Met)
  /** Events that were sent again and landed in another backing index than before, with a key that may not look them up. */
  | { readonly fact: "possibly_doubled"; readonly events: number }
  /** The first event that Elasticsearch refuses for good; of further ones there is only the count. */
  | { readonly fact: "events_refused"; readonly index: string; readonly reason: string }
  | KeptFact
  /** Of what was kept, this has a place now. */
  | { readonly fact: "kept_events_placed"; readonly events: number }
  /** Names of users or connected apps can't be had; events go with ids alone. */
  | { readonly fact: "names_missing"; readonly error: RunnerError }
  /** With `open`, a part of the round failed and will be tried again. */
  | { readonly fact: "round_done"; readonly open?: RunnerError | undefined }
  | { readonly fact: "round_failed"; readonly error: RunnerError; readonly nextAttemptAt: number };

type KeptFact = {
  readonly fact: "events_kept";
  /** All that are in the data directory now. */
  readonly events: number;
  /** Of the newest. */
  readonly reason: string;
  /** False where they are there because the policy has reports of them switched off. */
  readonly isReported: boolean;
  /** The first ones since the process was started, or since there were none. */
  readonly isNews: boolean;
};

export const DELIVERY_FACTS: Meanings<DeliveryFact> = {
  delivered: {
    line: ({ created, existing, refused }) => ({
      level: "debug",
      message: `${created} events stored, ${existing} were there already, ${refused} refused.`,
    }),
    report: (report, { created, existing, refused }) => ({
      ...report,
      rowsCreated: report.rowsCreated + created,
      rowsExisting: report.rowsExisting + existing,
      rowsRefused: report.rowsRefused + refused,
    }),
  },
  collected_twice: {
    line: (met) => {
      const error = twiceError(met);
      return error === undefined
        ? { level: "info", message: "No other runner collects this org any more." }
        : { level: "error", message: error.text };
    },
    report: (report, met) => ({ ...report, twiceError: twiceError(met) }),
    event: {
      code: "collected_twice",
      of: (met, { stream, source, now, message }) => {
        const { parts, created, existing } = met;
        return {
          identity: [stream, source, now, parts],
          outcome: parts === 0 ? "success" : "failure",
          error: parts === 0 ? undefined : { code: "collected_twice", message },
          values: { rows: { created, existing } },
        };
      },
    },
  },
  possibly_doubled: {
    line: ({ events }) => ({
      level: "warn",
      message: `${events} events may be stored twice: they had to be sent again, may have been stored in an older backing index of their data stream before, and could not be looked up there, since the key may not read. Give the key the privilege read on logs-* to have them looked up.`,
    }),
    report: (report, { events }) => ({ ...report, rowsPossiblyDoubled: report.rowsPossiblyDoubled + events }),
    event: {
      code: "possibly_doubled",
      of: ({ events }, { stream, source, now }) => ({
        identity: [stream, source, now, events],
        outcome: "failure",
        values: { rows: { possibly_doubled: events } },
      }),
    },
  },
  events_refused: {
    line: ({ index, reason }) => ({
      level: "warn",
      message: `Elasticsearch refuses an event of ${index} (${reason}). It is kept whole with its reason, as all that it refuses: in a report of the collection, or in the data directory.`,
    }),
  },
  events_kept: {
    line: (fact) =>
      fact.events === 0
        ? { level: "info", message: "No more events are kept in the data directory." }
        : { level: fact.isNews ? "warn" : "debug", message: keptSentence(fact) },
    report: (report, { events }) => ({ ...report, eventsKept: events }),
  },
  kept_events_placed: {
    line: ({ events }) => ({ level: "info", message: `${events} events that were kept are in Elasticsearch now.` }),
  },
  names_missing: {
    line: ({ error }) => ({
      level: "warn",
      message: `${error.text} Until names can be had again, events have the ids alone.`,
    }),
  },
  round_done: {
    line: ({ open }) =>
      open === undefined
        ? { level: "debug", message: "Everything that is available has been delivered." }
        : { level: "debug", message: `Everything else that is available has been delivered. ${open.text}` },
    report: (report, { open }) => ({
      ...report,
      ...whileCollecting(open ?? report.twiceError ?? report.clockError ?? report.lackError),
      nextAttemptAt: undefined,
    }),
  },
  round_failed: {
    line: ({ error, nextAttemptAt }, now) => ({
      level: error.fault === "configuration" ? "error" : "warn",
      message: Number.isFinite(nextAttemptAt)
        ? `${error.text} Next attempt in ${formatDuration(Math.max(0, nextAttemptAt - now))}.`
        : error.text,
    }),
    report: (report, { error, nextAttemptAt }) => ({
      ...report,
      health: healthOf(error),
      message: error.text,
      errorCode: error.code,
      roundsFailed: report.roundsFailed + 1,
      nextAttemptAt: finite(nextAttemptAt),
      ...(report.connection === undefined ? {} : { connection: { ...report.connection, since: undefined } }),
    }),
    event: {
      code: "round_failed",
      of: ({ error, nextAttemptAt }, { stream, source, now }) => ({
        identity: [stream, source, now],
        outcome: "failure",
        error: errorOf(error),
        values: { next_attempt: iso(finite(nextAttemptAt)) },
      }),
    },
  },
};

function keptSentence({ events, reason, isReported }: KeptFact): string {
  const why = isReported
    ? "Elasticsearch takes neither them nor the reports of them"
    : "the policy has the data stream of the collection's reports switched off";
  return `${events} rejected rows or refused events are kept in the data directory, because ${why} (${reason}). aquila-salesforce cursors --kept shows them.`;
}

/** That another runner collects the same; undefined when that is over. */
export function twiceError({ parts, of }: Met): RunnerError | undefined {
  return parts === 0
    ? undefined
    : new RunnerError(
        "collected_twice",
        `Of the last ${of} new files, ${parts} were mostly in Elasticsearch before this runner sent them: another runner collects this org too.`,
        {
          next: RETRY,
          cure: "Let both share their state (state.store: elasticsearch), so that one at a time collects, or take one of them away.",
        },
      );
}

/** Collection goes on, with an error that concerns a part of it or none. */
function whileCollecting(error: RunnerError | undefined): Pick<StreamReport, "health" | "message" | "errorCode"> {
  return error === undefined
    ? { health: "healthy", message: "", errorCode: undefined }
    : { health: "degraded", message: error.text, errorCode: error.code };
}

function healthOf(error: RunnerError): Health {
  return error.fault === "configuration" ? "failed" : "degraded";
}

function finite(time: number): number | undefined {
  return Number.isFinite(time) ? time : undefined;
}
