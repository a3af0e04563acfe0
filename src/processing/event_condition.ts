import { isIP } from "node:net";
import { addressesOf, type Condition, type Range } from "./conditions.ts";
import { type EventDocument, fieldAt } from "./event_document.ts";
import { regularExpression } from "./regular_expression.ts";

export type Predicate = (document: EventDocument) => boolean;

/** A condition made ready for many events. A list in a field fits if one of its values does. */
export function predicateOf(condition: Condition): Predicate {
  switch (condition.is) {
    case "and":
    case "or": {
      const predicates = condition.conditions.map(predicateOf);
      return condition.is === "and"
        ? (document) => predicates.every((holds) => holds(document))
        : (document) => predicates.some((holds) => holds(document));
    }
    case "not": {
      const holds = predicateOf(condition.condition);
      return (document) => !holds(document);
    }
    case "has_fields":
      return (document) => condition.fields.every((name) => fieldAt(document, name) !== undefined);
    case "equals":
      return each(condition.fields, (wanted) => (value) => value === wanted);
    case "contains":
      return each(condition.fields, (wanted) => (value) => typeof value === "string" && value.includes(wanted));
    case "regexp":
      return each(condition.fields, (text) => {
        const pattern = regularExpression(text);
        return (value) => typeof value === "string" && pattern?.test(value) === true;
      });
    case "range":
      return each(condition.fields, (range) => (value) => typeof value === "number" && isWithin(value, range));
    case "network":
      return each(condition.fields, (networks) => {
        const addresses = addressesOf(networks);
        return (value) =>
          typeof value === "string" && isIP(value) !== 0 && addresses.check(value, isIP(value) === 6 ? "ipv6" : "ipv4");
      });
  }
}

function each<T>(fields: Readonly<Record<string, T>>, test: (wanted: T) => (value: unknown) => boolean): Predicate {
  const tests = Object.entries(fields).map(([name, wanted]) => ({ name, fits: test(wanted) }));
  return (document) =>
    tests.every(({ name, fits }) => {
      const value = fieldAt(document, name);
      return Array.isArray(value) ? value.some(fits) : fits(value);
    });
}

function isWithin(value: number, { gte, gt, lte, lt }: Range): boolean {
  return (
    (gte === undefined || value >= gte) &&
    (gt === undefined || value > gt) &&
    (lte === undefined || value <= lte) &&
    (lt === undefined || value < lt)
  );
}
