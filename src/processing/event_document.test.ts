import { expect, test } from "vitest";
import { type EventDocument, fieldAt, fieldPaths, mergeFields, removeField } from "./event_document.ts";

const document = (json = "{}") => JSON.parse(json) as EventDocument;

test.each(["__proto__.toString", "constructor.name", "toString"])("%s is no field of a document without it", (path) => {
  const empty = document();
  expect(fieldAt(empty, path)).toBeUndefined();
  removeField(empty, path);
  expect(typeof {}.toString).toBe("function");
  expect(Object.name).toBe("Object");
});

test.each(["__proto__", "constructor"])("what is put into a field %s stays in that document", (name) => {
  const one = document();
  mergeFields(one, document(`{"${name}":{"polluted":1}}`));
  expect(document()).not.toHaveProperty("polluted");
  expect(JSON.stringify(one)).toBe(`{"${name}":{"polluted":1}}`);
});

test("a field of such a name that Salesforce sent is kept, found and dropped", () => {
  const sent = document('{"__proto__":{"a":1,"b":2}}');
  expect(fieldPaths(sent)).toEqual(["__proto__.a", "__proto__.b"]);
  removeField(sent, "__proto__.a");
  expect(JSON.stringify(sent)).toBe('{"__proto__":{"b":2}}');
});
