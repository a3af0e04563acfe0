import { describe, expect, test } from "vitest";
import {
  count,
  type DashboardSpec,
  equalRow,
  type Panel,
  timeBefore,
  trouble,
} from "../../shared/kibana/vocabulary.ts";
import { dashboardObject, savedSearchObject } from "./dashboard_object.ts";

const DECLARED = new Map([
  [
    "login",
    new Map([
      ["event.outcome", "keyword"],
      ["source.ip", "ip"],
      ["@timestamp", "date"],
    ]),
  ],
  ["collector", new Map([["event.code", "keyword"]])],
]);

const logins = { streams: ["login"], where: 'event.outcome : "failure"' } as const;

function dashboard(...panels: Panel[]): DashboardSpec {
  return { key: "door", title: "Door", description: "", opensWith: "7d", rows: [equalRow(6, ...panels)] };
}

function built(...panels: Panel[]) {
  const spec = dashboard(...panels);
  return JSON.parse(JSON.stringify(dashboardObject(spec, [spec], DECLARED)));
}

describe("a dashboard", () => {
  test("keeps its panels' ids, places and references", () => {
    const metric = { kind: "metric", title: "?", subject: logins, measure: count("logins") } as const;
    const object = built({ ...metric, key: "left" }, { ...metric, key: "right" });
    expect(object.id).toBe("aquila_salesforce-door");
    expect(object.attributes.panelsJSON.map((panel: { gridData: unknown }) => panel.gridData)).toEqual([
      { i: "links", x: 0, y: 0, w: 48, h: 3 },
      { i: "left", x: 0, y: 3, w: 24, h: 6 },
      { i: "right", x: 24, y: 3, w: 24, h: 6 },
    ]);
    expect(object.references).toContainEqual({
      type: "index-pattern",
      id: "logs-*",
      name: "left:indexpattern-datasource-layer-layer",
    });
    expect(object.references).toContainEqual({
      type: "dashboard",
      id: "aquila_salesforce-door",
      name: "links:link_door_dashboard",
    });
  });

  test("counts an event once, and only of its data streams", () => {
    const object = built({ kind: "metric", key: "a", title: "?", subject: logins, measure: count("logins") });
    expect(object.attributes.panelsJSON[1].embeddableConfig.attributes.state.query.query).toBe(
      'data_stream.dataset : "aquila_salesforce.login" and salesforce.collection.primary : true and event.outcome : "failure"',
    );
  });

  test("asks the collector for its own dataset alone", () => {
    const object = built({
      kind: "metric",
      key: "a",
      title: "?",
      subject: { streams: ["collector"] },
      measure: count("reports"),
    });
    expect(object.attributes.panelsJSON[1].embeddableConfig.attributes.state.query.query).toBe(
      'data_stream.dataset : "aquila_salesforce.collector"',
    );
  });

  test("computes a quotient from hidden columns", () => {
    const object = built({
      kind: "metric",
      key: "a",
      title: "?",
      subject: logins,
      measure: {
        of: "quotient",
        label: "Share",
        dividend: { of: "count", where: 'event.outcome : "it\'s"' },
        divisor: { of: "unique_count", field: "source.ip" },
      },
    });
    const { columns, columnOrder } =
      object.attributes.panelsJSON[1].embeddableConfig.attributes.state.datasourceStates.formBased.layers.layer;
    expect(columnOrder).toEqual(["measure-0", "measure-0X0", "measure-0X1", "measure-0X2"]);
    const formula = "count(kql='event.outcome : \"it\\'s\"') / unique_count(source.ip)";
    expect(columns["measure-0"]).toMatchObject({ params: { formula }, references: ["measure-0X2"] });
    expect(columns["measure-0X2"].params.tinymathAst).toMatchObject({
      name: "divide",
      args: ["measure-0X0", "measure-0X1"],
    });
  });
});

describe("a number", () => {
  const metric = { kind: "metric", key: "a", title: "?", subject: logins } as const;
  const state = (object: ReturnType<typeof built>) => object.attributes.panelsJSON[1].embeddableConfig.attributes.state;

  test("has its colour by its value, from the level that it reaches", () => {
    const { palette } = state(built({ ...metric, measure: count("failures", { levels: trouble(10) }) })).visualization;
    const tints = palette.params.colorStops.map(({ color }: { color: string }) => color);
    expect(new Set(tints).size).toBe(3);
    expect(palette.params.colorStops.map(({ stop }: { stop: number }) => stop)).toEqual([0, 1, 10]);
    // Kibana wants where each colour ends, too.
    expect(palette.params.stops.map(({ stop }: { stop: number }) => stop)).toEqual([1, 10, 11]);
  });

  test("of levels that don't rise is refused", () => {
    const levels = [...trouble(10)].reverse();
    expect(() => built({ ...metric, measure: count("failures", { levels }) })).toThrow("levels must rise: 10, 1, 0");
  });

  test("of the time before is shifted, and never ranks groups", () => {
    const failures = count("Failures", { levels: trouble(10) });
    const groups = [{ by: "terms", field: "source.ip", label: "Address" } as const];
    const table = { kind: "table", key: "a", title: "?", subject: logins, groups } as const;
    const { layer } = state(built({ ...table, measures: [failures, timeBefore(failures)] })).datasourceStates.formBased
      .layers;
    expect(layer.columns["measure-0"].timeShift).toBeUndefined();
    expect(layer.columns["measure-1"]).toMatchObject({ label: "Failures before", timeShift: "previous" });
    expect(() => built({ ...table, measures: [timeBefore(failures)] })).toThrow(
      "must be an aggregate of the time chosen",
    );
  });
});

describe("a source that doesn't add up is refused", () => {
  test("a field that no data stream of the panel declares", () => {
    const measure = { of: "sum", field: "salesforce.login.weight", label: "Weight" } as const;
    expect(() => built({ kind: "metric", key: "a", title: "?", subject: logins, measure })).toThrow(
      "dashboard door, panel a: salesforce.login.weight is not declared in login",
    );
  });

  test("an undeclared column of a saved search", () => {
    const spec = { key: "s", title: "", description: "", subject: logins, columns: ["user.shoe_size"] };
    expect(() => savedSearchObject(spec, DECLARED)).toThrow("saved search s: user.shoe_size is not declared in login");
  });

  test("a row that isn't 48 columns wide", () => {
    const panel = { kind: "text", key: "a", title: "", markdown: "" } as const;
    const spec = { ...dashboard(panel), rows: [{ height: 4, panels: [[40, panel] as const] }] };
    expect(() => dashboardObject(spec, [spec], DECLARED)).toThrow("the row of a is 40 columns wide");
  });

  test("groups ranked by a quotient", () => {
    const measure = { of: "quotient", label: "Share", dividend: { of: "count" }, divisor: 2 } as const;
    const groups = [{ by: "terms", field: "source.ip", label: "Address" } as const];
    expect(() => built({ kind: "table", key: "a", title: "?", subject: logins, groups, measures: [measure] })).toThrow(
      "groups by Address can't be ranked",
    );
  });
});
