import type { Body } from "../answer.ts";
import { DAY_MS, HOUR_MS } from "../datetime.ts";
import type { Interval } from "../log_file.ts";
import { APEX_TYPES } from "./apex_types.ts";
import { API_TYPES } from "./api_types.ts";
import { DATA_ACCESS_TYPES } from "./data_access_types.ts";
import type { EventType } from "./event_type.ts";
import { generatedBody, type RowSpan } from "./generated_body.ts";
import { type Incident, type IncidentRows, incidentRows } from "./incidents.ts";
import { LOGIN_TYPES } from "./login_types.ts";
import { OTHER_TYPES } from "./other_types.ts";
import { makeBank, type TemplateBank } from "./template_bank.ts";
import { makeWorld, type World } from "./world.ts";

/** The event types that traffic can be made for, by name. */
export const EVENT_TYPES: ReadonlyMap<string, EventType> = new Map(
  [...LOGIN_TYPES, ...APEX_TYPES, ...API_TYPES, ...DATA_ACCESS_TYPES, ...OTHER_TYPES].map(
    (type) => [type.name, type] as const,
  ),
);

/** Which rows a generated file holds. */
export interface GeneratedRows {
  readonly eventType: string;
  readonly interval: Interval;
  /** Start of the day or hour, milliseconds since the epoch. */
  readonly logDate: number;
  /** Rows that the day or hour has. Incidents come on top. */
  readonly rows: number;
  /** Share of each hour's rows that this file leaves out at the hour's end: 0.01 is one in a hundred. */
  readonly lacking: number;
  /** Share of the hour's rows that this file starts after, for a late second file of the hour. */
  readonly from: number;
  /** Rows at the end that repeat the first ones exactly. */
  readonly duplicates: number;
}

export interface GeneratedFile {
  readonly body: Body;
  readonly header: readonly string[];
  readonly rows: number;
}

/** Working hours of Europe with a share of nightly jobs: relative weight of each hour of the UTC day. */
const HOUR_WEIGHTS = [6, 8, 5, 5, 6, 9, 22, 48, 72, 80, 78, 70, 58, 74, 76, 70, 55, 34, 20, 14, 11, 9, 8, 7];
const ALL_WEIGHTS = HOUR_WEIGHTS.reduce((total, weight) => total + weight, 0);

/** The traffic of one org: rows are a function of seed, event type, hour and number, so every file can be made again at any time. */
export class Traffic {
  readonly world: World;
  readonly #incidents: readonly Incident[];
  readonly #banks = new Map<string, TemplateBank>();

  constructor(seed: string, orgId: string, incidents: readonly Incident[] = []) {
    this.world = makeWorld(seed, orgId);
    this.#incidents = incidents;
  }

  /** The file that holds the rows asked for. An hourly and a daily file over the same time share their rows byte by byte. */
  file(asked: GeneratedRows): GeneratedFile {
    const type = EVENT_TYPES.get(asked.eventType);
    if (type === undefined) {
      throw new Error(`no traffic for event type ${asked.eventType}; there is: ${[...EVENT_TYPES.keys()].join(", ")}`);
    }
    const start = asked.logDate - (asked.logDate % HOUR_MS);
    const spans: RowSpan[] = [];
    if (asked.interval === "Hourly") {
      spans.push(...this.#spansOf(type, start, asked.rows, asked));
    } else {
      for (let hour = start; hour < start + DAY_MS; hour += HOUR_MS) {
        spans.push(...this.#spansOf(type, hour, rowsOfHour(asked.rows, hour), asked));
      }
    }
    const duplicates = spans.slice(0, 1).map((span) => ({ ...span, count: Math.min(asked.duplicates, span.count) }));
    const all = [...spans, ...duplicates].filter(({ count }) => count > 0);
    return {
      body: generatedBody(type.header, all),
      header: type.header,
      rows: all.reduce((rows, { count }) => rows + count, 0),
    };
  }

  #spansOf(type: EventType, hour: number, count: number, { lacking, from }: GeneratedRows): RowSpan[] {
    const first = Math.ceil(count * from);
    const end = Math.ceil(count * (1 - lacking));
    const usual = { bank: this.#bank(type.name, type), hour, first, count: end - first, tag: TAGS[type.family] };
    const planted = this.#incidents
      .flatMap((incident) => incidentRows(incident).map((rows) => ({ ...rows, at: startOf(incident, rows) })))
      .filter(({ at, type: { name } }) => at >= hour && at < hour + HOUR_MS && name === type.name && from === 0)
      .map((rows) => ({
        bank: this.#bank(`${rows.key}/${rows.count}`, rows.type, rows.count),
        hour,
        first: 0,
        count: rows.count,
        tag: rows.tag,
      }));
    return [usual, ...planted];
  }

  #bank(key: string, type: EventType, requests?: number): TemplateBank {
    const bank = this.#banks.get(key) ?? makeBank(type, this.world, requests);
    this.#banks.set(key, bank);
    return bank;
  }
}

function startOf({ at }: Incident, { later = 0 }: IncidentRows): number {
  return at + later * HOUR_MS;
}

const TAGS: Readonly<Record<EventType["family"], string>> = {
  login: "kL",
  apex: "kA",
  api: "kR",
  data: "kD",
  incident: "kI",
};

/** The share of a day's rows that falls into the hour starting at `hour`; the 24 shares add up to the day. Weekends are not quieter. */
export function rowsOfHour(rowsPerDay: number, hour: number): number {
  const ofDay = (hour % DAY_MS) / HOUR_MS;
  const before = HOUR_WEIGHTS.slice(0, ofDay).reduce((total, weight) => total + weight, 0);
  const upTo = (weight: number) => Math.round((rowsPerDay * weight) / ALL_WEIGHTS);
  return upTo(before + (HOUR_WEIGHTS[ofDay] ?? 0)) - upTo(before);
}
