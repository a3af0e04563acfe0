import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { declaredFields } from "./declared_fields.ts";
import { type KibanaFile, kibanaProblems } from "./rules.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const DECLARED = declaredFields(ROOT);
const LOGINS = "kibana/dashboard/aquila_salesforce-logins.json";
const SEARCH = "kibana/search/aquila_salesforce-failed-logins.json";
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
    ["another data view", ["references", 0, "id"], to("mine"), "leads to index-pattern mine"],
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
      "no filter",
      ["attributes", "kibanaSavedObjectMeta", "searchSourceJSON", "filter"],
      to([]),
      "the dashboard has no filter of its data streams",
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
