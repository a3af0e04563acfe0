import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { declaredFields } from "./declared_fields.ts";
import { type KibanaFile, kibanaProblems } from "./rules.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const DECLARED = declaredFields(ROOT);
const LOGINS = "kibana/dashboard/aquila_salesforce-logins.json";
const SEARCH = "kibana/search/aquila_salesforce-failed-logins.json";
const API = "kibana/dashboard/aquila_salesforce-api.json";
const HEALTH = "kibana/dashboard/aquila_salesforce-collection-health.json";
const ALERT = "kibana/alerting_rule_template/aquila_salesforce-api-export.json";

/** Leads into an object: names, indices, and for a list of panels the name of one of them. */
type Path = readonly (string | number)[];
type Change = (value: unknown) => unknown;

function files(): KibanaFile[] {
  return globSync("kibana/*/*.json", { cwd: ROOT }).map((path) => ({
    path,
    object: JSON.parse(readFileSync(join(ROOT, path), "utf8")),
  }));
}

/** A copy in which the value that the path leads to is another one. */
function changed(value: unknown, [step, ...rest]: Path, change: Change): unknown {
  if (step === undefined) {
    return change(value);
  }
  if (Array.isArray(value)) {
    const at = typeof step === "number" ? step : value.findIndex((one) => one.panelIndex === step);
    return value.with(at, changed(value[at], rest, change));
  }
  const object = value as Readonly<Record<string, unknown>>;
  return { ...object, [step]: changed(object[step], rest, change) };
}

function problemsAfter(path: string, into: Path, change: Change): string {
  const all = files().map((file) => (file.path === path ? { path, object: changed(file.object, into, change) } : file));
  return kibanaProblems(all, DECLARED).join("\n");
}

const to = (value: unknown) => () => value;
const plus = (text: string) => (value: unknown) => value + text;
const without = (text: string) => (value: unknown) => String(value).replace(text, "");
const list = (change: (values: readonly unknown[]) => unknown) => (value: unknown) => change(value as unknown[]);

const panel = (key: string): Path => ["attributes", "panelsJSON", key];
const state = (key: string): Path => [...panel(key), "embeddableConfig", "attributes", "state"];
const layer = (key: string): Path => [...state(key), "datasourceStates", "formBased", "layers", "layer"];
const LINKS: Path = [...panel("links"), "embeddableConfig", "attributes", "links"];
const column = (key: string, id: string): Path => [...layer(key), "columns", id];

test("the package's objects keep every rule", () => {
  expect(kibanaProblems(files(), DECLARED)).toEqual([]);
});

const GHOST = { type: "index-pattern", id: "logs-*", name: "gone:x" };
const FOREIGN = { type: "dashboard", id: "salesforce-x", name: "links:link_overview_dashboard" };
const nameOf = (reference: unknown) => (reference as { name: string }).name;

describe("a mutated dashboard is refused", () => {
  test.each<[string, Path, Change, string]>([
    ["another id", ["id"], to("aquila_salesforce-else"), "the id aquila_salesforce-else is not the file's name"],
    ["a foreign id", ["id"], to("logins"), "the id does not begin with aquila_salesforce-"],
    ["another type", ["type"], to("lens"), "the type lens is not that of the folder"],
    [
      "a link to another package",
      ["references"],
      list((all) => all.map((one) => (nameOf(one) === FOREIGN.name ? FOREIGN : one))),
      "leads to dashboard salesforce-x, which the package does not have",
    ],
    [
      "another data view",
      ["references"],
      list((all) => [...all, { ...GHOST, id: "mine" }]),
      "leads to index-pattern mine",
    ],
    [
      "a missing reference",
      ["references"],
      list((all) => all.filter((one) => !nameOf(one).startsWith("failures:"))),
      "the reference failures:indexpattern-datasource-layer-layer is missing",
    ],
    ["a reference of nothing", ["references"], list((all) => [...all, GHOST]), "nothing asks for the reference gone:x"],
    [
      "a panel by reference",
      [...panel("failures"), "panelRefName"],
      to("panel_failures"),
      "panel failures is a lens by reference, not by value",
    ],
    [
      "an unknown field of a measure",
      [...column("addresses", "measure-0"), "sourceField"],
      to("source.adress"),
      "panel addresses: layer layer: column measure-0: no data stream declares the field source.adress",
    ],
    [
      "an unknown field of groups",
      [...column("types", "group-0"), "sourceField"],
      to("salesforce.login.kind"),
      "no data stream declares the field salesforce.login.kind",
    ],
    [
      "an unknown field of a query",
      [...state("failures"), "query", "query"],
      plus(" and user.shoes : 44"),
      "panel failures: no data stream declares the field user.shoes",
    ],
    [
      "an unknown field of a filtered measure",
      [...column("outcomes", "measure-0"), "filter", "query"],
      to("event.result : 1"),
      "no data stream declares the field event.result",
    ],
    [
      "an unreadable query",
      [...state("failures"), "query", "query"],
      plus(" and ("),
      "panel failures: a field is missing at the end of the query",
    ],
    [
      "an unknown field of the map",
      [...panel("map"), "embeddableConfig", "attributes", "layerListJSON"],
      (text) => String(text).replace("source.geo.location", "source.geo.place"),
      "panel map: no data stream declares the field source.geo.place",
    ],
    [
      "an unknown field of a control",
      ["attributes", "controlGroupInput", "panelsJSON", "organization", "explicitInput", "fieldName"],
      to("org"),
      "no data stream declares the field org",
    ],
    [
      "a layer without columns",
      layer("failures"),
      to({ columns: {}, columnOrder: [] }),
      "layer layer: it has no column",
    ],
    [
      "an order that names no column",
      [...layer("failures"), "columnOrder"],
      list((ids) => [...ids, "ghost"]),
      "its order names ghost, which is no column",
    ],
    [
      "an order that lacks a column",
      [...layer("outcomes"), "columnOrder"],
      list((ids) => ids.slice(0, -1)),
      "its order lacks the column measure-1",
    ],
    [
      "an accessor without a column",
      [...state("failures"), "visualization", "metricAccessor"],
      to("ghost"),
      "it draws the column ghost, which no layer has",
    ],
    [
      "a visualization of another layer",
      [...state("failures"), "visualization", "layerId"],
      to("other"),
      "it draws the layer other, which it lacks",
    ],
    [
      "groups ordered by no column",
      [...column("types", "group-0"), "params", "orderBy", "columnId"],
      to("ghost"),
      "it refers to ghost, which is no column",
    ],
    [
      "a formula of nothing",
      [...column("success-rate", "measure-0"), "references"],
      to(["ghost"]),
      "it refers to ghost, which is no column",
    ],
    [
      "a panel that counts copies",
      [...state("failures"), "query", "query"],
      without("salesforce.collection.primary : true and "),
      "panel failures: the query counts copies of events",
    ],
    [
      "a panel of every data stream",
      [...state("failures"), "query", "query"],
      to("salesforce.collection.primary : true"),
      "panel failures: the query names no data stream",
    ],
    [
      "a filter of the whole dashboard",
      ["attributes", "kibanaSavedObjectMeta", "searchSourceJSON", "filter"],
      to([{ query: { match_phrase: { "data_stream.dataset": "aquila_salesforce.login" } } }]),
      "the dashboard saves a filter, which every link carries into the next dashboard",
    ],
    [
      "no time range of its own",
      ["attributes", "timeRestore"],
      to(false),
      "the dashboard keeps no time range and opens with 15 minutes",
    ],
    [
      "links that drop the time range",
      [...LINKS, 0, "options", "useCurrentDateRange"],
      to(false),
      "the link Overview drops the time range",
    ],
    [
      "links that drop the org",
      [...LINKS, 1, "options", "useCurrentFilters"],
      to(false),
      "the link Logins drops query and controls",
    ],
    [
      "a tile of one colour",
      [...state("failures"), "visualization", "color"],
      to("#E7664C"),
      "panel failures: its colour is fixed, whatever the value",
    ],
    [
      "a donut",
      [...panel("types"), "embeddableConfig", "attributes", "visualizationType"],
      to("lnsPie"),
      "a donut says little",
    ],
    [
      "new addresses that are not said to be new within the time range",
      [...panel("new-addresses"), "title"],
      to("Which addresses are new?"),
      "panel new-addresses: its title does not say that what is new is new within the time range",
    ],
    ["a panel on another", [...panel("failures"), "gridData", "x"], to(0), "panel failures covers panel success-rate"],
    [
      "a panel outside",
      [...panel("outcomes"), "gridData", "w"],
      to(60),
      "panel outcomes leaves the grid of 48 columns",
    ],
    ["another name in the grid", [...panel("map"), "gridData", "i"], to("m"), "panel map stands in the grid as m"],
    ["an unknown operation", [...column("failures", "measure-0"), "operationType"], to("guess"), "Invalid"],
  ])("%s", (_, into, change, problem) => {
    const problems = problemsAfter(LOGINS, into, change);
    expect(problems).toContain(problem);
    expect(problems).toContain(`${LOGINS}: `);
  });
});

test.each<[string, string, Path, Change, string]>([
  [
    "another split of API versions",
    API,
    [...state("old-versions"), "query", "query"],
    (query) => String(query).replace("41.0", "50.0"),
    "panel old-versions: it divides API versions at 50.0, for which Salesforce has told no date",
  ],
  [
    "a count of the states of Bulk API 2.0 jobs",
    API,
    [...column("bulk-status", "measure-0"), "operationType"],
    to("count"),
    "panel bulk-status: it counts each state of a Bulk API 2.0 job",
  ],
  [
    "another first panel of the API",
    API,
    [...panel("limits"), "gridData", "y"],
    to(500),
    "the panel limits does not come first",
  ],
  [
    "another first panel of the collection's health",
    HEALTH,
    [...panel("health"), "gridData", "y"],
    to(500),
    "the panel health does not come first",
  ],
  [
    "an axis of hours and half hours",
    HEALTH,
    [...column("lag", "measure-0"), "params", "format"],
    to({ id: "duration", params: { fromUnit: "milliseconds" } }),
    "panel lag: its axis adds up durations, whose ticks are no whole units",
  ],
  [
    "an alert by the time of arrival",
    ALERT,
    ["attributes", "params", "timeField"],
    to("event.ingested"),
    "it goes by event.ingested: a daily file or a backfill brings the events of days in one hour",
  ],
  [
    "an alert about exports that overlooks Bulk jobs",
    ALERT,
    ["attributes", "params", "esqlQuery", "esql"],
    (esql) => String(esql).replaceAll("records_processed", "rows_returned"),
    "it counts the rows of requests and not those of Bulk jobs",
  ],
  [
    "an alert about silence that ends meanwhile",
    "kibana/alerting_rule_template/aquila_salesforce-collection-stopped.json",
    ["attributes", "params", "timeWindowSize"],
    to(2),
    "it ends after 2 days of silence, while the silence lasts",
  ],
  [
    "an alert that must be edited first",
    "kibana/alerting_rule_template/aquila_salesforce-privileged-login-as.json",
    ["attributes", "params", "esqlQuery", "esql"],
    plus('\n| WHERE user.effective.id == "005000000000000AAA"'),
    "it finds nothing until somebody puts a user's id into the query",
  ],
  [
    "a saved search with an unknown column",
    SEARCH,
    ["attributes", "columns"],
    list((columns) => [...columns, "x.y"]),
    "no data stream declares the field x.y",
  ],
  [
    "a saved search that shows copies",
    SEARCH,
    ["attributes", "kibanaSavedObjectMeta", "searchSourceJSON", "query", "query"],
    to('data_stream.dataset : "aquila_salesforce.login"'),
    "the query counts copies of events",
  ],
  [
    "an alert that counts copies",
    ALERT,
    ["attributes", "params", "esqlQuery", "esql"],
    to("FROM logs-aquila_salesforce.api-* | LIMIT 1"),
    "the query counts copies of events",
  ],
  [
    "an alert on another package's data",
    ALERT,
    ["attributes", "params", "esqlQuery", "esql"],
    to("FROM logs-* | WHERE salesforce.collection.primary == true"),
    "the query does not read a data stream of the package",
  ],
  [
    "an alert without guide",
    ALERT,
    ["attributes", "artifacts", "investigation_guide", "blob"],
    to(""),
    "attributes.artifacts.investigation_guide.blob",
  ],
  [
    "an alert that leads to no dashboard",
    ALERT,
    ["attributes", "artifacts", "dashboards", 0, "id"],
    to("gone"),
    "it names the dashboard gone, which the package does not have",
  ],
])("%s is refused", (_, path, into, change, problem) => {
  expect(problemsAfter(path, into, change)).toContain(problem);
});
