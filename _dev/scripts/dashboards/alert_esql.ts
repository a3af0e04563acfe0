/** The ES|QL of an alert's condition. Pure. */
import type { Aggregated, AlertCondition, Bound, Comparison, Is, Total } from "../../shared/kibana/alert_condition.ts";
import { datasetOf } from "./subject_query.ts";

/** Aggregations with a condition of their own (`COUNT(*) WHERE …`) need Elasticsearch 8.18 or newer. */
export function esqlOf({ stream, where, by, hourly, measures, having }: AlertCondition): string {
  const primary: Is[] = stream === "collector" ? [] : [{ field: "salesforce.collection.primary", is: [true] }];
  const conditions = [...primary, ...where].map(condition);
  const present = by.map((field) => `${field} IS NOT NULL`);
  const named = Object.entries(measures);
  const columns = named.flatMap(([name, one]) => (one.of === "total" ? [] : [`${name} = ${aggregate(one)}`]));
  const totals = named.flatMap(([name, one]) => (one.of === "total" ? [`${name} = ${total(one)}`] : []));
  const groups = [...by, ...(hourly === true ? ["hour = BUCKET(@timestamp, 1 hour)"] : [])];
  return [
    `FROM logs-${datasetOf(stream)}-*`,
    `| WHERE ${[...conditions, ...present].join(" AND ")}`,
    `| STATS ${columns.join(", ")} BY ${groups.join(", ")}`,
    ...(totals.length === 0 ? [] : [`| EVAL ${totals.join(", ")}`]),
    `| WHERE ${having.map(comparison).join(" AND ")}`,
    `| KEEP ${[...by, ...(hourly === true ? ["hour"] : []), ...Object.keys(measures)].join(", ")}`,
    `| LIMIT ${LIMIT}`,
  ].join("\n");
}

/** Alerts that one look may raise; more of one kind are one incident. */
const LIMIT = 100;

function condition({ field, is }: Is): string {
  const values = is.map((value) => (typeof value === "string" ? `"${value}"` : String(value)));
  return values.length === 1 ? `${field} == ${values[0]}` : `${field} IN (${values.join(", ")})`;
}

function total({ measures }: Total): string {
  return measures.map((name) => `COALESCE(${name}, 0)`).join(" + ");
}

function aggregate(measure: Aggregated): string {
  const { where = [], when } = measure;
  const call = measure.of === "count" ? "COUNT(*)" : `${FUNCTIONS[measure.of]}(${measure.field})`;
  const time = when === undefined ? [] : [`@timestamp ${when.is} ${bound(when)}`];
  const conditions = [...where.map(condition), ...time];
  return conditions.length === 0 ? call : `${call} WHERE ${conditions.join(" AND ")}`;
}

const FUNCTIONS = { unique_count: "COUNT_DISTINCT", sum: "SUM", min: "MIN", max: "MAX" } as const;

function comparison({ measure, is, than }: Comparison): string {
  return `${measure} ${is} ${bound(than)}`;
}

function bound(than: Bound): string {
  if (typeof than === "number") {
    return String(than);
  }
  if ("hoursAgo" in than) {
    return `NOW() - ${than.hoursAgo} hours`;
  }
  return than.times === 1 ? than.measure : `${than.times} * ${than.measure}`;
}
