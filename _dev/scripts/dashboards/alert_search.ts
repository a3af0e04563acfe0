/** An alert's condition as a search of Elasticsearch without ES|QL, and what its answer finds. Pure. */
import type { Aggregated, AlertCondition, Bound, Is } from "../../shared/kibana/alert_condition.ts";
import { parseKql, searchOf } from "./kql.ts";
import type { Json } from "./lens_columns.ts";
import { datasetOf, PRIMARY } from "./subject_query.ts";

/** A group that raises an alert: its fields, then its measures. */
export type Finding = Readonly<Record<string, string | number | null>>;

/** Milliseconds since the epoch, `to` excluded. */
export interface AlertWindow {
  readonly from: number;
  readonly to: number;
}

const GROUPS = 10_000;

/** `now` is the moment of the check, milliseconds since the epoch. */
export function alertSearch(
  { stream, where, by, hourly, measures }: AlertCondition,
  window: AlertWindow,
  now: number = window.to,
): Json {
  const range = { gte: window.from, lt: window.to, format: "epoch_millis" };
  const primary = stream === "collector" ? [] : [searchOf(parseKql(PRIMARY))];
  const filter = [
    { term: { "data_stream.dataset": datasetOf(stream) } },
    ...primary,
    ...where.map(isSearch),
    { range: { "@timestamp": range } },
  ];
  const aggs = Object.entries(measures).flatMap(([name, measure]) =>
    measure.of === "total" ? [] : [[name, measureAggregation(measure, now)] as const],
  );
  const groups = by.map((field) => ({ [field]: { terms: { field } } }));
  const hours = { hour: { date_histogram: { field: "@timestamp", fixed_interval: "1h" } } };
  return {
    size: 0,
    query: { bool: { filter } },
    aggs: {
      groups: {
        composite: { size: GROUPS, sources: hourly === true ? [...groups, hours] : groups },
        aggs: Object.fromEntries(aggs),
      },
    },
  };
}

interface Group {
  readonly key: Readonly<Record<string, string | number>>;
  readonly [measure: string]: unknown;
}

/** The groups of an answer for which the condition holds at `now`, milliseconds since the epoch. */
export function findings({ measures, having }: AlertCondition, groups: readonly Group[], now: number): Finding[] {
  const rows = groups.map((group) => {
    const values = new Map<string, number | null>();
    for (const [name, measure] of Object.entries(measures)) {
      const value =
        measure.of === "total"
          ? measure.measures.reduce((sum, other) => sum + (values.get(other) ?? 0), 0)
          : measured(measure, group[name]);
      values.set(name, value);
    }
    return { ...group.key, ...Object.fromEntries(values) } as Finding;
  });
  return rows.filter((row) =>
    having.every(({ measure, is, than }) => {
      const [value, bound] = [row[measure], boundOf(than, row, now)];
      // Like ES|QL: what is compared with nothing is not found.
      if (typeof value !== "number" || bound === undefined) {
        return false;
      }
      return is === ">=" ? value >= bound : is === ">" ? value > bound : value < bound;
    }),
  );
}

function boundOf(than: Bound, row: Finding, now: number): number | undefined {
  if (typeof than === "number") {
    return than;
  }
  if ("hoursAgo" in than) {
    return now - than.hoursAgo * 3_600_000;
  }
  const other = row[than.measure];
  return typeof other === "number" ? than.times * other : undefined;
}

function isSearch({ field, is }: Is): Json {
  return { terms: { [field]: is } };
}

function measureAggregation(measure: Aggregated, now: number): Json {
  const { where = [], when } = measure;
  const conditions = [...where.map(isSearch), ...(when === undefined ? [] : [timeSearch(when, now)])];
  const filter = conditions.length === 0 ? { match_all: {} } : { bool: { filter: conditions } };
  if (measure.of === "count") {
    return { filter };
  }
  const kind = measure.of === "unique_count" ? "cardinality" : measure.of;
  return { filter, aggs: { value: { [kind]: { field: measure.field } } } };
}

function timeSearch({ is, hoursAgo }: { is: ">=" | "<"; hoursAgo: number }, now: number): Json {
  const moment = now - hoursAgo * 3_600_000;
  return { range: { "@timestamp": { [is === ">=" ? "gte" : "lt"]: moment, format: "epoch_millis" } } };
}

function measured({ of }: Aggregated, answer: unknown): number | null {
  const { doc_count, value } = answer as { doc_count: number; value?: { value: number | null } };
  if (of === "count") {
    return doc_count;
  }
  // The sum of no documents is nothing in ES|QL and 0 in an aggregation.
  return of === "sum" && doc_count === 0 ? null : (value?.value ?? null);
}
