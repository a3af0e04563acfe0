import { fieldOf, type SObject, type SObjectRecord } from "./sobject.ts";
import { matcher, sorter } from "./soql_match.ts";
import type { AggregateFunction, Query, SelectItem } from "./soql_query.ts";

/** What a query found. `columns` are in the order of the SELECT list; a count has a size but no records. */
export interface Found {
  readonly size: number;
  readonly records: readonly SObjectRecord[];
  readonly columns: readonly string[];
  readonly aggregate: boolean;
}

/** Evaluates a checked query over all records of its object. Pure; relative dates are taken at `now`. */
export function evaluate(query: Query, type: SObject, records: readonly SObjectRecord[], now: number): Found {
  const matching = records.filter(matcher(query.where, type, now));
  if (query.select[0]?.kind === "count") {
    return { size: window(matching, query).length, records: [], columns: [], aggregate: false };
  }
  const aggregate = query.groupBy.length > 0 || query.select.some((item) => item.kind === "aggregate");
  if (aggregate) {
    const groups = grouped(query, type, matching);
    const found = window(groups.sort(sorter(query.orderBy)), query);
    return { size: found.length, records: found, columns: Object.keys(groups[0] ?? {}), aggregate };
  }
  const orderBy = query.orderBy.map((item) => ({
    ...item,
    field: { ...item.field, name: realName(type, item.field.name) },
  }));
  const found = window(orderBy.length === 0 ? matching : matching.sort(sorter(orderBy)), query);
  return {
    size: found.length,
    records: found,
    columns: query.select.flatMap((item) => columnsOf(item, type)),
    aggregate,
  };
}

function window<T>(rows: readonly T[], query: Query): readonly T[] {
  const end = query.limit === undefined ? undefined : query.offset + query.limit;
  return query.offset === 0 && end === undefined ? rows : rows.slice(query.offset, end);
}

function columnsOf(item: SelectItem, type: SObject): string[] {
  if (item.kind === "fields") {
    return type.fields.map((column) => column.name);
  }
  return item.kind === "field" ? [realName(type, item.field.name)] : [];
}

/** The name as the object writes it: `logdate` becomes `LogDate`. */
function realName(type: SObject, name: string): string {
  return fieldOf(type, name)?.name ?? name;
}

function grouped(query: Query, type: SObject, records: readonly SObjectRecord[]): SObjectRecord[] {
  const keys = query.groupBy.map((name) => realName(type, name.name));
  const groups = new Map<string, SObjectRecord[]>();
  for (const record of records) {
    const key = JSON.stringify(keys.map((column) => record[column] ?? null));
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [record]);
    } else {
      group.push(record);
    }
  }
  // Without GROUP BY there is one group, even of nothing.
  const all = keys.length === 0 && groups.size === 0 ? [[]] : [...groups.values()];
  return all.map((group) => groupRow(query, type, group));
}

function groupRow(query: Query, type: SObject, group: readonly SObjectRecord[]): SObjectRecord {
  const row: Record<string, SObjectRecord[string]> = {};
  let unnamed = 0;
  for (const item of query.select) {
    if (item.kind === "field") {
      const column = realName(type, item.field.name);
      row[column] = group[0]?.[column] ?? null;
    } else if (item.kind === "aggregate") {
      const values = group
        .map((record) => record[realName(type, item.field.name)] ?? null)
        .filter((cell) => cell !== null);
      row[item.alias ?? `expr${unnamed++}`] = aggregated(item.fn, values);
    }
  }
  return row;
}

function aggregated(fn: AggregateFunction, values: readonly (string | number | boolean)[]): SObjectRecord[string] {
  switch (fn) {
    case "COUNT":
      return values.length;
    case "COUNT_DISTINCT":
      return new Set(values).size;
    case "MIN":
      return values.reduce<SObjectRecord[string]>((best, cell) => (best === null || cell < best ? cell : best), null);
    case "MAX":
      return values.reduce<SObjectRecord[string]>((best, cell) => (best === null || cell > best ? cell : best), null);
    case "SUM":
      return values.length === 0 ? null : sum(values);
    case "AVG":
      return values.length === 0 ? null : sum(values) / values.length;
  }
}

function sum(values: readonly (string | number | boolean)[]): number {
  return values.reduce<number>((total, cell) => total + Number(cell), 0);
}
