/** What the demo says at its end: one screen of 40 lines and 100 columns at most. Pure. */
import type { Document, StreamContent } from "./demo_output.ts";
import { table } from "./table.ts";

export const SCREEN = { lines: 40, columns: 100 };

export interface Ending {
  /** What this run has brought. */
  readonly contents: readonly StreamContent[];
  /** Events that were delivered but had been stored before. */
  readonly existing: number;
  /** Newest events of this run. */
  readonly samples: readonly Document[];
  /** What this output lacks. */
  readonly lacking: readonly string[];
  /** A page that is served now, or a command line that shows it. */
  readonly dashboards: { readonly url: string } | { readonly command: string } | undefined;
  /** Command lines that find what has been collected. */
  readonly search: readonly string[];
  /** The demo's command line with its options, to which others can be added. */
  readonly command: string;
  /** Whether everything is shown. */
  readonly details: boolean;
}

export function lastWords(ending: Ending): string[] {
  const { contents, samples, details } = ending;
  const sample = samples.find(isOfLogin) ?? samples[0];
  return [
    ...summary(ending),
    ...(contents.length === 0 ? [] : ["", ...tableOf(contents, details)]),
    ...(sample === undefined ? [] : ["", ...shortEvent(sample)]),
    ...(details ? samples.flatMap((one) => ["", ...JSON.stringify(one, null, 2).split("\n")]) : []),
    ...lacks(ending),
    "",
    ...hints(ending),
  ];
}

function summary({ contents, existing, command }: Ending): string[] {
  const events = contents.reduce((sum, one) => sum + one.events, 0);
  if (events > 0) {
    const before = existing === 0 ? "" : ` ${number(existing)} were there already.`;
    return [`This run brought ${number(events)} events.${before}`];
  }
  return ["This run brought nothing new: all of it was collected before. To start anew:", `  ${command} --fresh`];
}

function tableOf(contents: readonly StreamContent[], details: boolean): string[] {
  const rows = contents.map(({ stream, events, oldest, newest, byCode }) => [
    stream,
    events,
    oldest.slice(0, 16),
    newest.slice(0, 16),
    byCode.map(([code, count]) => `${code} ${number(count)}`).join(", "),
  ]);
  const lines = table(["stream", "events", "oldest", "newest", "event types"], rows).trimEnd().split("\n");
  return details ? lines : lines.map(shortened);
}

function shortened(line: string): string {
  return line.length <= SCREEN.columns ? line : `${line.slice(0, SCREEN.columns - 1)}…`;
}

/** Fields that say who did what from where, as far as an event has them. */
const TELLING = [
  "event.code",
  "event.action",
  "event.outcome",
  "event.reason",
  "user.name",
  "user.full_name",
  "source.ip",
  "source.geo.country_name",
  "user_agent.name",
  "url.path",
  "organization.name",
  "error.message",
];
const LONGEST_EVENT = 8;

function shortEvent(event: Document): string[] {
  const found = TELLING.flatMap((path) => {
    const value = path.split(".").reduce<unknown>((inner, name) => (inner as Document | undefined)?.[name], event);
    return value === undefined || typeof value === "object" ? [] : [[path, String(value)] as const];
  });
  const rows = [["@timestamp", String(event["@timestamp"])] as const, ...found].slice(0, LONGEST_EVENT);
  const width = Math.max(...rows.map(([path]) => path.length)) + 2;
  return [
    "The newest of them:",
    ...rows.map(([path, value]) => shortened(`  ${path.padEnd(width)}${value.replaceAll(/\s+/g, " ")}`)),
  ];
}

function isOfLogin(event: Document): boolean {
  return (event.data_stream as { dataset?: unknown } | undefined)?.dataset === "aquila_salesforce.login";
}

function lacks({ lacking, details }: Ending): string[] {
  if (lacking.length === 0) {
    return [];
  }
  return [
    "",
    ...(details || lacking.length === 1
      ? lacking
      : [`This Elasticsearch is a small build: ${lacking.length} stand-ins take the place of what it lacks.`]),
  ];
}

function hints({ dashboards, search, command, details }: Ending): string[] {
  const shown =
    dashboards === undefined ? [] : ["Dashboards:", `  ${"url" in dashboards ? dashboards.url : dashboards.command}`];
  return [
    ...shown,
    "Search:",
    ...search.map((line) => `  ${line}`),
    ...(details ? [] : ["Whole events, and all there is to say:", `  ${command} --details`]),
    'Your own orgs: README.md, "Run it against your org".',
  ];
}

function number(value: number): string {
  return value.toLocaleString("en");
}
