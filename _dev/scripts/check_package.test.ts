import { resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { packageProblems } from "./check_package.ts";
import { packageFiles } from "./package/package_files.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const DASHBOARD = "kibana/dashboard/aquila_salesforce-logins.json";
const LOGIN = "data_stream/login";
const BASE_FIELDS = `${LOGIN}/fields/base-fields.yml`;
const PIPELINES = `${LOGIN}/elasticsearch/ingest_pipeline`;
const CONNECTION = "agent/input/input.yml.hbs";

/** A step into a value: a key, an index, or the item of a list that has this value at a key. */
type Step = string | number | { readonly [key: string]: string };

/** The files of the package, to be broken. */
class Draft {
  readonly files: Map<string, Buffer>;

  constructor(files: ReadonlyMap<string, Buffer>) {
    this.files = new Map(files);
  }

  text(path: string): string {
    const content = this.files.get(path);
    if (content === undefined) {
      throw new Error(`${path} is not there to be broken`);
    }
    return content.toString("utf8");
  }

  write(path: string, text: string): void {
    this.files.set(path, Buffer.from(text));
  }

  replace(path: string, from: string, to: string): void {
    if (!this.text(path).includes(from)) {
      throw new Error(`${path} does not hold ${from}`);
    }
    this.write(
      path,
      this.text(path).replace(from, () => to),
    );
  }

  /** Changes what is at the end of the steps; `undefined` takes it away. JSON is YAML too. */
  change(path: string, steps: readonly Step[], change: (value: unknown) => unknown): void {
    const content = changed(parse(this.text(path)), steps, change);
    this.write(path, path.endsWith(".json") ? JSON.stringify(content) : stringify(content));
  }

  set(path: string, steps: readonly Step[], value: unknown): void {
    this.change(path, steps, () => value);
  }

  append(path: string, steps: readonly Step[], item: unknown): void {
    this.change(path, steps, (list) => [...(list as unknown[]), item]);
  }
}

/** A copy with the change; steps into a text go into the JSON that it holds. */
function changed(node: unknown, steps: readonly Step[], change: (value: unknown) => unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) {
    return change(node);
  }
  if (typeof node === "string") {
    return JSON.stringify(changed(JSON.parse(node), steps, change));
  }
  if (Array.isArray(node)) {
    const at = typeof step === "number" ? step : node.findIndex((item) => isLike(item, step));
    if (!(at in node)) {
      throw new Error(`There is no item ${JSON.stringify(step)}`);
    }
    const item = changed(node[at], rest, change);
    return item === undefined ? node.toSpliced(at, 1) : node.with(at, item);
  }
  const mapping = node as Readonly<Record<string, unknown>>;
  const key = step === FIRST ? Object.keys(mapping)[0] : String(step);
  return { ...mapping, [String(key)]: changed(mapping[String(key)], rest, change) };
}

/** The first key of a mapping whose keys are made up. */
const FIRST = "*";

function isLike(item: unknown, wanted: Exclude<Step, number>): boolean {
  return typeof wanted === "object" && Object.entries(wanted).every(([key, value]) => Object(item)[key] === value);
}

let sound: ReadonlyMap<string, Buffer>;
beforeAll(() => {
  sound = packageFiles(ROOT);
});

const VARIABLES = ["policy_templates", 0, "inputs", 0, "vars"];
const LENS = ["attributes", "panelsJSON", { type: "lens" }];
const LAYER = [...LENS, "embeddableConfig", "attributes", "state", "datasourceStates", "formBased", "layers", FIRST];

/** What is broken, how, and what has to be said. */
const BROKEN: readonly (readonly [what: string, break_: (draft: Draft) => void, said: RegExp])[] = [
  // files and folders
  ["no licence", (d) => d.files.delete("LICENSE.txt"), /LICENSE\.txt is missing/],
  ["no README", (d) => d.files.delete("docs/README.md"), /docs\/README\.md is missing/],
  ["no base fields", (d) => d.files.delete(`${LOGIN}/fields/base-fields.yml`), /base-fields\.yml is missing/],
  ["sources in it", (d) => d.write("src/main.ts", ""), /src\/main\.ts does not belong/],
  ["development files in it", (d) => d.write(`${LOGIN}/_dev/test/config.yml`, "a: 1"), /_dev.* does not belong/],
  ["a picture in docs", (d) => d.write("docs/picture.png", ""), /docs\/picture\.png does not belong/],
  ["a folder unknown to Kibana", (d) => d.write("kibana/canvas/x.json", "{}"), /canvas.* does not belong/],
  ["a badly named file of fields", (d) => d.write(`${LOGIN}/fields/Own.yml`, "[]"), /Own\.yml is no name/],
  ["a hyphen in a data stream", (d) => d.write("data_stream/log-in/manifest.yml", "a: 1"), /log-in is no name/],
  ["a huge picture", (d) => d.files.set("img/huge.png", Buffer.alloc(4_194_304)), /huge\.png is larger than 3 MB/],
  ["broken YAML", (d) => d.write("changelog.yml", "- {"), /changelog\.yml is no valid YAML/],
  ["broken JSON", (d) => d.write(DASHBOARD, "{"), /logins\.json is no valid JSON/],
  // manifests
  ["a hyphen in the name", (d) => d.set("manifest.yml", ["name"], "aquila-salesforce"), /manifest\.yml: name/],
  ["a short version", (d) => d.set("manifest.yml", ["version"], "1.0"), /manifest\.yml: version/],
  ["a misspelt key", (d) => d.replace("manifest.yml", "\ncategories:", "\ncategory:"), /[Uu]nrecognized key/],
  ["no kind of owner", (d) => d.set("manifest.yml", ["owner", "type"], undefined), /owner\.type/],
  [
    "a Kibana that is too old for its format",
    (d) => d.set("manifest.yml", ["conditions", "kibana", "version"], "^8.18.0 || ^9.1.0"),
    /\^8\.18\.0 takes no packages of format 3\.4/,
  ],
  [
    "a format of the future",
    (d) => d.set("manifest.yml", ["format_version"], "3.9.0"),
    /format_version 3\.9 is not known/,
  ],
  ["an icon that is not there", (d) => d.set("manifest.yml", ["icons", 0, "src"], "/img/no.svg"), /no picture/],
  [
    "a stream that no template names",
    (d) => d.set("manifest.yml", ["policy_templates", 0, "data_streams", 0], undefined),
    /no policy template names the data stream/,
  ],
  [
    "a stream that does not exist",
    (d) => d.append("manifest.yml", ["policy_templates", 0, "data_streams"], "lost"),
    /there is no data stream lost/,
  ],
  [
    "a stream of another input",
    (d) => d.set(`${LOGIN}/manifest.yml`, ["streams", 0, "input"], "salesforce"),
    /no policy template has the input salesforce/,
  ],
  [
    "a hyphen in a dataset",
    (d) => d.set(`${LOGIN}/manifest.yml`, ["dataset"], "aquila_salesforce.log-in"),
    /dataset: may hold no -/,
  ],
  // changelog
  ["an unlogged version", (d) => d.set("manifest.yml", ["version"], "9.9.9"), /the manifest's version 9\.9\.9/],
  [
    "versions in the wrong order",
    (d) =>
      d.change("changelog.yml", [], (entries) => {
        const [newest] = entries as readonly object[];
        return [newest, { ...newest, version: "7.0.0" }];
      }),
    /7\.0\.0 must stand above/,
  ],
  [
    "a link to no pull request",
    (d) => d.set("changelog.yml", [0, "changes", 0, "link"], "https://github.com/a/b/pulls"),
    /must end in the number/,
  ],
  [
    "an unknown kind of change",
    (d) => d.set("changelog.yml", [0, "changes", 0, "type"], "feature"),
    /changelog\.yml: .*type/,
  ],
  // variables
  [
    "a passphrase that may be a secret or not",
    (d) => d.set("manifest.yml", [...VARIABLES, { name: "private_key_passphrase" }, "secret"], undefined),
    /private_key_passphrase must say whether it is secret/,
  ],
  [
    "a secret with a default",
    (d) => d.set("manifest.yml", [...VARIABLES, { name: "private_key" }, "default"], "x"),
    /private_key is secret and has a default/,
  ],
  [
    "a select without options",
    (d) => d.set(`${LOGIN}/manifest.yml`, ["streams", 0, "vars", { type: "select" }, "options"], undefined),
    /must have options/,
  ],
  [
    "a default that is no option",
    (d) => d.set(`${LOGIN}/manifest.yml`, ["streams", 0, "vars", { type: "select" }, "default"], "weekly"),
    /default weekly, which is none/,
  ],
  [
    "a default of another type",
    (d) => d.set("manifest.yml", [...VARIABLES, { type: "integer" }, "default"], "20"),
    /has a default that is no integer/,
  ],
  [
    "a type of a newer format",
    (d) => d.set(`${LOGIN}/manifest.yml`, ["streams", 0, "vars", 0, "type"], "duration"),
    /streams\.0\.vars\.0\.type/,
  ],
  [
    "two variables of one name",
    (d) => d.set(`${LOGIN}/manifest.yml`, ["streams", 0, "vars", 1, "name"], "event_log_files_enabled"),
    /two variables event_log_files_enabled/,
  ],
  // templates
  ["no template", (d) => d.files.delete(CONNECTION), /input\.yml\.hbs is missing/],
  ["a forgotten template", (d) => d.write("agent/input/old.yml.hbs", "a: 1"), /old\.yml\.hbs is used by no manifest/],
  [
    "a template that is no Handlebars",
    (d) => d.replace(CONNECTION, "{{/if}}", ""),
    /can't be rendered with the defaults/,
  ],
  [
    "a template that is no YAML",
    (d) => d.replace(`${LOGIN}/agent/stream/stream.yml.hbs`, "objects:", "objects: ]"),
    /can't be rendered/,
  ],
  [
    "a variable without effect",
    (d) => d.replace(CONNECTION, "  username: {{escape_string username}}\n", ""),
    /a value for username does not arrive/,
  ],
  [
    "a value that is not quoted",
    (d) => d.replace(CONNECTION, "{{escape_string username}}", "{{username}}"),
    /can't be rendered with a value for username/,
  ],
  [
    "a template with an unknown variable",
    (d) => d.replace(CONNECTION, "{{escape_string username}}", "{{escape_string user_name}}"),
    /uses user_name, which is no variable/,
  ],
  [
    "a key that is no setting",
    (d) => d.replace(CONNECTION, "  username:", "  user:"),
    /writes auth\.user, which is no setting/,
  ],
  // fields
  [
    "a data stream without a time",
    (d) => d.set(BASE_FIELDS, [{ name: "@timestamp" }], undefined),
    /must be a field @timestamp of type date/,
  ],
  [
    "a field that is there twice",
    (d) => d.append(BASE_FIELDS, [], { name: "data_stream.type", type: "constant_keyword", description: "x" }),
    /data_stream\.type is declared twice/,
  ],
  ["an unknown type", (d) => d.set(BASE_FIELDS, [{ type: "keyword" }, "type"], "string"), /unknown type string/],
  [
    "an object of nothing",
    (d) => d.append(BASE_FIELDS, [], { name: "a.b", type: "object", description: "x" }),
    /object without object_type/,
  ],
  [
    "an alias of nothing",
    (d) => d.append(BASE_FIELDS, [], { name: "a.b", type: "alias", path: "no.where", description: "x" }),
    /stands for no\.where/,
  ],
  [
    "a field from elsewhere",
    (d) => d.append(BASE_FIELDS, [], { name: "user.hash", external: "ecs", description: "x" }),
    /external/,
  ],
  [
    "an unknown unit",
    (d) => d.append(BASE_FIELDS, [], { name: "a.b", type: "long", unit: "minutes", description: "x" }),
    /unknown unit minutes/,
  ],
  [
    "a field that nobody explains",
    (d) => d.set(BASE_FIELDS, [{ name: "input.type" }, "description"], undefined),
    /has no description/,
  ],
  [
    "a sample event with an unknown field",
    (d) => d.write(`${LOGIN}/sample_event.json`, '{"salesforce": {"login": {"lost": 1}}}'),
    /salesforce\.login\.lost is not declared/,
  ],
  // pipelines
  [
    "a processor that packages may not have",
    (d) => d.replace(`${PIPELINES}/default.yml`, "  - set:", "  - enrich:"),
    /enrich is not allowed/,
  ],
  [
    "a pipeline that is called and missing",
    (d) => d.files.delete(`${PIPELINES}/event.yml`),
    /there is no pipeline .*event\.yml/,
  ],
  [
    "a processor without a tag",
    (d) => d.replace(`${PIPELINES}/default.yml`, "      tag: set_event_kind\n", ""),
    /A set has no tag/,
  ],
  // Kibana
  ["a dashboard with another id", (d) => d.set(DASHBOARD, ["id"], "other"), /has the id other/],
  [
    "a dashboard without the package's name",
    (d) => {
      d.write("kibana/dashboard/logins.json", d.text(DASHBOARD));
      d.set("kibana/dashboard/logins.json", ["id"], "logins");
    },
    /does not start with aquila_salesforce-/,
  ],
  [
    "a dashboard that is not encoded",
    (d) => d.change(DASHBOARD, ["attributes", "panelsJSON"], (text) => JSON.parse(String(text))),
    /panelsJSON that is no JSON text/,
  ],
  [
    "a reference to nothing",
    (d) => d.append(DASHBOARD, ["references"], { type: "dashboard", id: "aquila_salesforce-lost", name: "x" }),
    /refers to the dashboard aquila_salesforce-lost/,
  ],
  [
    "a panel by reference",
    (d) => d.append(DASHBOARD, ["references"], { type: "lens", id: "aquila_salesforce-lens", name: "x" }),
    /has to be inside of it/,
  ],
  [
    "a data view of somebody else",
    (d) => d.set(DASHBOARD, ["references", { type: "index-pattern" }, "id"], "mine"),
    /data view mine/,
  ],
  ["a panel with a column missing", (d) => d.set(DASHBOARD, [...LAYER, "columns"], {}), /has no column/],
  ["a panel that is too wide", (d) => d.set(DASHBOARD, [...LENS, "gridData", "w"], 60), /wider than the 48 columns/],
  ["a panel with two indices", (d) => d.set(DASHBOARD, [...LENS, "gridData", "i"], "x"), /another index in its place/],
  [
    "a panel of an unknown field",
    (d) => d.set(DASHBOARD, [...LAYER, "columns", FIRST, "sourceField"], "salesforce.login.lost"),
    /names salesforce\.login\.lost/,
  ],
  [
    "a panel without a filter in a dashboard without one",
    (d) => d.set(DASHBOARD, ["attributes", "kibanaSavedObjectMeta", "searchSourceJSON", "filter"], []),
    /has no filter, nor has the dashboard/,
  ],
  ["a layer without its data view", (d) => d.set(DASHBOARD, ["references"], []), /has no data view for layer/],
  ["a tag of nothing", (d) => d.write("kibana/tags.yml", "- text: X\n  asset_ids: [lost]\n"), /marks lost/],
];

test("the package has no problem", () => {
  expect(packageProblems(sound)).toEqual([]);
});

describe("a package with", () => {
  test.each(BROKEN)("%s is refused", (_, break_, said) => {
    const draft = new Draft(sound);
    break_(draft);
    const problems = packageProblems(draft.files);
    expect(problems.filter((problem) => said.test(problem))).not.toEqual([]);
  });

  test("each of these faults has been tried once", () => {
    expect(new Set(BROKEN.map(([what]) => what)).size).toBe(BROKEN.length);
    expect(BROKEN.length).toBeGreaterThanOrEqual(30);
  });
});
