import { apiDatetime } from "./datetime.ts";
import { spanOf } from "./relative_dates.ts";
import { to15 } from "./salesforce_id.ts";
import { type FieldType, fieldOf, type SObject, type SObjectRecord } from "./sobject.ts";
import type { CompareOperator, Condition, Literal, OrderItem } from "./soql_query.ts";

type Cell = SObjectRecord[string];
type Test = (record: SObjectRecord) => boolean;

/** A checked WHERE clause as a test on records. Relative dates are taken at `now`. */
export function matcher(condition: Condition | undefined, type: SObject, now: number): Test {
  if (condition === undefined) {
    return () => true;
  }
  switch (condition.kind) {
    case "and": {
      const tests = condition.terms.map((term) => matcher(term, type, now));
      return (record) => tests.every((test) => test(record));
    }
    case "or": {
      const tests = condition.terms.map((term) => matcher(term, type, now));
      return (record) => tests.some((test) => test(record));
    }
    case "not": {
      const test = matcher(condition.term, type, now);
      return (record) => !test(record);
    }
    case "in": {
      const tests = condition.values.map((value) => comparison(condition.field.name, "=", value, type, now));
      return (record) => tests.some((test) => test(record)) !== condition.negated;
    }
    case "compare":
      return comparison(condition.field.name, condition.operator, condition.value, type, now);
  }
}

function comparison(name: string, operator: CompareOperator, value: Literal, type: SObject, now: number): Test {
  const column = fieldOf(type, name);
  if (column === undefined) {
    throw new Error(`${type.name} has no field ${name}: check the query first`);
  }
  const read: (record: SObjectRecord) => Cell = (record) => record[column.name] ?? null;
  if (operator === "LIKE") {
    const pattern = likePattern(value.kind === "string" ? value.text : "");
    return (record) => pattern.test(String(read(record) ?? ""));
  }
  if (value.kind === "relative") {
    const span = spanOf(value, now);
    const [from, to] = [apiDatetime(span.from), apiDatetime(span.to)];
    return (record) => withinSpan(read(record), operator, from, to);
  }
  const wanted = comparable(value, column.type);
  const normal = keyOf(column.type);
  return (record) => compare(normal(read(record)), operator, normal(wanted));
}

function comparable(value: Literal, type: string): Cell {
  switch (value.kind) {
    case "string":
      return value.text;
    case "number":
    case "boolean":
      return value.value;
    case "datetime":
    case "date":
      return apiDatetime(value.ms);
    default:
      // Salesforce keeps no empty texts: null and '' are one value.
      return type === "boolean" ? false : null;
  }
}

/** How cells of a type are made equal before they are compared. */
function keyOf(type: FieldType): (cell: Cell) => Cell {
  switch (type) {
    case "id":
    case "reference":
      return idKey;
    case "string":
    case "picklist":
      return textKey;
    default:
      return (cell) => cell;
  }
}

/** Ids of 15 and 18 characters name the same record; their letters' case counts. */
function idKey(cell: Cell): Cell {
  return typeof cell === "string" ? to15(cell) : cell;
}

/** SOQL compares texts without regard to case. */
function textKey(cell: Cell): Cell {
  return typeof cell === "string" ? cell.toLowerCase() || null : cell;
}

function compare(cell: Cell, operator: Exclude<CompareOperator, "LIKE">, wanted: Cell): boolean {
  if (operator === "=") {
    return cell === wanted;
  }
  if (operator === "!=") {
    return cell !== wanted;
  }
  if (cell === null || wanted === null) {
    return false;
  }
  return ordered(cell, operator, wanted);
}

function ordered(cell: NonNullable<Cell>, operator: "<" | "<=" | ">" | ">=", wanted: NonNullable<Cell>): boolean {
  switch (operator) {
    case "<":
      return cell < wanted;
    case "<=":
      return cell <= wanted;
    case ">":
      return cell > wanted;
    case ">=":
      return cell >= wanted;
  }
}

/** A span is equal to what lies in it, greater than what lies before it. */
function withinSpan(cell: Cell, operator: Exclude<CompareOperator, "LIKE">, from: string, to: string): boolean {
  if (typeof cell !== "string") {
    return operator === "!=";
  }
  switch (operator) {
    case "=":
      return cell >= from && cell < to;
    case "!=":
      return cell < from || cell >= to;
    case "<":
      return cell < from;
    case "<=":
      return cell < to;
    case ">":
      return cell >= to;
    case ">=":
      return cell >= from;
  }
}

function likePattern(pattern: string): RegExp {
  const source = pattern.replace(/\\[_%]|[%_]|[.*+?^${}()|[\]\\]/g, (part) => {
    if (part === "%") {
      return ".*";
    }
    if (part === "_") {
      return ".";
    }
    return part.length === 2 ? part.charAt(1) : `\\${part}`;
  });
  return new RegExp(`^${source}$`, "is");
}

/** An order of records for ORDER BY; records equal in every item keep their places. */
export function sorter(items: readonly OrderItem[]): (a: SObjectRecord, b: SObjectRecord) => number {
  return (a, b) => {
    for (const { field, descending, nulls } of items) {
      const [left, right] = [a[field.name] ?? null, b[field.name] ?? null];
      if (left === right) {
        continue;
      }
      if (left === null || right === null) {
        return (left === null) === (nulls === "first") ? -1 : 1;
      }
      return left < right === descending ? 1 : -1;
    }
    return 0;
  };
}
