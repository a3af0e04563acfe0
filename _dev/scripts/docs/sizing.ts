/** What events cost and take: the figures of the benches, and what is reckoned from them. Markdown. */
import { defaultCalls } from "./api_calls.ts";

/** Whoever measures anew changes them here alone. */
const MEASURED = {
  /** `npm run bench -- delivery`: the runner's processor time an event, its start counted too, and its memory at most. */
  delivery: {
    microseconds: 36,
    mebibytes: 141,
    files: "100,000 Login rows of 28 columns from four files into Elasticsearch",
  },
  /** `npm run bench -- pipelines`: the most of any data stream. */
  pipelineMicroseconds: 10,
  /** `npm run bench -- storage`: of the index modes, ours and in the fields of Elastic's own package, and as the events are sent. */
  storage: {
    events: 10_000,
    streams: {
      Logins: { sent: 1_527, logsdb: [101, 113], standard: [170, 191] },
      Apex: { sent: 1_212, logsdb: [113, 133], standard: [181, 205] },
      API: { sent: 1_306, logsdb: [107, 128], standard: [182, 204] },
    },
  },
  /** The same of the stream `login` for `--events 100000`. */
  manyLogins: {
    events: 100_000,
    logsdb: { ours: 80, withoutOrder: 95, theirs: 106, theirsInOrder: 94 },
    standard: { ours: 145, withoutOrder: 198, theirs: 180, theirsInOrder: 147 },
  },
} as const;

const STREAMS = Object.values(MEASURED.storage.streams);
const SENT = mean(STREAMS.map(({ sent }) => sent));
const LOGSDB = mean(STREAMS.map(({ logsdb }) => logsdb[0]));
const STANDARD = mean(STREAMS.map(({ standard }) => standard[0]));

export function sizingTable(): string {
  const calls = defaultCalls().toLocaleString("en");
  const rows = [100_000, 1_000_000, 10_000_000].map((events) =>
    [
      events < 1e6 ? events.toLocaleString("en") : `${events / 1e6} million`,
      `at most ${calls}`,
      time((events * MEASURED.delivery.microseconds) / 1e6),
      ...[SENT, LOGSDB, STANDARD].map((bytes) => size(events * bytes)),
    ].join(" | "),
  );
  return [
    "| Events a day | Calls a day (default) | Processor time of the runner | Sent to Elasticsearch | Index with logsdb, without replicas | Index in standard mode |",
    "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows.map((row) => `| ${row} |`),
  ].join("\n");
}

/** What the table is reckoned from. */
export function sizingSource(): string {
  const { microseconds, mebibytes, files } = MEASURED.delivery;
  return (
    `Reckoned from measured values: ${microseconds} µs of the runner's processor time an event and at most ${mebibytes} MiB of memory, for ${files}; ` +
    `${(SENT / 1_000).toFixed(1)} KB a document as it is sent, before compression; the bytes of the table below. Memory does not depend on the size of files. ` +
    `The ingest pipelines take at most ${MEASURED.pipelineMicroseconds} µs an event, without GeoIP, and two to four times that while a node that has just started still compiles them.`
  );
}

export function storageTable(): string {
  const both = ([ours, theirs]: readonly [number, number]) => `${ours} (${theirs})`;
  return [
    "| Events | logsdb | standard mode |",
    "| --- | ---: | ---: |",
    ...Object.entries(MEASURED.storage.streams).map(
      ([name, { logsdb, standard }]) => `| ${name} | ${both(logsdb)} | ${both(standard)} |`,
    ),
  ].join("\n");
}

export function storageEvents(): string {
  return MEASURED.storage.events.toLocaleString("en");
}

export function storageOrder(): string {
  const { events, logsdb, standard } = MEASURED.manyLogins;
  const both = (which: keyof typeof logsdb) => `${logsdb[which]} or ${standard[which]}`;
  return (
    `of ${events.toLocaleString("en")} logins one takes ${both("ours")} bytes, in logsdb or standard mode, and ${both("withoutOrder")} without that order; ` +
    `in the fields of Elastic's own package ${both("theirs")}, and ${both("theirsInOrder")} if that had the same order`
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** With two digits. */
function size(bytes: number): string {
  const [unit, name] = bytes < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  return `${Number((bytes / unit).toPrecision(2))} ${name}`;
}

function time(seconds: number): string {
  return seconds < 100 ? `${Number(seconds.toPrecision(2))} s` : `${Number((seconds / 60).toPrecision(2))} min`;
}
