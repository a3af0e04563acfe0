import { Refusal } from "./answer.ts";
import { fieldOf, type SObject } from "./sobject.ts";
import type { Condition, Query } from "./soql_query.ts";

type Comparison = Extract<Condition, { kind: "compare" }>;

/** Characters of a field that a record of a big object can answer. */
const LONGEST_TEXT = 32_000;

/**
 * Refuses what the big objects of Real-Time Event Monitoring refuse: anything but WHERE over their index (EventDate, then
 * EventIdentifier), ORDER BY EventDate DESC and LIMIT. Within WHERE: AND only, no !=, LIKE, NOT; a filter on EventIdentifier needs
 * `EventDate =` before it.
 * Source: platform events guide, "Standard SOQL Usage" of LoginEvent, LogoutEvent, LoginAsEvent and ApiEvent.
 */
export function checkBigObjectQuery(query: Query, type: SObject): void {
  if (query.select.some((item) => item.kind === "count" || item.kind === "aggregate") || query.groupBy.length > 0) {
    throw unsupported("Aggregate functions not supported");
  }
  for (const item of query.select) {
    const column = item.kind === "field" ? fieldOf(type, item.field.name) : undefined;
    if (column !== undefined && (column.type === "address" || column.length > LONGEST_TEXT)) {
      throw unsupported(`Field ${column.name} can't be selected in a query of ${type.name}`);
    }
  }
  if (query.offset > 0) {
    throw unsupported("OFFSET not supported");
  }
  for (const { field, descending } of query.orderBy) {
    if (field.name.toLowerCase() !== "eventdate" || !descending) {
      throw unsupported(`${type.name} can only be sorted by EventDate in descending order`);
    }
  }
  if (query.where !== undefined) {
    checkIndexFilters(comparisons(query.where));
  }
}

/** The comparisons of a WHERE clause that joins them by AND only. */
function comparisons(condition: Condition): Comparison[] {
  switch (condition.kind) {
    case "and":
      return condition.terms.flatMap(comparisons);
    case "compare":
      if (condition.operator === "!=" || condition.operator === "LIKE") {
        throw unsupported(`Operator ${condition.operator} is not supported in filters on big objects`);
      }
      return [condition];
    case "or":
      throw unsupported("OR is not supported in filters on big objects");
    case "not":
      throw unsupported("NOT is not supported in filters on big objects");
    case "in":
      throw unsupported("IN is not supported in filters on big objects");
  }
}

function checkIndexFilters(filters: readonly Comparison[]): void {
  const on = (name: string) => filters.filter(({ field }) => field.name.toLowerCase() === name);
  const dates = on("eventdate");
  const identifiers = on("eventidentifier");
  if (identifiers.length > 0 && dates.length === 0) {
    throw unsupported("Filters may not have any gaps within the composite key");
  }
  if (identifiers.length > 0 && dates.some(({ operator }) => operator !== "=")) {
    throw unsupported("Range filters are only supported on the last filtered field of the composite key");
  }
  if (dates.some(({ value }) => value.kind === "null")) {
    throw unsupported("Filters may not be null");
  }
}

function unsupported(reason: string): Refusal {
  return new Refusal(400, "BIG_OBJECT_UNSUPPORTED_OPERATION", reason);
}
