import { expect, test } from "vitest";
import type { AlertCondition } from "../../shared/kibana/alert_condition.ts";
import { esqlOf } from "./alert_esql.ts";
import { alertTemplateObject } from "./alert_object.ts";
import { alertSearch, findings } from "./alert_search.ts";

const CONDITION: AlertCondition = {
  stream: "login",
  where: [{ field: "event.action", is: ["login", "logout"] }],
  by: ["source.ip"],
  measures: {
    failures: { of: "count", where: { field: "event.outcome", is: ["failure"] } },
    users: { of: "unique_count", field: "user.name" },
    first: { of: "min", field: "@timestamp" },
  },
  having: [
    { measure: "failures", is: ">=", than: { times: 2, measure: "users" } },
    { measure: "users", is: ">", than: 3 },
    { measure: "first", is: "<", than: { hoursAgo: 5 } },
  ],
};

test("a condition is told in ES|QL", () => {
  expect(esqlOf(CONDITION)).toBe(
    [
      "FROM logs-aquila_salesforce.login-*",
      '| WHERE salesforce.collection.primary == true AND event.action IN ("login", "logout") AND source.ip IS NOT NULL',
      '| STATS failures = COUNT(*) WHERE event.outcome == "failure", users = COUNT_DISTINCT(user.name), first = MIN(@timestamp) BY source.ip',
      "| WHERE failures >= 2 * users AND users > 3 AND first < NOW() - 5 hours",
      "| KEEP source.ip, failures, users, first",
      "| LIMIT 100",
    ].join("\n"),
  );
});

test("a condition is told as a search of the same documents and groups", () => {
  const search = JSON.parse(JSON.stringify(alertSearch(CONDITION, { field: "event.ingested", from: 1, to: 2 })));
  expect(search.query.bool.filter).toEqual([
    { term: { "data_stream.dataset": "aquila_salesforce.login" } },
    { match: { "salesforce.collection.primary": "true" } },
    { terms: { "event.action": ["login", "logout"] } },
    { range: { "event.ingested": { gte: 1, lt: 2, format: "epoch_millis" } } },
  ]);
  expect(search.aggs.groups.composite.sources).toEqual([{ "source.ip": { terms: { field: "source.ip" } } }]);
  expect(search.aggs.groups.aggs.failures).toEqual({ filter: { terms: { "event.outcome": ["failure"] } } });
});

const HOUR = 3_600_000;

test.each([
  ["all comparisons hold", 8, 4, 0, true],
  ["too few failures for the users", 7, 4, 0, false],
  ["not more users than three", 8, 3, 0, false],
  ["the first one is too young", 8, 4, 6 * HOUR, false],
  ["there is no first one", 8, 4, null, false],
])("%s", (_, failures, users, first, found) => {
  const group = {
    key: { "source.ip": "10.0.0.1" },
    failures: { doc_count: failures },
    users: { doc_count: 9, value: { value: users } },
    first: { doc_count: 9, value: { value: first } },
  };
  const expected = found ? [{ "source.ip": "10.0.0.1", failures, users, first }] : [];
  expect(findings(CONDITION, [group], 10 * HOUR)).toEqual(expected);
});

test("a template that names an undeclared field is refused", () => {
  const declared = new Map([["login", new Map([["@timestamp", "date"]])]]);
  const spec = {
    key: "spray",
    name: "",
    description: "",
    guide: "",
    tags: [],
    dashboard: "logins",
    interval: "1h",
    window: { size: 1, unit: "h", field: "@timestamp" },
    condition: CONDITION,
  } as const;
  expect(() => alertTemplateObject(spec, declared)).toThrow(
    "alert template spray: event.action is not declared in login",
  );
});
