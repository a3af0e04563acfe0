/** The answers to a layer's searches as the table that a visualization draws. Pure. */

import { type BucketColumn, type LensLayer, type MetricColumn, orderedColumns } from "../dashboards/lens_layer.ts";
import { bucketsOf, metricsOf } from "./lens_search.ts";

export type Cell = string | number | null;

/** Values by column id. Times are milliseconds since the epoch. */
export type TableRow = Readonly<Record<string, Cell>>;

/** The name of the group that holds what is in no other. */
export const OTHER = "Other";

/** Parts of Elasticsearch's answers that are read here. */
interface BucketAnswer {
  readonly key?: string | number;
  readonly key_as_string?: string;
  readonly doc_count: number;
  readonly [aggregation: string]: unknown;
}

interface Buckets {
  readonly buckets: readonly BucketAnswer[] | Readonly<Record<string, BucketAnswer>>;
}

/** Values of the outermost terms, for the search for the others. */
export function outermostValues(layer: LensLayer, answer: BucketAnswer): (string | number)[] {
  const [first] = bucketsOf(layer);
  return first === undefined ? [] : bucketList(answer[first[0]]).map(([, { key }]) => key ?? "");
}

/** The rows of the main search's answer; `other` is that of the second search, if there was one. */
export function tableRows(layer: LensLayer, answer: BucketAnswer, other?: BucketAnswer): TableRow[] {
  const buckets = bucketsOf(layer);
  const rows = rowsOf(layer, buckets, answer);
  const [first, ...inner] = buckets;
  if (other === undefined || other.doc_count === 0 || first === undefined) {
    return rows.map((row) => computed(layer, row));
  }
  const others = rowsOf(layer, inner, other).map((row) => ({ [first[0]]: OTHER, ...row }));
  return [...rows, ...others].map((row) => computed(layer, row));
}

/** Rows with the values of those columns that are of the time before, each from the row of the same groups. */
export function withBefore(layer: LensLayer, rows: readonly TableRow[], earlier: readonly TableRow[]): TableRow[] {
  const groups = bucketsOf(layer).map(([id]) => id);
  const shifted = metricsOf(layer).flatMap(([id, { timeShift }]) => (timeShift === undefined ? [] : [id]));
  const keyOf = (row: TableRow) => JSON.stringify(groups.map((id) => row[id]));
  const byKey = new Map(earlier.map((row) => [keyOf(row), row]));
  return rows.map((row) => {
    const same = byKey.get(keyOf(row));
    return { ...row, ...Object.fromEntries(shifted.map((id) => [id, same?.[id] ?? null])) };
  });
}

function rowsOf(layer: LensLayer, buckets: readonly [string, BucketColumn][], answer: BucketAnswer): TableRow[] {
  const [first, ...inner] = buckets;
  if (first === undefined) {
    return [Object.fromEntries(metricsOf(layer).map(([id, column]) => [id, metricValue(column, answer, id)]))];
  }
  const [id, column] = first;
  return bucketList(answer[id]).flatMap(([name, bucket]) =>
    rowsOf(layer, inner, bucket).map((row) => ({ [id]: keyOf(column, name, bucket), ...row })),
  );
}

function bucketList(aggregation: unknown): [string, BucketAnswer][] {
  const { buckets } = aggregation as Buckets;
  return Array.isArray(buckets) ? buckets.map((bucket: BucketAnswer) => ["", bucket]) : Object.entries(buckets);
}

function keyOf(column: BucketColumn, name: string, { key, key_as_string }: BucketAnswer): Cell {
  if (column.operationType === "filters") {
    return name;
  }
  return column.dataType === "boolean" ? (key_as_string ?? null) : (key ?? null);
}

function metricValue(column: MetricColumn, bucket: BucketAnswer, id: string): Cell {
  if (column.operationType === "count" && column.filter === undefined) {
    return bucket.doc_count;
  }
  const aggregation = bucket[id] as BucketAnswer;
  if (column.operationType === "count") {
    return aggregation.doc_count;
  }
  const value = (column.filter === undefined ? aggregation : aggregation.value) as Readonly<Record<string, unknown>>;
  switch (column.operationType) {
    case "median":
    case "percentile":
      return Object.values(value.values as Record<string, number | null>)[0] ?? null;
    case "last_value":
      return lastValue(value, column);
    default:
      return (value.value as number | null | undefined) ?? null;
  }
}

type FieldColumn = Extract<MetricColumn, { sourceField: string }>;

function lastValue(topHits: Readonly<Record<string, unknown>>, column: FieldColumn): Cell {
  const { hits } = topHits.hits as { hits: readonly { fields?: Readonly<Record<string, unknown[]>> }[] };
  const values = hits[0]?.fields?.[column.sourceField] ?? [];
  const [only] = values;
  if (values.length === 1 && column.dataType === "number") {
    return Number(only);
  }
  if (values.length === 1 && column.dataType === "date") {
    return Date.parse(String(only));
  }
  return values.length === 0 ? null : values.map(String).join(", ");
}

/** Adds the values of formulas, from those of the columns that they refer to. */
function computed(layer: LensLayer, row: TableRow): TableRow {
  const values: Record<string, Cell> = { ...row };
  const columns = orderedColumns(layer);
  for (const [id, column] of columns) {
    if (column.operationType === "math") {
      const [dividend, divisor] = column.params.tinymathAst.args.map((part) =>
        typeof part === "number" ? part : Number(values[part] ?? Number.NaN),
      );
      const quotient = (dividend ?? Number.NaN) / (divisor ?? Number.NaN);
      values[id] = Number.isFinite(quotient) ? quotient : null;
    }
  }
  for (const [id, column] of columns) {
    if (column.operationType === "formula") {
      values[id] = values[column.references[0]] ?? null;
    }
  }
  return values;
}
