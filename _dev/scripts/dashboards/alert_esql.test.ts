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
    failures: { of: "count", where: [{ field: "event.outcome", is: ["failure"] }] },
    users: { of: "unique_count", field: "user.name" },
    first: { of: "min", field: "@timestamp" },
  },
  having: [
    { measure: "failures", is: ">=", than: { times: 2, measure: "users" } },
    { measure: "users", is: ">", than: 3 },
    { measure: "first", is: "<", than: { hoursAgo: 5 } },
  ],
};

const HOUR = 3_600_000;

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
  const search = JSON.parse(JSON.stringify(alertSearch(CONDITION, { from: 1, to: 2 })));
  expect(search.query.bool.filter).toEqual([
    { term: { "data_stream.dataset": "aquila_salesforce.login" } },
    { match: { "salesforce.collection.primary": "true" } },
    { terms: { "event.action": ["login", "logout"] } },
    { range: { "@timestamp": { gte: 1, lt: 2, format: "epoch_millis" } } },
  ]);
  expect(search.aggs.groups.composite.sources).toEqual([{ "source.ip": { terms: { field: "source.ip" } } }]);
  expect(search.aggs.groups.aggs.failures).toEqual({
    filter: { bool: { filter: [{ terms: { "event.outcome": ["failure"] } }] } },
  });
});

test("a measure of the time before or since a moment is told in both", () => {
  const apps = { of: "unique_count", field: "salesforce.connected_app.name" } as const;
  const condition: AlertCondition = {
    ...CONDITION,
    measures: {
      known: { ...apps, when: { is: "<", hoursAgo: 36 } },
      fresh: { ...apps, where: [{ field: "event.outcome", is: ["success"] }], when: { is: ">=", hoursAgo: 36 } },
    },
    having: [],
  };
  expect(esqlOf(condition)).toContain(
    "known = COUNT_DISTINCT(salesforce.connected_app.name) WHERE @timestamp < NOW() - 36 hours, " +
      'fresh = COUNT_DISTINCT(salesforce.connected_app.name) WHERE event.outcome == "success" AND @timestamp >= NOW() - 36 hours',
  );
  const { groups } = JSON.parse(JSON.stringify(alertSearch(condition, { from: 0, to: 50 * HOUR }))).aggs;
  const range = (bound: object) => ({ range: { "@timestamp": { ...bound, format: "epoch_millis" } } });
  expect(groups.aggs.known.filter).toEqual({ bool: { filter: [range({ lt: 14 * HOUR })] } });
  expect(groups.aggs.fresh.filter).toEqual({
    bool: { filter: [{ terms: { "event.outcome": ["success"] } }, range({ gte: 14 * HOUR })] },
  });
});

const BY_THE_HOUR: AlertCondition = {
  stream: "api",
  where: [],
  by: ["user.id"],
  hourly: true,
  measures: {
    asked: { of: "sum", field: "salesforce.api.rows_processed" },
    moved: {
      of: "sum",
      field: "salesforce.api.records_processed",
      where: [
        { field: "event.code", is: ["BulkApi2"] },
        { field: "salesforce.api.operation_type", is: ["query"] },
      ],
    },
    rows: { of: "total", measures: ["asked", "moved"] },
  },
  having: [{ measure: "rows", is: ">=", than: 10 }],
};

test("each hour of the events is judged for itself, with measures added up", () => {
  expect(esqlOf(BY_THE_HOUR)).toBe(
    [
      "FROM logs-aquila_salesforce.api-*",
      "| WHERE salesforce.collection.primary == true AND user.id IS NOT NULL",
      "| STATS asked = SUM(salesforce.api.rows_processed), moved = SUM(salesforce.api.records_processed) WHERE " +
        'event.code == "BulkApi2" AND salesforce.api.operation_type == "query" BY user.id, hour = BUCKET(@timestamp, 1 hour)',
      "| EVAL rows = COALESCE(asked, 0) + COALESCE(moved, 0)",
      "| WHERE rows >= 10",
      "| KEEP user.id, hour, asked, moved, rows",
      "| LIMIT 100",
    ].join("\n"),
  );
  const search = JSON.parse(JSON.stringify(alertSearch(BY_THE_HOUR, { from: 1, to: 2 })));
  expect(search.aggs.groups.composite.sources[1]).toEqual({
    hour: { date_histogram: { field: "@timestamp", fixed_interval: "1h" } },
  });
  const group = (asked: number | null, moved: number | null) => ({
    key: { "user.id": "005", hour: HOUR },
    asked: { doc_count: asked === null ? 0 : 1, value: { value: asked } },
    moved: { doc_count: moved === null ? 0 : 1, value: { value: moved } },
  });
  const groups = [group(4, 6), group(9, null), group(null, 12)];
  expect(findings(BY_THE_HOUR, groups, 0).map(({ rows }) => rows)).toEqual([10, 12]);
});

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
    window: { size: 1, unit: "h" },
    condition: CONDITION,
  } as const;
  expect(() => alertTemplateObject(spec, declared)).toThrow(
    "alert template spray: event.action is not declared in login",
  );
});
