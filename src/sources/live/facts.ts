import { formatDuration } from "../../core/duration.ts";
import type { RunnerError } from "../../core/errors.ts";
import { errorOf, iso, latest, type Meanings } from "../fact.ts";

/** What happens to the topic of a source. Times in milliseconds since the epoch. */
export type LiveFact =
  | {
      readonly fact: "topic_subscribed";
      readonly topic: string;
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
  /** Salesforce no longer knows where the events were left off: it has none of `after` to the oldest one that it keeps. */
  | {
      readonly fact: "replay_refused";
      readonly topic: string;
      readonly after: number | undefined;
      readonly to: number;
      readonly error: RunnerError;
    };

export const LIVE_FACTS: Meanings<LiveFact> = {
  topic_subscribed: {
    line: ({ topic, isResumed }) => ({
      level: "info",
      message: isResumed
        ? `Live events of ${topic} go on where they were left off.`
        : `Live events of ${topic} begin with the oldest one that Salesforce keeps.`,
    }),
    report: (report) => ({
      ...report,
      health: "healthy",
      message: "",
      errorCode: undefined,
      nextAttemptAt: undefined,
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
    work: ({ events }) => ({ rows: events }),
  },
  replay_refused: {
    line: ({ topic, after, error }) => ({
      level: "warn",
      message: `${error.text} Live events of ${topic} begin again with the oldest one that Salesforce keeps; what lies between ${iso(after) ?? "the last one"} and that is read from the stored object.`,
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
};
