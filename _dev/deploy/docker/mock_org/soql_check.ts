import { Refusal } from "./answer.ts";
import { type Field, fieldOf, type SObject } from "./sobject.ts";
import type { Condition, Literal, Name, Query, SelectItem } from "./soql_query.ts";
import { malformed, pointingAt } from "./soql_tokens.ts";

/** FIELDS(ALL) and FIELDS(CUSTOM) are bounded; Salesforce allows at most this many rows. */
const FIELDS_ALL_LIMIT = 200;

/**
 * Refuses what Salesforce refuses once it knows the object: unknown columns, columns that can't be filtered, sorted or grouped, values
 * of the wrong type, plain columns beside aggregates. Answers normally otherwise.
 */
export function checkQuery(query: Query, type: SObject): void {
  for (const item of query.select) {
    checkSelected(item, query, type);
  }
  if (query.where !== undefined) {
    checkCondition(query.where, query, type);
  }
  for (const name of query.groupBy) {
    mustBe(columnOf(name, query, type), "groupable", "grouped", name, query);
  }
  for (const { field } of query.orderBy) {
    const isAlias = query.select.some((item) => item.kind === "aggregate" && item.alias === field.name);
    if (!isAlias) {
      mustBe(columnOf(field, query, type), "sortable", "sorted", field, query);
    }
  }
}

function checkSelected(item: SelectItem, query: Query, type: SObject): void {
  switch (item.kind) {
    case "count":
      if (query.select.length > 1) {
        throw malformed(query.soql, 0, "COUNT() must be the only element in the SELECT list");
      }
      return;
    case "fields":
      if (type.bigObject) {
        throw malformed(query.soql, item.at, "The SOQL FIELDS function is not supported for big objects.");
      }
      if (item.group !== "STANDARD" && (query.limit === undefined || query.limit > FIELDS_ALL_LIMIT)) {
        throw malformed(query.soql, item.at, "The SOQL FIELDS function must have a LIMIT of at most 200");
      }
      return;
    case "aggregate":
      columnOf(item.field, query, type);
      return;
    case "field": {
      const column = columnOf(item.field, query, type);
      const aggregated = query.groupBy.length > 0 || query.select.some((each) => each.kind === "aggregate");
      const grouped = query.groupBy.some((name) => name.name.toLowerCase() === column.name.toLowerCase());
      if (aggregated && !grouped) {
        throw malformed(query.soql, item.field.at, `Field must be grouped or aggregated: ${column.name}`);
      }
    }
  }
}

function checkCondition(condition: Condition, query: Query, type: SObject): void {
  switch (condition.kind) {
    case "and":
    case "or":
      for (const term of condition.terms) {
        checkCondition(term, query, type);
      }
      return;
    case "not":
      checkCondition(condition.term, query, type);
      return;
    case "in":
      for (const value of condition.values) {
        checkValue(filterable(condition.field, query, type), value, query);
      }
      return;
    case "compare": {
      const column = filterable(condition.field, query, type);
      if (condition.operator === "LIKE" && !TEXT_TYPES.has(column.type)) {
        throw invalidField(query, condition.field.at, `invalid operator on ${column.type} field`);
      }
      checkValue(column, condition.value, query);
    }
  }
}

const TEXT_TYPES: ReadonlySet<string> = new Set(["string", "picklist", "textarea"]);

/** The kinds of literal that a column of each type is compared with, and how Salesforce names the right one. */
const ACCEPTED: Readonly<
  Record<Field["type"], { readonly kinds: readonly Literal["kind"][]; readonly expected: string }>
> = {
  id: { kinds: ["string"], expected: "type ID and should be enclosed in quotes" },
  reference: { kinds: ["string"], expected: "type reference and should be enclosed in quotes" },
  string: { kinds: ["string"], expected: "type string and should be enclosed in quotes" },
  picklist: { kinds: ["string"], expected: "type string and should be enclosed in quotes" },
  textarea: { kinds: ["string"], expected: "type string and should be enclosed in quotes" },
  address: { kinds: ["string"], expected: "type string and should be enclosed in quotes" },
  base64: { kinds: ["string"], expected: "type string and should be enclosed in quotes" },
  int: { kinds: ["number"], expected: "type int and should not be enclosed in quotes" },
  double: { kinds: ["number"], expected: "type double and should not be enclosed in quotes" },
  boolean: { kinds: ["boolean"], expected: "type boolean and should not be enclosed in quotes" },
  datetime: { kinds: ["datetime", "relative"], expected: "type dateTime and should not be enclosed in quotes" },
};

function checkValue(column: Field, value: Literal, query: Query): void {
  const { kinds, expected } = ACCEPTED[column.type];
  if (value.kind !== "null" && !kinds.includes(value.kind)) {
    const reason = `value of filter criterion for field '${column.name}' must be of ${expected}`;
    throw invalidField(query, value.at, reason);
  }
  if (column.type === "id" && value.kind === "string" && !/^[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?$/.test(value.text)) {
    const reason = `invalid ID field: ${value.text}`;
    throw new Refusal(400, "INVALID_QUERY_FILTER_OPERATOR", pointingAt(query.soql, value.at, reason));
  }
}

function filterable(name: Name, query: Query, type: SObject): Field {
  return mustBe(columnOf(name, query, type), "filterable", "filtered", name, query);
}

function mustBe(
  column: Field,
  property: "filterable" | "sortable" | "groupable",
  verb: string,
  name: Name,
  query: Query,
): Field {
  if (!column[property]) {
    throw invalidField(query, name.at, `field '${column.name}' can not be ${verb} in a query call`);
  }
  return column;
}

function columnOf(name: Name, query: Query, type: SObject): Field {
  const column = fieldOf(type, name.name);
  if (column === undefined && name.name.includes(".")) {
    const relationship = name.name.slice(0, name.name.indexOf("."));
    throw invalidField(query, name.at, `Didn't understand relationship '${relationship}' in field path.`);
  }
  if (column === undefined) {
    const reason =
      `No such column '${name.name}' on entity '${type.name}'. If you are attempting to use a custom field, be sure to append the ` +
      "'__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.";
    throw invalidField(query, name.at, reason);
  }
  return column;
}

function invalidField(query: Query, at: number, reason: string): Refusal {
  return new Refusal(400, "INVALID_FIELD", pointingAt(query.soql, at, reason));
}

/** The refusal of an object that does not exist, or not for this user. */
export function unsupportedObject(query: Query): Refusal {
  const reason =
    `sObject type '${query.from.name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' ` +
    "after the entity name. Please reference your WSDL or the describe call for the appropriate names.";
  return new Refusal(400, "INVALID_TYPE", pointingAt(query.soql, query.from.at, reason));
}
