/** The Elasticsearch searches that Kibana sends for a Lens layer. Pure. */
import { parseKql, type Search, searchOf } from "../dashboards/kql.ts";
import {
  type BucketColumn,
  isBucket,
  isMetric,
  type LensLayer,
  type MetricColumn,
  orderedColumns,
} from "../dashboards/lens_layer.ts";
import { autoInterval, type TimeRange } from "./time_range.ts";

export type Aggregation = Readonly<Record<string, unknown>>;
export type Aggregations = Readonly<Record<string, Aggregation>>;

export interface SearchBody {
  readonly query: Search;
  readonly aggs: Aggregations;
  readonly size: 0;
  readonly track_total_hits: true;
}

/** Documents in the time range that meet every one of the conditions. */
export function filteredQuery(conditions: readonly Search[], time: TimeRange): Search {
  const range = { gte: time.from, lte: time.to, format: "epoch_millis" };
  return { bool: { filter: [...conditions, { range: { "@timestamp": range } }] } };
}

export function kqlQuery(kql: string): Search {
  return searchOf(parseKql(kql));
}

/** The same table of the time as long that ends where the chosen one begins; undefined where no column is of it. */
export function searchBefore(layer: LensLayer, conditions: readonly Search[], time: TimeRange): SearchBody | undefined {
  return metricsOf(layer).some(([, { timeShift }]) => timeShift === "previous")
    ? layerSearch(layer, conditions, { from: time.from - (time.to - time.from), to: time.from })
    : undefined;
}

/** The main search of a layer: buckets inside each other in the order of the columns, measures inside the last. */
export function layerSearch(layer: LensLayer, conditions: readonly Search[], time: TimeRange): SearchBody {
  const query = filteredQuery(conditions, time);
  return { query, aggs: nested(bucketsOf(layer), layer, time), size: 0, track_total_hits: true };
}

/**
 * The second search, for the group "Other" of the outermost buckets: everything that has the field and none of the values that
 * the first search found. Undefined where the layer has no such group.
 */
export function otherSearch(
  layer: LensLayer,
  conditions: readonly Search[],
  time: TimeRange,
  values: readonly (string | number)[],
): SearchBody | undefined {
  const [outermost, ...inner] = bucketsOf(layer);
  if (inner.some(([, column]) => column.operationType === "terms" && column.params.otherBucket)) {
    throw new Error("the group Other is made for the outermost buckets only");
  }
  const column = outermost?.[1];
  if (column?.operationType !== "terms" || !column.params.otherBucket) {
    return undefined;
  }
  const { sourceField: field } = column;
  const rest: Search = { bool: { filter: [{ exists: { field } }], must_not: [{ terms: { [field]: [...values] } }] } };
  const query = filteredQuery([...conditions, rest], time);
  return { query, aggs: nested(inner, layer, time), size: 0, track_total_hits: true };
}

export function bucketsOf(layer: LensLayer): [string, BucketColumn][] {
  return orderedColumns(layer).filter((entry): entry is [string, BucketColumn] => isBucket(entry[1]));
}

export function metricsOf(layer: LensLayer): [string, MetricColumn][] {
  return orderedColumns(layer).filter((entry): entry is [string, MetricColumn] => isMetric(entry[1]));
}

function nested(buckets: readonly [string, BucketColumn][], layer: LensLayer, time: TimeRange): Aggregations {
  const [first, ...others] = buckets;
  if (first === undefined) {
    return Object.fromEntries(metricsOf(layer).map(([id, column]) => [id, metricAggregation(column)]));
  }
  const [id, column] = first;
  const aggs = nested(others, layer, time);
  switch (column.operationType) {
    case "date_histogram": {
      const { aggregation } = autoInterval(time);
      const bounds = column.params.includeEmptyRows
        ? { min_doc_count: 0, extended_bounds: { min: time.from, max: time.to } }
        : { min_doc_count: 1 };
      const histogram = { field: column.sourceField, time_zone: "UTC", ...aggregation, ...bounds };
      return { [id]: { date_histogram: histogram, aggs } };
    }
    case "filters": {
      const filters = column.params.filters.map(({ label, input }) => [label, kqlQuery(input.query)] as const);
      return { [id]: { filters: { filters: Object.fromEntries(filters) }, aggs } };
    }
    case "terms": {
      const { size, orderBy, orderDirection } = column.params;
      const ranking = orderBy.type === "column" ? rankingOf(layer, orderBy.columnId) : { path: "_key", aggs: {} };
      const terms = {
        field: column.sourceField,
        size,
        order: { [ranking.path]: orderDirection },
        shard_size: Math.max(25, size * 2),
      };
      return { [id]: { terms, aggs: { ...aggs, ...ranking.aggs } } };
    }
  }
}

/** What terms are ordered by: the path of a measure, and the aggregation that the path needs beside the terms' own. */
function rankingOf(layer: LensLayer, columnId: string): { path: string; aggs: Aggregations } {
  const column = layer.columns[columnId];
  if (column === undefined || !isMetric(column)) {
    throw new Error(`terms can't be ordered by column ${columnId}`);
  }
  const filtered = column.filter !== undefined;
  if (column.operationType === "count") {
    return filtered
      ? { path: columnId, aggs: { [columnId]: metricAggregation(column) } }
      : { path: "_count", aggs: {} };
  }
  const percent = percentOf(column);
  const path = `${columnId}${filtered ? ">value" : ""}${percent === undefined ? "" : `.${percent}`}`;
  return { path, aggs: { [columnId]: metricAggregation(column) } };
}

/** The percentile that a column asks for, if it does. */
function percentOf(column: MetricColumn): number | undefined {
  if (column.operationType === "percentile") {
    return column.params.percentile;
  }
  return column.operationType === "median" ? 50 : undefined;
}

function metricAggregation(column: MetricColumn): Aggregation {
  const filter = column.filter === undefined ? { match_all: {} } : kqlQuery(column.filter.query);
  if (column.operationType === "count") {
    return { filter };
  }
  const value = fieldAggregation(column);
  return column.filter === undefined ? value : { filter, aggs: { value } };
}

function fieldAggregation(column: Exclude<MetricColumn, { operationType: "count" }>): Aggregation {
  const { sourceField: field } = column;
  switch (column.operationType) {
    case "unique_count":
      return { cardinality: { field } };
    case "sum":
      return { sum: { field } };
    case "average":
      return { avg: { field } };
    case "min":
      return { min: { field } };
    case "max":
      return { max: { field } };
    case "median":
    case "percentile":
      return { percentiles: { field, percents: [percentOf(column)] } };
    case "last_value": {
      const sort = [{ "@timestamp": { order: "desc" as const } }];
      return { top_hits: { size: 1, sort, fields: [{ field }], _source: false } };
    }
  }
}
