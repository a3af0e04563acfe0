import { describe, expect, test } from "vitest";
import type { Groups, Measure } from "../../shared/kibana/vocabulary.ts";
import { lensColumns } from "../dashboards/lens_columns.ts";
import { type LensLayer, lensLayer } from "../dashboards/lens_layer.ts";
import { layerSearch, otherSearch } from "./lens_search.ts";
import { outermostValues, tableRows } from "./lens_table.ts";

const TIME = { from: 0, to: 48 * 3_600_000 };
const TYPES: Readonly<Record<string, string>> = { "@timestamp": "date", "source.ip": "ip", took: "long" };

function layer(groups: readonly Groups[], overTime: boolean, measures: readonly Measure[]): LensLayer {
  return lensLayer.parse(lensColumns(groups, overTime, measures, (field) => TYPES[field] ?? "keyword"));
}

const byUser = { by: "terms", field: "user.name", label: "User", size: 2, other: true } as const;
const failures: Measure = { of: "count", label: "Failed", where: 'event.outcome : "failure"' };

function aggregations(of: LensLayer) {
  return JSON.parse(JSON.stringify(layerSearch(of, [], TIME).aggs));
}

describe("a layer becomes the search that Kibana sends", () => {
  test("terms outside, the time inside, ranked by a filtered count", () => {
    const filter = { match_phrase: { "event.outcome": "failure" } };
    expect(aggregations(layer([byUser], true, [failures]))).toEqual({
      "group-0": {
        terms: { field: "user.name", size: 2, order: { "measure-0": "desc" }, shard_size: 25 },
        aggs: {
          time: {
            date_histogram: {
              field: "@timestamp",
              time_zone: "UTC",
              calendar_interval: "1h",
              min_doc_count: 0,
              extended_bounds: { min: TIME.from, max: TIME.to },
            },
            aggs: { "measure-0": { filter } },
          },
          "measure-0": { filter },
        },
      },
    });
  });

  test.each<[string, Measure, object, Record<string, string>]>([
    ["count", { of: "count", label: "" }, { filter: { match_all: {} } }, { _count: "desc" }],
    ["sum", { of: "sum", field: "took", label: "" }, { sum: { field: "took" } }, { "measure-0": "desc" }],
    [
      "unique count of some",
      { of: "unique_count", field: "user.name", where: "took > 5", label: "" },
      {
        filter: { range: { took: { gt: "5" } } },
        aggs: { value: { cardinality: { field: "user.name" } } },
      },
      { "measure-0>value": "desc" },
    ],
    [
      "percentile",
      { of: "percentile", field: "took", percentile: 95, label: "" },
      { percentiles: { field: "took", percents: [95] } },
      { "measure-0.95": "desc" },
    ],
    [
      "median",
      { of: "median", field: "took", label: "" },
      { percentiles: { field: "took", percents: [50] } },
      { "measure-0.50": "desc" },
    ],
    [
      "first time",
      { of: "min", field: "@timestamp", label: "" },
      { min: { field: "@timestamp" } },
      { "measure-0": "desc" },
    ],
  ])("%s", (_, measure, aggregation, order) => {
    const { "group-0": group } = aggregations(layer([byUser], false, [measure]));
    expect(group.terms.order).toEqual(order);
    expect(group.aggs["measure-0"]).toEqual(aggregation);
  });

  test("the last value is that of the newest document that has one", () => {
    const of = layer([], false, [{ of: "last_value", field: "source.ip", label: "" }]);
    expect(aggregations(of)).toEqual({
      "measure-0": {
        filter: { exists: { field: "source.ip" } },
        aggs: {
          value: {
            top_hits: {
              size: 1,
              sort: [{ "@timestamp": { order: "desc" } }],
              fields: [{ field: "source.ip" }],
              _source: false,
            },
          },
        },
      },
    });
  });

  test("the group Other is a search for everything else that has the field", () => {
    const search = otherSearch(layer([byUser], true, [failures]), [], TIME, ["ada", "ben"]);
    expect(JSON.stringify(search?.query)).toContain(
      JSON.stringify({
        bool: { filter: [{ exists: { field: "user.name" } }], must_not: [{ terms: { "user.name": ["ada", "ben"] } }] },
      }),
    );
    expect(Object.keys(search?.aggs ?? {})).toEqual(["time"]);
    expect(otherSearch(layer([], true, [failures]), [], TIME, [])).toBeUndefined();
  });
});

describe("an answer becomes the table that is drawn", () => {
  const of = layer([byUser], false, [failures, { of: "last_value", field: "source.ip", label: "" }]);
  const last = (...values: string[]) => ({
    doc_count: 1,
    value: { hits: { hits: values.length === 0 ? [] : [{ fields: { "source.ip": values } }] } },
  });
  const answer = {
    doc_count: 9,
    "group-0": {
      buckets: [
        { key: "ada", doc_count: 5, "measure-0": { doc_count: 3 }, "measure-1": last("10.0.0.1", "10.0.0.2") },
        { key: "ben", doc_count: 2, "measure-0": { doc_count: 1 }, "measure-1": last() },
      ],
    },
  };

  test("rows of groups, then the others", () => {
    const other = { doc_count: 2, "measure-0": { doc_count: 2 }, "measure-1": last("10.0.0.9") };
    expect(outermostValues(of, answer)).toEqual(["ada", "ben"]);
    expect(tableRows(of, answer, other)).toEqual([
      { "group-0": "ada", "measure-0": 3, "measure-1": "10.0.0.1, 10.0.0.2" },
      { "group-0": "ben", "measure-0": 1, "measure-1": null },
      { "group-0": "Other", "measure-0": 2, "measure-1": "10.0.0.9" },
    ]);
    expect(tableRows(of, answer, { doc_count: 0 })).toHaveLength(2);
  });

  test.each([
    [3, 4, 0.75],
    [0, 4, 0],
    [0, 0, null],
  ])("%d of %d is %d", (part, whole, share) => {
    const quotient = layer([], false, [
      { of: "quotient", label: "", dividend: { of: "count", where: "took : 1" }, divisor: { of: "count" } },
    ]);
    const [row] = tableRows(quotient, { doc_count: whole, "measure-0X0": { doc_count: part } });
    expect(row?.["measure-0"]).toBe(share);
  });
});
