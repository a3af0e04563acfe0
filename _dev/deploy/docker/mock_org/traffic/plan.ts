import { DAY_MS, HOUR_MS } from "../datetime.ts";
import type { Interval } from "../log_file.ts";
import type { IncidentKind } from "./incidents.ts";
import { type GeneratedRows, rowsOfHour } from "./traffic.ts";

/** The traffic that an org is to have. Times are ISO texts. */
export interface TrafficSpec {
  /** Rows a day of each event type. */
  readonly rowsPerDay: Readonly<Record<string, number>>;
  /** Whole days before the day of `until`. By default 1. */
  readonly days?: number;
  /** End of the traffic, by default now. Files of a later time show up as the org's clock reaches them. */
  readonly until?: string;
  /** Files that would be made after now are made now, so that everything can be read at once. */
  readonly madeByNow?: boolean;
  /** By default both where the org has hourly files, otherwise daily only. */
  readonly intervals?: readonly Interval[];
  /** Share of each hour's rows that only the daily file holds. */
  readonly lacking?: number;
  /** Share of each hour's rows that come in a second, late file (Sequence 2). */
  readonly late?: number;
  /** Rows of each file that occur twice in it. */
  readonly duplicates?: number;
  readonly incidents?: readonly { readonly kind: IncidentKind; readonly at: string }[];
  /** Records a day of objects whose records are events. */
  readonly recordsPerDay?: Readonly<Record<string, number>>;
  /** Another seed gives other people, addresses and rows. */
  readonly seed?: string;
}

export interface PlannedFile extends GeneratedRows {
  readonly sequence: number;
  /** Hours after its day's or hour's start at which the file is made. */
  readonly madeAfterHours: number;
}

const HOURLY_MADE_AFTER = 4;
const LATE_MADE_AFTER = 11;
const DAILY_MADE_AFTER = 27;

/** The time that a traffic is about: whole days before the one of `until`, and that day as far as it has come. */
export function timeOf(spec: TrafficSpec, now: number): { from: number; until: number } {
  const until = spec.until === undefined ? now : Date.parse(spec.until);
  if (Number.isNaN(until)) {
    throw new Error(`not an ISO time: ${spec.until}`);
  }
  return { from: until - (until % DAY_MS) - (spec.days ?? 1) * DAY_MS, until };
}

/** The files of a traffic: daily ones of whole days, hourly ones of whole hours, in the order of their time. Pure. */
export function plannedFiles(spec: TrafficSpec, now: number, hourlyFiles: boolean): PlannedFile[] {
  const { from, until } = timeOf(spec, now);
  const intervals = spec.intervals ?? (hourlyFiles ? ["Hourly", "Daily"] : ["Daily"]);
  const files: PlannedFile[] = [];
  for (let hour = from; hour < until; hour += HOUR_MS) {
    for (const [eventType, rowsPerDay] of Object.entries(spec.rowsPerDay)) {
      if (intervals.includes("Daily") && hour % DAY_MS === 0 && hour + DAY_MS <= until) {
        files.push(dailyFile(spec, eventType, hour, rowsPerDay));
      }
      if (intervals.includes("Hourly") && hour + HOUR_MS <= until) {
        files.push(...hourFiles(spec, eventType, hour, rowsPerDay));
      }
    }
  }
  return files;
}

function dailyFile({ duplicates = 0 }: TrafficSpec, eventType: string, logDate: number, rows: number): PlannedFile {
  const whole = { lacking: 0, from: 0, sequence: 0 };
  return { eventType, interval: "Daily", logDate, rows, duplicates, ...whole, madeAfterHours: DAILY_MADE_AFTER };
}

/** The file of an hour, and the late one with the rest of its rows where the traffic has such. */
function hourFiles(spec: TrafficSpec, eventType: string, logDate: number, rowsPerDay: number): PlannedFile[] {
  const { lacking = 0, late = 0, duplicates = 0 } = spec;
  const hour = { eventType, interval: "Hourly", logDate, rows: rowsOfHour(rowsPerDay, logDate) } as const;
  const punctual = { ...hour, duplicates, from: 0, sequence: 1, madeAfterHours: HOURLY_MADE_AFTER };
  if (late === 0) {
    return [{ ...punctual, lacking }];
  }
  const remainder = { duplicates: 0, from: 1 - late, lacking, sequence: 2, madeAfterHours: LATE_MADE_AFTER };
  return [
    { ...punctual, lacking: late },
    { ...hour, ...remainder },
  ];
}
