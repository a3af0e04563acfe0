import { isoTime } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import type { RunnerError } from "../../core/errors.ts";
import { errorOf, latest, type Meaning, type Meanings } from "../fact.ts";

/** What happens to the windows of an object. Times in milliseconds since the epoch. */
export type ObjectFact =
  | {
      readonly fact: "window_done";
      readonly object: string;
      readonly after: number;
      readonly to: number;
      /** New ones; those that had been delivered before are not counted. */
      readonly records: number;
    }
  | FailedTime<"window_failed">
  /** It has failed so often that it is tried once a day from now on. */
  | FailedTime<"window_parked">
  | {
      readonly fact: "window_halved";
      readonly object: string;
      /** Milliseconds. */
      readonly width: number;
      readonly error: RunnerError;
    }
  /** Salesforce could not say what columns an object has, or refused a query for those that it had said. */
  | { readonly fact: "description_unusable"; readonly object: string; readonly error: RunnerError }
  | { readonly fact: "column_left_out"; readonly object: string; readonly column: string };

/** What is left of a window of time. */
type FailedTime<N> = {
  readonly fact: N;
  readonly object: string;
  /** What "cursors --retry" knows it by. */
  readonly id: string;
  readonly after: number;
  readonly to: number;
  readonly error: RunnerError;
  readonly attempt: number;
};

export const OBJECT_FACTS: Meanings<ObjectFact> = {
  window_done: {
    line: ({ object, to, records }) => ({
      level: records === 0 ? "debug" : "info",
      message: `${object} up to ${isoTime(to)}: ${records} new records.`,
    }),
    coverage: (known, { object, to }) =>
      new Map(known).set(object, {
        eventType: object,
        interval: undefined,
        listed: 0,
        open: new Map(),
        coveredUntil: latest([known.get(object)?.coveredUntil, to]),
        newestEvent: undefined,
        hours: new Set(),
      }),
    work: ({ records }) => ({ rows: records }),
  },
  window_failed: {
    line: (fact) => ({
      level: "warn",
      message: `${timesOf(fact)} could not be read (attempt ${fact.attempt}). ${fact.error.text} It is tried again later; other times go on.`,
    }),
    event: failureEvent("window_failed"),
  },
  window_parked: {
    line: (fact) => ({
      level: "error",
      message: `${timesOf(fact)} could not be read in ${fact.attempt} attempts. ${fact.error.text} It is parked: tried once a day, and at once after "cursors --retry ${fact.id}"; other times go on.`,
    }),
    event: failureEvent("window_parked"),
  },
  window_halved: {
    line: ({ object, width, error }) => ({
      level: "info",
      message: `${error.text} Asking for ${formatDuration(width)} of ${object} at a time.`,
    }),
    event: {
      code: "window_halved",
      of: ({ object, width, error }, { stream, now }) => ({
        identity: [stream, object, now],
        error: errorOf(error),
        values: { event_type: object, window: width },
      }),
    },
  },
  description_unusable: {
    line: ({ object, error }) => ({
      level: "warn",
      message: `${error.text} Of ${object}, the columns that are known are collected.`,
    }),
  },
  column_left_out: {
    line: ({ object, column }) => ({
      level: "warn",
      message: `${object} of this org has no ${column}; its records are collected without it. The API version or the org's licences may lack it.`,
    }),
    event: {
      code: "drift",
      of: ({ object, column }, { stream }) => ({
        identity: [stream, object, "left out", column],
        values: { event_type: object, columns: [column] },
      }),
    },
  },
};

function failureEvent<N extends string>(code: N): NonNullable<Meaning<FailedTime<N>>["event"]> {
  return {
    code,
    of: ({ object, id, after, to, error, attempt }, { stream, now }) => ({
      identity: [stream, id, now],
      outcome: "failure",
      start: after,
      end: to,
      error: errorOf(error),
      values: { event_type: object, attempt },
    }),
  };
}

function timesOf({ object, after, to }: Pick<FailedTime<string>, "object" | "after" | "to">): string {
  return `${object} of ${isoTime(after)} to ${isoTime(to)}`;
}
