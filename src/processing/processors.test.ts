import { beforeAll, describe, expect, test } from "vitest";
import { readProcessors } from "./processors.ts";
import { prepareRegularExpressions, regularExpression } from "./regular_expression.ts";

beforeAll(() => prepareRegularExpressions("regexp"));

const NAMELESS = "must be a field without __proto__, constructor, prototype in its name";

function problemsOf(...listed: readonly unknown[]): string[] {
  return readProcessors(listed).findings.map(({ at, text }) => `${at.join(".")}: ${text}`);
}

describe("processors are read", () => {
  const cases: ReadonlyArray<readonly [unknown, object]> = [
    [
      { add_fields: { fields: { team: "soc" } } },
      { do: "add_fields", fields: { fields: { team: "soc" } }, when: undefined },
    ],
    [
      { add_fields: { target: "", fields: { "labels.team": "soc", cost: 1 } } },
      { do: "add_fields", fields: { labels: { team: "soc" }, cost: 1 }, when: undefined },
    ],
    [{ add_tags: { tags: ["a", "b"] } }, { do: "add_tags", target: "tags", tags: ["a", "b"], when: undefined }],
    [
      { drop_fields: { fields: ["user.email", "/^salesforce\\.login\\.tls/"], ignore_missing: true } },
      { do: "drop_fields", names: ["user.email"], patterns: ["^salesforce\\.login\\.tls"], when: undefined },
    ],
    [{ drop_event: null }, { do: "drop_event", when: undefined }],
    [
      {
        drop_event: {
          when: {
            and: [
              { equals: { event: { code: "Login" } } },
              { not: { network: { "salesforce.login.ip": ["private", "81.2.69.0/24"] } } },
              { range: { "salesforce.login.run_time.gte": 5, "salesforce.login.cpu_time": { lt: 3 } } },
              { has_fields: ["user.id"] },
            ],
          },
        },
      },
      {
        do: "drop_event",
        when: {
          is: "and",
          conditions: [
            { is: "equals", fields: { "event.code": "Login" } },
            {
              is: "not",
              condition: {
                is: "network",
                fields: {
                  "salesforce.login.ip": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8", "81.2.69.0/24"],
                },
              },
            },
            {
              is: "range",
              fields: { "salesforce.login.run_time": { gte: 5 }, "salesforce.login.cpu_time": { lt: 3 } },
            },
            { is: "has_fields", fields: ["user.id"] },
          ],
        },
      },
    ],
  ];
  test.each(cases)("%j", (block, expected) => {
    expect(readProcessors([block])).toEqual({ processors: [expected], findings: [] });
  });
});

describe("what is wrong is named", () => {
  const cases: ReadonlyArray<readonly [unknown, readonly string[]]> = [
    ["add_tags", ["0: must be one processor with its settings, such as add_tags"]],
    [
      { add_tags: {}, drop_event: {} },
      ["0: must be one processor with its settings, such as add_tags; here are several"],
    ],
    [
      { script: { lang: "javascript" } },
      ["0.script: is a processor that this runner has not; it has add_fields, add_tags, drop_fields, drop_event"],
    ],
    [{ add_tag: { tags: ["a"] } }, ["0.add_tag: is a processor that this runner has not; did you mean add_tags?"]],
    [
      { add_tags: { tag: ["a"] } },
      ["0.add_tags.tag: is no setting; did you mean tags?", "0.add_tags.tags: is missing"],
    ],
    [{ add_fields: { fields: [] } }, ["0.add_fields.fields: must be a block of fields"]],
    [
      { add_fields: { target: "event", fields: { id: "x" } } },
      ["0.add_fields.fields: would change event.id, by which events are told apart"],
    ],
    [
      { drop_fields: { fields: ["event", "/(/"] } },
      [
        '0.drop_fields.fields: holds "(", which is no regular expression',
        "0.drop_fields.fields: would drop event, by which events are told apart",
      ],
    ],
    [
      { drop_event: { when: { equal: { a: 1 } } } },
      ["0.drop_event.when.equal: is a condition that this runner has not; did you mean equals?"],
    ],
    [
      { add_fields: { target: "", fields: JSON.parse('{"__proto__.x": 1, "a": {"constructor": 1}}') } },
      [`0.add_fields.fields.__proto__.x: ${NAMELESS}`, `0.add_fields.fields.constructor: ${NAMELESS}`],
    ],
    [{ add_fields: { target: "a.__proto__", fields: { x: 1 } } }, [`0.add_fields.target: ${NAMELESS}`]],
    [{ add_tags: { target: "__proto__", tags: ["a"] } }, [`0.add_tags.target: ${NAMELESS}`]],
    [{ drop_fields: { fields: ["__proto__.toString"] } }, [`0.drop_fields.fields.__proto__.toString: ${NAMELESS}`]],
    [
      { drop_event: { when: { equals: JSON.parse('{"__proto__": {"x": 1}}') } } },
      [`0.drop_event.when.equals.__proto__.x: ${NAMELESS}`],
    ],
    [
      { drop_event: { when: { has_fields: ["constructor.name"] } } },
      [`0.drop_event.when.has_fields.constructor.name: ${NAMELESS}`],
    ],
    [
      { drop_event: { when: { network: { "source.ip": "constructor" } } } },
      [expect.stringMatching(/network.source.ip: must be a network such as/)],
    ],
    [{ drop_event: { when: { or: [] } } }, ["0.drop_event.when.or: must be a list"]],
    [
      { drop_event: { when: { or: [{ regexp: { a: "(" } }, { contains: { b: 1 } }] } } },
      [
        "0.drop_event.when.or.0.regexp.a: must be a regular expression",
        "0.drop_event.when.or.1.contains.b: must be text",
      ],
    ],
    [
      { drop_event: { when: { range: { a: "5" } } } },
      ["0.drop_event.when.range.a: must be bounds such as {gte: 400}, of gte, gt, lte, lt"],
    ],
    [
      { drop_event: { when: { network: { a: "10.0.0.0/99" } } } },
      [
        "0.drop_event.when.network.a: must be a network such as 10.0.0.0/8, or one of loopback, private, link_local_unicast, multicast, unspecified",
      ],
    ],
  ];
  test.each(cases)("%j", (block, expected) => {
    expect(problemsOf(block)).toEqual(expected);
  });

  test("by the place of the processor", () => {
    expect(problemsOf({ add_tags: { tags: ["a"] } }, { rename: {} })[0]).toMatch(/^1\.rename: /);
  });
});

test.each([
  ["(?i)^ELASTIC@", "elastic@acme.com", true],
  ["\\Alogin\\z", "login", true],
  ["\\Alogin\\z", "logins", false],
  ["a\\.b", "axb", false],
  ["^(a+)+$", `${"a".repeat(100_000)}b`, false],
  ["(x+x+)+y", "x".repeat(100_000), false],
])("the regular expression %s on %.40s: %s", (pattern, value, fits) => {
  expect(regularExpression(pattern)?.test(value)).toBe(fits);
});

test.each(["a(?=b)", "(a)\\1", "a{2000}", "["])("%s is no regular expression of RE2", (pattern) => {
  expect(regularExpression(pattern)).toBeUndefined();
});
