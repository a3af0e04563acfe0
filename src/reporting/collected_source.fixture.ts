/** A stream's event log files, two of them, and an error, for tests of what is reported of them. */
import { RETRY, RunnerError } from "../core/errors.ts";
import type { Stream } from "../policy/policy.ts";
import type { FileFacts } from "../sources/event_log_files/body.ts";
import type { CollectedSource } from "./collector_event.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = Date.UTC(2026, 6, 20);
export const NOW = DAY + 12 * HOUR;

const stream: Stream = {
  id: "login-1",
  dataStream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "sales" },
  sources: {},
  tags: ["crown-jewels"],
  preserveOriginalEvent: false,
  processors: [],
};
export const source: CollectedSource = { stream, name: "EventLogFile" };
export const file: FileFacts = {
  id: "0AT1",
  eventType: "Login",
  interval: "hourly",
  sequence: 1,
  logDate: DAY + 8 * HOUR,
  created: DAY + 11 * HOUR,
  length: 900,
};
export const daily: FileFacts = { ...file, id: "0ATd", interval: "daily", sequence: 0, logDate: DAY - 24 * HOUR };
export const lost = new RunnerError("connection_lost", "The connection was lost.", { next: RETRY, cure: "It heals." });
