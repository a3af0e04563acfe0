import { formatDuration } from "../../core/duration.ts";
import type { RunnerError } from "../../core/errors.ts";
import { errorOf, iso, latest, type Meanings, type StreamReport } from "../fact.ts";

/** What happens to the topic of a source. Times in milliseconds since the epoch. */
export type LiveFact =
  | {
      readonly fact: "topic_subscribed";
      readonly topic: string;
      readonly at: number;
      /** Behind the last event that was delivered, and not at the oldest one that Salesforce keeps. */
      readonly isResumed: boolean;
    }
  /** Everything up to `at` has been delivered. */
  | {
      readonly fact: "topic_heard";
      readonly topic: string;
      readonly at: number;
      readonly events: number;
      /** Of these, when the newest happened. */
      readonly newest: number | undefined;
    }
  /** Salesforce no longer knows where the events were left off; the stored events of this time are read. */
  | (GapFact<"replay_refused"> & { readonly error: RunnerError })
  /** The stored events of such a time can't be read. */
  | (GapFact<"live_gap"> & { readonly error: RunnerError; readonly attempt: number })
  /** A single run has read what is stored of such a time by now; the newest may still appear. */
  | GapFact<"live_gap_left">
  | GapFact<"live_gap_closed">;

type GapFact<N> = { readonly fact: N; readonly topic: string; readonly after: number; readonly to: number };

export const LIVE_FACTS: Meanings<LiveFact> = {
  topic_subscribed: {
    line: ({ topic, isResumed }) => ({
      level: "info",
      message: isResumed
        ? `Live events of ${topic} go on where they were left off.`
        : `Live events of ${topic} begin with the oldest one that Salesforce keeps.`,
    }),
    report: (report, { at }) => ({
      ...report,
      ...whileConnected(report),
      nextAttemptAt: undefined,
      connection: { ...report.connection, since: at },
    }),
  },
  topic_heard: {
    line: ({ topic, at, events, newest }) => ({
      level: "debug",
      message:
        newest === undefined
          ? `${topic} up to ${iso(at)}: ${events} events.`
          : `${topic} up to ${iso(at)}: ${events} events, the newest ${formatDuration(Math.max(0, at - newest))} old.`,
    }),
    coverage: (known, { topic, at, newest }) =>
      new Map(known).set(topic, {
        eventType: topic,
        interval: undefined,
        listed: 0,
        open: new Map(),
        coveredUntil: latest([known.get(topic)?.coveredUntil, at]),
        newestEvent: latest([known.get(topic)?.newestEvent, newest]),
        hours: new Set(),
      }),
    report: (report, { at, newest }) => ({
      ...report,
      connection: {
        since: at,
        ...report.connection,
        lastHeard: at,
        ...(newest === undefined ? {} : { newestEvent: newest, lag: Math.max(0, at - newest) }),
      },
    }),
    work: ({ events }) => ({ rows: events }),
  },
  replay_refused: {
    line: ({ topic, after, error }) => ({
      level: "warn",
      message: `${error.text} Live events of ${topic} begin again with the oldest one that Salesforce keeps; those since ${iso(after)} are read from the stored object too.`,
    }),
    event: {
      code: "replay_refused",
      of: ({ topic, after, to, error }, { stream, now }) => ({
        identity: [stream, topic, now],
        outcome: "failure",
        start: after,
        end: to,
        error: errorOf(error),
        values: { event_type: topic },
      }),
    },
  },
  live_gap: {
    line: (fact) => ({
      level: "warn",
      message: `${timesOf(fact)} can't be read from the stored object (attempt ${fact.attempt}). ${fact.error.text} It is tried again ever more rarely; live events go on.`,
    }),
    report: (report, { error }) => {
      const lacking = { ...report, lackError: error };
      return { ...lacking, ...whileConnected(lacking) };
    },
    event: {
      code: "gap",
      of: ({ topic, after, to, error, attempt }, { stream }) => ({
        identity: [stream, topic, after, to],
        outcome: "failure",
        start: after,
        end: to,
        error: errorOf(error),
        values: { event_type: topic, attempt },
      }),
    },
  },
  live_gap_left: {
    line: (fact) => ({
      level: "info",
      message: `${timesOf(fact)} has been read from the stored object as far as it is there; the newest events may still appear, and the next run reads them.`,
    }),
  },
  live_gap_closed: {
    line: (fact) => ({ level: "info", message: `${timesOf(fact)} has been read from the stored object.` }),
    report: (report) => {
      const whole = { ...report, lackError: undefined };
      return { ...whole, ...whileConnected(whole) };
    },
    event: {
      code: "gap_closed",
      of: ({ topic, after, to }, { stream }) => ({
        identity: [stream, topic, "closed", after, to],
        outcome: "success",
        start: after,
        end: to,
        values: { event_type: topic },
      }),
    },
  },
};

/** Live events come, with what the source has to do without. */
function whileConnected({ lackError }: StreamReport): Pick<StreamReport, "health" | "message" | "errorCode"> {
  return lackError === undefined
    ? { health: "healthy", message: "", errorCode: undefined }
    : { health: "degraded", message: lackError.text, errorCode: lackError.code };
}

function timesOf({ topic, after, to }: Pick<GapFact<string>, "topic" | "after" | "to">): string {
  return `What ${topic} may have missed of ${iso(after)} to ${iso(to)}`;
}
