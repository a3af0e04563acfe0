import { formatDuration } from "../core/duration.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import type { Meanings } from "./fact.ts";

/** What may happen to a source of any kind. */
export type SourceFact =
  /** Entries of the cursors that could not be meant, and were left out or set anew. */
  | { readonly fact: "cursors_mended"; readonly keys: readonly string[] }
  /** The org does not show the integration user an object or topic that not every org has. */
  | { readonly fact: "absent"; readonly name: string; readonly error: RunnerError }
  /** How far this machine's clock is ahead of Salesforce's, in milliseconds; 0 when it agrees again. */
  | { readonly fact: "clock_compared"; readonly ahead: number }
  | { readonly fact: "unknown_columns"; readonly eventType: string; readonly columns: readonly string[] };

export const SOURCE_FACTS: Meanings<SourceFact> = {
  cursors_mended: {
    line: ({ keys }) => ({
      level: "error",
      message: `Cursors could not be meant as they were, and were set anew: ${keys.join(", ")}. What they stood for is read again.`,
    }),
    event: {
      code: "cursors_mended",
      of: (_, { stream, source, now }) => ({ identity: [stream, source, now], outcome: "failure" }),
    },
  },
  absent: {
    line: ({ name, error }) => ({
      level: "info",
      message: `${name} is not collected, since not every org has it; it is asked for again a few times a day. ${error.text}`,
    }),
  },
  clock_compared: {
    line: ({ ahead }) => {
      const error = clockError(ahead);
      return error === undefined
        ? { level: "info", message: "This machine's clock agrees with Salesforce's again." }
        : { level: "warn", message: error.text };
    },
    report: (report, { ahead }) => ({ ...report, clockError: clockError(ahead) }),
    event: {
      code: "clock_compared",
      of: ({ ahead }, { stream, source, now, message }) => ({
        identity: [stream, source, now],
        outcome: ahead === 0 ? "success" : "failure",
        error: ahead === 0 ? undefined : { code: "clock_off", message },
      }),
    },
  },
  unknown_columns: {
    line: ({ eventType, columns }) => ({
      level: "info",
      message: `${eventType} has columns that are not known yet: ${columns.join(", ")}. They are kept under "unmapped".`,
    }),
    event: {
      code: "drift",
      of: ({ eventType, columns }, { stream }) => ({
        identity: [stream, eventType, ...columns],
        values: { event_type: eventType, columns },
      }),
    },
  },
};

/** What a wrong clock is told as; undefined for one that is right. */
function clockError(ahead: number): RunnerError | undefined {
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
