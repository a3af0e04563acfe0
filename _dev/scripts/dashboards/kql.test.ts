import { describe, expect, test } from "vitest";
import { fieldsOf, parseKql, searchOf } from "./kql.ts";

describe("a KQL query becomes the search that Kibana makes of it", () => {
  test.each([
    ["", { match_all: {} }],
    ['event.code : "Login"', { match_phrase: { "event.code": "Login" } }],
    ["a.b:true", { match: { "a.b": "true" } }],
    ["a : *", { exists: { field: "a" } }],
    ["a : LOGIN_*", { wildcard: { a: { value: "LOGIN_*" } } }],
    ['a : "x*"', { match_phrase: { a: "x*" } }],
    ['a : "say \\"so\\""', { match_phrase: { a: 'say "so"' } }],
    ["a >= 50", { range: { a: { gte: "50" } } }],
    ['a < "50.0"', { range: { a: { lt: "50.0" } } }],
    ["not a : 1", { bool: { must_not: [{ match: { a: "1" } }] } }],
    ["a : (1 or 2)", { bool: { should: [{ match: { a: "1" } }, { match: { a: "2" } }], minimum_should_match: 1 } }],
    [
      "a : 1 and b : 2 or not c : *",
      {
        bool: {
          should: [
            { bool: { filter: [{ match: { a: "1" } }, { match: { b: "2" } }] } },
            { bool: { must_not: [{ exists: { field: "c" } }] } },
          ],
          minimum_should_match: 1,
        },
      },
    ],
    [
      "a : 1 AND (b : 2 OR c : 3)",
      {
        bool: {
          filter: [
            { match: { a: "1" } },
            { bool: { should: [{ match: { b: "2" } }, { match: { c: "3" } }], minimum_should_match: 1 } },
          ],
        },
      },
    ],
  ])("%s", (query, expected) => {
    expect(searchOf(parseKql(query))).toEqual(expected);
  });

  test("every field is named once", () => {
    expect(fieldsOf(parseKql("a : 1 and (b.c > 2 or not a : *)"))).toEqual(["a", "b.c"]);
  });

  test.each([
    ["a :", "a value is missing at the end"],
    ["a 1", "':' or a comparison is missing at character 3"],
    ["(a : 1", "')' is missing at the end"],
    ["a : (1 and 2)", "')' is missing at character 8"],
    ["a : 1 b : 2", "the end is missing at character 7"],
    ['a : "1', "can't read the query from character 5"],
    ["a ) 1", "':' or a comparison is missing at character 3"],
  ])("%s is refused", (query, message) => {
    expect(() => parseKql(query)).toThrow(message);
  });
});
