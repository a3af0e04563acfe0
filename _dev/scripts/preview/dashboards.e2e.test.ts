import { resolve } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminClientOptions } from "../../shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../shared/elasticsearch/describe_on_cluster.ts";
import { ALERT_TEMPLATES } from "../../shared/kibana/alert_templates.ts";
import { isBucket, orderedColumns } from "../dashboards/lens_layer.ts";
import { readStoredObjects, type StoredDashboard, type StoredPanel } from "../dashboards/stored_dashboard.ts";
import { findChromium, pictureOf, withBrowser } from "./browser.ts";
import { collectDemoData, PRODUCTION, SANDBOX } from "./demo_data.ts";
import { conditionOf, found, foundByHour } from "./demo_findings.fixture.ts";
import { wholeDays } from "./demo_traffic.ts";
import { type Drawing, drawingOf } from "./drawing.ts";
import { EXPECTED_PANELS, type ExpectedPanel, failedLogin, noStep } from "./expected_panels.fixture.ts";
import { generatedRows, type Row } from "./generated_rows.ts";
import { OTHER } from "./lens_table.ts";
import { followLink } from "./link_state.ts";
import { DashboardSearches, type PanelData, type Selection } from "./panel_data.ts";
import {
  plantDetections,
  plantedLogins,
  plantRealTimeReads,
  plantRows,
  plantSetupChanges,
  RAGGED_ROWS,
  SETUP_INTRUDER,
} from "./planted_rows.ts";
import { servePreview } from "./server.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

const HOUR_MS = 3_600_000;

const CHROMIUM = findChromium();

describeOnCluster("dashboards over generated traffic of two orgs", (cluster) => {
  const now = Date.now();
  const namespace = `dash${now.toString(36)}`;
  const index = `logs-aquila_salesforce.*-${namespace}`;
  const client = new Client(adminClientOptions(cluster));
  const objects = readStoredObjects(ROOT);
  const searches = new DashboardSearches(client, objects, index);
  const traffic = wholeDays(now);
  let rows: ReadonlyMap<string, readonly Row[]>;

  const panelNamed = (dashboardKey: string, key: string): [StoredDashboard, StoredPanel] => {
    const dashboard = objects.dashboards.find(({ id }) => id === `aquila_salesforce-${dashboardKey}`);
    const panel = dashboard?.attributes.panelsJSON.find(({ panelIndex }) => panelIndex === key);
    if (dashboard === undefined || panel === undefined) {
      throw new Error(`there is no panel ${key} in ${dashboardKey}`);
    }
    return [dashboard, panel];
  };

  beforeAll(async () => {
    const orgId = await collectDemoData({
      cluster,
      packageRoot: ROOT,
      namespace,
      traffic,
      plant: async (org) => {
        await plantRows(org, traffic);
        await plantSetupChanges(org, traffic);
        await plantDetections(org, traffic);
        await plantRealTimeReads(org, traffic);
        await org.given.org({ apiRequestsUsed: 93_000 });
      },
    });
    const generated = await generatedRows(traffic.production, orgId);
    rows = new Map([...generated, ["Login", [...(generated.get("Login") ?? []), ...plantedLogins(traffic)]]]);
  }, 300_000);
  afterAll(async () => {
    // A small build has no such request and keeps the streams.
    await client.indices.deleteDataStream({ name: index }, { ignore: [400, 404, 405] });
    await client.close();
  });

  test("at least 40 panels are compared with the generated rows", () => {
    expect(EXPECTED_PANELS.length).toBeGreaterThanOrEqual(40);
    expect(new Set(EXPECTED_PANELS.map(({ dashboard, panel }) => `${dashboard}/${panel}`)).size).toBe(
      EXPECTED_PANELS.length,
    );
  });

  describe("a panel's numbers are those of the generated rows", () => {
    test.each(EXPECTED_PANELS.map((expected) => [`${expected.dashboard}/${expected.panel}`, expected] as const))(
      "%s",
      async (_, expected) => {
        const [dashboard, panel] = panelNamed(expected.dashboard, expected.panel);
        const controls = { "organization.name": [PRODUCTION] };
        const data = await searches.panelData(dashboard, panel, { time: traffic.time, controls });
        compare(data, expected, rows);
      },
    );
  });

  test("an org's numbers stand beside those of the same time before", async () => {
    const middle = traffic.time.from + 24 * HOUR_MS;
    const [dashboard, panel] = panelNamed("overview", "orgs-table");
    const data = await searches.panelData(dashboard, panel, {
      time: { from: middle, to: traffic.time.to },
      controls: {},
    });
    if (data.kind !== "table") {
      throw new Error("the orgs are a table");
    }
    const row = data.rows.find((one) => one["group-0"] === PRODUCTION);
    const day = (types: readonly string[], test: (row: Row) => boolean, second: boolean) =>
      types
        .flatMap((type) => rows.get(type) ?? [])
        .filter((one) => Date.parse(one.TIMESTAMP_DERIVED ?? "") >= middle === second && test(one)).length;
    const failed = (one: Row) => failedLogin(one) && noStep(one);
    const acted = (one: Row) => one.OPERATION !== "LOGOUT";
    expect(row).toMatchObject({
      "measure-0": day(["Login"], failed, true),
      "measure-1": day(["Login"], failed, false),
      "measure-2": day(["ApexUnexpectedException"], () => true, true),
      "measure-3": day(["ApexUnexpectedException"], () => true, false),
      "measure-8": day(["LoginAs", "SalesforceLoginAs"], acted, true),
      "measure-9": day(["LoginAs", "SalesforceLoginAs"], acted, false),
    });
    expect(row?.["measure-6"]).toBeGreaterThan(0);
    expect(row?.["measure-7"]).toBeGreaterThan(0);
  });

  test("no panel is empty, and each can be drawn", async () => {
    const time = { from: traffic.time.from, to: Date.now() };
    const empty: string[] = [];
    for (const dashboard of objects.dashboards) {
      for (const panel of dashboard.attributes.panelsJSON) {
        const data = await searches.panelData(dashboard, panel, { time, controls: {} });
        if (isEmpty(drawingOf(dashboard, panel, data, time))) {
          empty.push(`${dashboard.id.replace("aquila_salesforce-", "")}/${panel.panelIndex}`);
        }
      }
    }
    // The stream of the file that is gone was in trouble until Salesforce listed it no more.
    expect(empty).toEqual([]);
  });

  test("a dashboard that is opened by a link of another has the data that it has by itself", async () => {
    const time = { from: traffic.time.from, to: Date.now() };
    const controls = { "organization.name": [PRODUCTION] };
    const emptyPanels = async (dashboard: StoredDashboard, state: Selection) => {
      const empty: string[] = [];
      for (const panel of dashboard.attributes.panelsJSON) {
        const data = await searches.panelData(dashboard, panel, state);
        if (isEmpty(drawingOf(dashboard, panel, data, state.time))) {
          empty.push(panel.panelIndex);
        }
      }
      return empty;
    };
    for (const target of objects.dashboards) {
      const full = await emptyPanels(target, { time, controls });
      for (const origin of objects.dashboards.filter(({ id }) => id !== target.id)) {
        const arrived = followLink(origin, target, { time, controls }, time.to);
        expect(arrived.time, `${origin.id} to ${target.id}`).toEqual(time);
        expect(arrived.filters, `${origin.id} to ${target.id}`).toEqual([
          { terms: { "organization.name": [PRODUCTION] } },
        ]);
        expect(await emptyPanels(target, arrived), `${origin.id} to ${target.id}`).toEqual(full);
      }
    }
  });

  test.skipIf(CHROMIUM === undefined)("a browser draws a dashboard", async () => {
    const controls = { "data_stream.namespace": [namespace] };
    const preview = await servePreview({ cluster, packageRoot: ROOT, time: traffic.time, controls });
    try {
      const url = `${preview.url}?id=aquila_salesforce-logins`;
      const png = await withBrowser(CHROMIUM ?? "", (browser) => pictureOf(browser, url));
      expect(png.subarray(1, 4).toString()).toBe("PNG");
      // Width and height stand in the PNG's header; the dashboard is as high as its grid.
      const logins = objects.dashboards.find(({ id }) => id === "aquila_salesforce-logins");
      const rows = Math.max(...(logins?.attributes.panelsJSON ?? []).map(({ gridData: { y, h } }) => y + h));
      expect(png.readUInt32BE(16)).toBe(1_440);
      expect(png.readUInt32BE(20)).toBeGreaterThan(rows * 28);
    } finally {
      await preview.close();
    }
  });

  test("rows that were set aside are counted", async () => {
    const time = { from: traffic.time.from, to: Date.now() };
    const [dashboard, panel] = panelNamed("collection-health", "set-aside");
    expect(await searches.panelData(dashboard, panel, { time, controls: {} })).toMatchObject({
      documents: RAGGED_ROWS,
    });
  });

  test("controls offer what the events have", async () => {
    const [dashboard] = objects.dashboards;
    const values = await searches.controlValues(dashboard as StoredDashboard, "organization.name", traffic.time);
    expect(values).toEqual(["Acme production", "Acme sandbox"]);
  });

  describe("an alert's condition finds what was planted, and nothing in normal traffic", () => {
    const day = 24;
    const tested = new Set<string>();
    const condition = (key: string) => {
      tested.add(key);
      return conditionOf(key);
    };
    const hourly = (key: string) => foundByHour(client, index, condition(key), traffic.time);
    /** In each of these hours of the second day, and in no other. */
    const expectHours = async (key: string, expected: Readonly<Record<number, object>>) => {
      const byHour = await hourly(key);
      const hours = Object.keys(expected).map((hour) => day + Number(hour));
      expect([...byHour.keys()].sort((a, b) => a - b)).toEqual(hours);
      for (const [hour, finding] of Object.entries(expected)) {
        expect(byHour.get(day + Number(hour))).toEqual([
          expect.objectContaining({ "organization.name": PRODUCTION, ...finding }),
        ]);
      }
    };

    test.each([
      ["password-spraying", { 14: { "source.ip": "175.16.199.37", failures: 400 } }],
      ["failures-then-success", { 14: { "source.ip": "175.16.199.37", failures: 400, successes: 1 } }],
      [
        "api-export",
        {
          3: { request_rows: expect.any(Number), bulk_2_rows: null, rows: expect.any(Number) },
          5: { bulk_rows: 600_000, bulk_2_rows: 900_000, jobs: 2, addresses: 1 },
        },
      ],
      ["exception-surge", { 11: { "salesforce.apex.apex_entity_name": "QuotePricing" } }],
      ["callout-failures", { 9: { "destination.domain": "erp.example.net" } }],
      ["concurrent-limit", { 10: { refusals: expect.any(Number) } }],
      ["threat-detected", { 21: { "rule.name": "Session hijacking", score: 97, detections: 1 } }],
      ["permission-escalation", { 16: { "user.name": SETUP_INTRUDER, widened: 1, given: 1 } }],
      ["defences-changed", { 17: { "event.action": "mfa-requirement-switched-off", changes: 1, people: 1 } }],
      ["mass-export", { 19: { exports: 12, rows: expect.any(Number) } }],
      ["trust-changed", { 18: { "event.action": "certificate-created", changes: 1, people: 1 } }],
    ])("%s: in the planted hours of the second day alone", async (key, expected) => {
      await expectHours(key, expected);
    });

    test("privileged-login-as: whenever somebody acts as another user", async () => {
      const acted = [...(rows.get("LoginAs") ?? []), ...(rows.get("SalesforceLoginAs") ?? [])];
      const hours = acted
        .filter(({ OPERATION }) => OPERATION !== "LOGOUT")
        .map((row) => Math.floor((Date.parse(row.TIMESTAMP_DERIVED ?? "") - traffic.time.from) / HOUR_MS));
      const byHour = await hourly("privileged-login-as");
      const ofProduction = [...byHour].filter(([, all]) => all.some((one) => one["organization.name"] === PRODUCTION));
      expect(new Set(ofProduction.map(([hour]) => hour))).toEqual(new Set(hours));
      expect(byHour.get(day + 20)).toContainEqual(expect.objectContaining({ logins: 3 }));
    });

    test("retired-api-version: the integration that nobody updated, by version", async () => {
      const old = await found(client, index, condition("retired-api-version"), traffic.time);
      const told = old.map((one) => [one["salesforce.api.api_version"], one.calls]);
      expect(told).toEqual([
        ["29.0", 15],
        ["34.0", 120],
      ]);
    });

    test("new-connected-app: the planted one, until it is two days old", async () => {
      const apps = async (now: number) =>
        (await found(client, index, condition("new-connected-app"), traffic.time, now))
          .filter((one) => one["organization.name"] === PRODUCTION)
          .map((one) => [one["salesforce.connected_app.name"], one.calls, one.addresses]);
      expect(await apps(traffic.time.to)).toEqual([["My Ticket Portal", 40, 1]]);
      expect(await apps(traffic.time.to + 36 * HOUR_MS)).toEqual([]);
    });

    test("new-app-read: who calls with the planted application and reads, until it is two days old", async () => {
      const readers = async (now: number) =>
        (await found(client, index, condition("new-app-read"), traffic.time, now)).map((one) => [
          one["organization.name"],
          one.apps,
          one.known_apps,
          one.bulk_rows,
          one.bulk_2_rows,
        ]);
      expect(await readers(traffic.time.to)).toEqual([[PRODUCTION, 1, 0, 600_000, 900_000]]);
      expect(await readers(traffic.time.to + 36 * HOUR_MS)).toEqual([]);
    });

    test("first-export: an integration that never exports, until it is two days old", async () => {
      const exporters = async (now: number) =>
        (await found(client, index, condition("first-export"), traffic.time, now))
          .filter((one) => one["organization.name"] === PRODUCTION)
          .map((one) => one.exports);
      expect(await exporters(traffic.time.to)).toContain(3);
      expect(await exporters(traffic.time.to + 36 * HOUR_MS)).toEqual([]);
    });

    test("connected-app-address: an app from where it never called", async () => {
      const seen = (await found(client, index, condition("connected-app-address"), traffic.time))
        .filter((one) => one["organization.name"] === PRODUCTION)
        .map((one) => [one["salesforce.connected_app.name"], one["source.ip"], one.calls]);
      expect(seen).toEqual([["My Ticket Portal", "175.16.199.37", 40]]);
    });

    test("new-country: the first login from China, until it is two days old", async () => {
      const { from, to } = traffic.time;
      const countries = async (until: number, now: number) =>
        (await found(client, index, condition("new-country"), { from, to: until }, now))
          .filter((finding) => finding["organization.name"] === PRODUCTION)
          .map((finding) => finding["source.geo.country_iso_code"]);
      expect(await countries(to, to)).toEqual(["CN"]);
      expect(await countries(to, to + 36 * HOUR_MS)).toEqual([]);
      expect(await countries(from + (day + 14) * HOUR_MS, to)).toEqual([]);
    });

    test("api-limit: the org whose calls are nearly used up", async () => {
      const window = { from: now, to: Date.now() };
      const used = await found(client, index, condition("api-limit"), window);
      expect(used).toEqual([expect.objectContaining({ "organization.name": PRODUCTION, allocation: 100_000 })]);
    });

    test("collection-late: every stream when nothing younger came for 36 hours, none before", async () => {
      const window = { from: now, to: Date.now() };
      const late = condition("collection-late");
      expect(await found(client, index, late, window, now)).toEqual([]);
      const streams = await found(client, index, late, window, now + 40 * HOUR_MS);
      expect(
        new Set(streams.map((one) => `${one["organization.name"]} ${one["salesforce.collector.dataset"]}`)),
      ).toEqual(
        new Set(
          [PRODUCTION, SANDBOX].flatMap((org) =>
            ["login", "apex", "api", "setup_audit_trail", "data_access", "threat"].map(
              (one) => `${org} aquila_salesforce.${one}`,
            ),
          ),
        ),
      );
    });

    test("collection-incomplete: the org with rejected rows and a deleted file", async () => {
      const incomplete = await found(client, index, condition("collection-incomplete"), { from: now, to: Date.now() });
      const told = incomplete.map((one) => [one["organization.name"], one["event.action"], one.reports]);
      expect(told).toEqual([
        [PRODUCTION, "file-gone", 1],
        [PRODUCTION, "row-rejected", RAGGED_ROWS],
      ]);
    });

    test("collection-stopped: both orgs when an hour has passed, none before", async () => {
      const window = { from: now, to: Date.now() };
      const stopped = condition("collection-stopped");
      expect(await found(client, index, stopped, window, now)).toEqual([]);
      const orgs = (await found(client, index, stopped, window, Date.now() + 2 * HOUR_MS)).map(
        (one) => one["organization.name"],
      );
      expect(orgs).toEqual([PRODUCTION, SANDBOX]);
    });

    test("every template is tried", () => {
      expect([...tested].sort()).toEqual(ALERT_TEMPLATES.map(({ key }) => key).sort());
    });
  });
});

/** Compares every row of a panel's table with the generated rows of the same group, and which groups are shown. */
function compare(data: PanelData, expected: ExpectedPanel, generated: ReadonlyMap<string, readonly Row[]>): void {
  if (data.kind !== "table") {
    throw new Error("only tables of Lens panels are compared");
  }
  const { eventTypes, where = () => true, by, measures } = expected;
  const rows = eventTypes.flatMap((type) => generated.get(type) ?? []).filter(where);
  const columns = orderedColumns(data.layer);
  const groups = columns.filter(([, column]) => isBucket(column)).map(([id]) => id);
  const shown = columns.filter(([id, column]) => !isBucket(column) && !id.includes("X")).map(([id]) => id);
  expect(groups).toHaveLength(by.length);
  const keyOf = (values: readonly unknown[]) => values.join("\n");
  const byKey = Map.groupBy(rows, (row) => keyOf(by.map((part) => part(row))));
  let compared = 0;
  for (const row of data.rows) {
    if (groups.some((id) => row[id] === OTHER)) {
      continue;
    }
    const ofGroup = byKey.get(keyOf(groups.map((id) => row[id]))) ?? [];
    // Hours without events are shown as zero.
    if (ofGroup.length === 0 && groups.length > 0 && shown.every((id) => (row[id] ?? 0) === 0)) {
      continue;
    }
    for (const [at, measure] of measures.entries()) {
      if (measure !== undefined) {
        const place = `${groups.map((id) => row[id]).join(", ")}, measure ${at}`;
        const wanted = measure(ofGroup);
        if (typeof wanted === "string") {
          expect(row[shown[at] ?? ""], place).toBe(wanted);
        } else {
          expect(row[shown[at] ?? ""], place).toBeCloseTo(Number(wanted), 6);
        }
        compared++;
      }
    }
  }
  expect(compared).toBeGreaterThan(0);
  const [measure] = measures;
  // Groups by the first time are those that came in last.
  if (groups.length === 1 && measure !== undefined) {
    const values = [...byKey].filter(([key]) => key !== "").map(([, group]) => Number(measure(group)));
    const largest = values.sort((a, b) => b - a)[0];
    expect(Math.max(...data.rows.map((row) => Number(row[shown[0] ?? ""])))).toBeCloseTo(largest ?? 0, 6);
  }
}

function isEmpty(drawing: Drawing): boolean {
  switch (drawing.kind) {
    case "metric":
      return drawing.value === null || drawing.value === 0;
    case "xy":
      return !drawing.series.some(({ points }) => points.some(([, y]) => (y ?? 0) > 0));
    case "table":
      return drawing.rows.length === 0;
    case "map":
      return drawing.clusters.length === 0;
    case "text":
      return drawing.markdown === "";
    case "links":
      return drawing.links.length === 0;
  }
}
