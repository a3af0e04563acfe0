/** For every rule about the package, a defect that it has to name. */
import { FIRST, type PackageDraft } from "./package_draft.fixture.ts";

const DASHBOARD = "kibana/dashboard/aquila_salesforce-logins.json";
const LOGIN = "data_stream/login";
const BASE_FIELDS = `${LOGIN}/fields/base-fields.yml`;
const PIPELINES = `${LOGIN}/elasticsearch/ingest_pipeline`;
const CONNECTION = "agent/input/input.yml.hbs";

const ALERT = "kibana/alerting_rule_template/aquila_salesforce-collection-stopped.json";
const KIBANA = ["conditions", "kibana", "version"];
const VARIABLES = ["policy_templates", 0, "inputs", 0, "vars"];
const LENS = ["attributes", "panelsJSON", { type: "lens" }];
const LAYER = [...LENS, "embeddableConfig", "attributes", "state", "datasourceStates", "formBased", "layers", FIRST];

/** What is broken, how, and what has to be said. */
export const DEFECTS: readonly (readonly [what: string, break_: (draft: PackageDraft) => void, said: RegExp])[] = [
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
  [
    "a picture of another size than is said",
    (d) =>
      d.replace(
        "manifest.yml",
        "overview.png\n    title: Overview of all orgs\n    size: 1",
        "overview.png\n    title: Overview of all orgs\n    size: 9",
      ),
    /overview\.png is \d+x\d+, not 9\d+x\d+/,
  ],
  ["a huge picture", (d) => d.files.set("img/huge.png", Buffer.alloc(4_194_304)), /huge\.png is larger than 3 MB/],
  [
    "too many pictures",
    (d) => {
      const picture = Buffer.alloc(3_000_000);
      for (let at = 0; at < 90; at += 1) {
        d.files.set(`img/${at}.png`, picture);
      }
    },
    /The package is larger than 250 MB/,
  ],
  ["broken YAML", (d) => d.write("changelog.yml", "- {"), /changelog\.yml is no valid YAML/],
  ["broken JSON", (d) => d.write(DASHBOARD, "{"), /logins\.json is no valid JSON/],
  // manifests
  ["a hyphen in the name", (d) => d.set("manifest.yml", ["name"], "aquila-salesforce"), /manifest\.yml: name/],
  ["a short version", (d) => d.set("manifest.yml", ["version"], "1.0"), /manifest\.yml: version/],
  ["a misspelt key", (d) => d.replace("manifest.yml", "\ncategories:", "\ncategory:"), /[Uu]nrecognized key/],
  ["no kind of owner", (d) => d.set("manifest.yml", ["owner", "type"], undefined), /owner\.type/],
  [
    "a Kibana that is too old for its format",
    (d) => d.set("manifest.yml", KIBANA, "^8.18.0 || ~9.1.0"),
    /\^8\.18\.0 takes no packages of format 3\.4/,
  ],
  [
    "a Kibana of a major that its format does not know",
    (d) => d.set("manifest.yml", KIBANA, "^7.17.0"),
    /\^7\.17\.0 takes no/,
  ],
  [
    "a condition that says nothing",
    (d) => d.set("manifest.yml", KIBANA, ">=8.19.0"),
    /must be parts such as \^9\.4\.0/,
  ],
  ["no condition", (d) => d.set("manifest.yml", KIBANA, 9), /must be parts such as/],
  [
    "alert templates that a Kibana of its condition refuses",
    (d) => d.set("manifest.yml", KIBANA, "^8.19.0 || ^9.1.0"),
    /attribute description, which Kibana 9\.2 and 9\.3 refuses, and with it the whole package/,
  ],
  [
    "alert templates that the one Kibana of its condition refuses",
    (d) => d.set("manifest.yml", KIBANA, "~9.3.0"),
    /attribute artifacts, which Kibana 9\.3 refuses/,
  ],
  [
    "alert templates of a later Kibana",
    (d) => d.set(ALERT, ["attributes", "engine"], "v2"),
    /attribute engine, which Kibana 9\.4 and 9\.5 refuses/,
  ],
  [
    "alert templates with an attribute that is refused everywhere",
    (d) => d.set(ALERT, ["attributes", "consumer"], "alerts"),
    /attribute consumer, which no Kibana takes/,
  ],
  [
    "a dashboard of a later Kibana",
    (d) => d.set(DASHBOARD, ["typeMigrationVersion"], "10.3.0"),
    /stored in the form 10\.3\.0; the oldest Kibana of the condition reads 10\.2 at most/,
  ],
  [
    "a dashboard of no form",
    (d) => d.set(DASHBOARD, ["typeMigrationVersion"], undefined),
    /does not say in which form/,
  ],
  [
    "objects that Kibana imports nobody knows since when",
    (d) => d.write("kibana/slo_template/x.json", '{"id": "x", "type": "slo_template", "attributes": {}}'),
    /slo_template\/x\.json is of a type that is not known here/,
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
    "two inputs of one type",
    (d) =>
      d.change("manifest.yml", ["policy_templates", 0, "inputs"], (inputs) => [
        ...(inputs as readonly unknown[]),
        ...(inputs as readonly unknown[]),
      ]),
    /there are two inputs of type aquila-salesforce/,
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
    "a version that is logged twice",
    (d) => d.change("changelog.yml", [], (entries) => [...(entries as object[]), ...(entries as object[])]),
    /there are two entries for/,
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
    "a password that is shown",
    (d) => d.set("manifest.yml", [...VARIABLES, { type: "password" }, "secret"], false),
    /is a password, but not secret/,
  ],
  [
    "URL schemes for a text",
    (d) => d.set("manifest.yml", [...VARIABLES, { type: "text" }, "url_allowed_schemes"], ["https"]),
    /has URL schemes, but is no url/,
  ],
  [
    "one default for several values",
    (d) => d.set(`${LOGIN}/manifest.yml`, ["streams", 0, "vars", { name: "tags" }, "default"], "forwarded"),
    /takes several values; its default must be a list/,
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
    /can't be rendered by Fleet's js-yaml with the defaults/,
  ],
  [
    "a template that is no YAML",
    (d) => d.replace(`${LOGIN}/agent/stream/stream.yml.hbs`, "objects:", "objects: ]"),
    /can't be rendered/,
  ],
  [
    "a variable without effect",
    (d) => d.replace(CONNECTION, '  username: {{escape_string username}} # \\" "\n', ""),
    /a value for username does not arrive/,
  ],
  [
    "a value that is not quoted",
    (d) => d.replace(CONNECTION, "{{escape_string username}}", "{{username}}"),
    /can't be rendered by Fleet's yaml with a value for username/,
  ],
  [
    "a text whose quotation mark runs on",
    (d) => d.replace(CONNECTION, ' # \\" "', ""),
    /can't be rendered by Fleet's yaml, joining lines with a value for organization_name/,
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
  ["a template of a list", (d) => d.write(`${LOGIN}/agent/stream/stream.yml.hbs`, "- a"), /renders to no mapping/],
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
    "too many fields",
    (d) =>
      d.change(BASE_FIELDS, [], (fields) => [
        ...(fields as object[]),
        ...Array.from({ length: 2_049 }, (_, at) => ({ name: `a.f${at}`, type: "long", description: "x" })),
      ]),
    /there are more than 2048 fields/,
  ],
  [
    "a field with fields that is no group",
    (d) => d.append(BASE_FIELDS, [], { name: "a", type: "keyword", description: "x", fields: [] }),
    /must be a group if it has fields/,
  ],
  [
    "a unit of a text",
    (d) => d.append(BASE_FIELDS, [], { name: "a.b", type: "keyword", unit: "ms", description: "x" }),
    /has a unit, but is no number/,
  ],
  [
    "a field with a blank in its name",
    (d) => d.append(BASE_FIELDS, [], { name: "a b", type: "keyword", description: "x" }),
    /a b is no name for a field/,
  ],
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
    "a description that breaks its table",
    (d) => d.append(BASE_FIELDS, [], { name: "a.b", type: "keyword", description: "this | that" }),
    /has a \| in its description/,
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
  [
    "a pipeline without its first line",
    (d) => d.replace(`${PIPELINES}/default.yml`, "---\n", ""),
    /does not start with ---/,
  ],
  [
    "a pipeline that is more than one",
    (d) => d.replace(`${PIPELINES}/default.yml`, "---\n", "---\nversion: 1\n"),
    /default\.yml: .*[Uu]nrecognized key/s,
  ],
  [
    "two processors of one tag",
    (d) =>
      d.change(`${PIPELINES}/default.yml`, ["processors"], (list) => [...(list as object[]), (list as object[])[0]]),
    /The tag \w+ is used twice/,
  ],
  [
    "a pipeline that is called twice",
    (d) => d.write(`${PIPELINES}/default.yml`, `${d.text(`${PIPELINES}/default.yml`)}# {{ IngestPipeline "event" }}\n`),
    /The pipeline event is called twice/,
  ],
  [
    "a pipeline that fails unseen",
    (d) => d.change(`${PIPELINES}/default.yml`, ["on_failure"], () => []),
    /on_failure does not set event\.kind/,
  ],
  [
    "a pipeline that fails without a reason",
    (d) => d.replace(`${PIPELINES}/default.yml`, "_ingest.on_failure_message", "_ingest.lost"),
    /does not tell _ingest\.on_failure_message/,
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
  ["a search among the dashboards", (d) => d.set(DASHBOARD, ["type"], "search"), /is a search in the folder dashboard/],
  ["a dashboard without content", (d) => d.set(DASHBOARD, ["attributes"], undefined), /has no attributes/],
  [
    "a dashboard that ends as ECS's do",
    (d) => d.write("kibana/dashboard/aquila_salesforce-x-ecs.json", d.text(DASHBOARD)),
    /must not end in -ecs/,
  ],
  ["a dashboard without panels", (d) => d.set(DASHBOARD, ["attributes", "panelsJSON"], "[]"), /has no panels/],
  [
    "a panel that is there twice",
    (d) =>
      d.change(DASHBOARD, ["attributes", "panelsJSON"], (text) => {
        const panels = JSON.parse(String(text));
        return JSON.stringify([...panels, panels[0]]);
      }),
    /has two panels/,
  ],
  [
    "a panel that is kept elsewhere",
    (d) => d.set(DASHBOARD, [...LENS, "panelRefName"], "panel_1"),
    /is kept elsewhere, not inside of the dashboard/,
  ],
  [
    "a panel without a layer",
    (d) => d.set(DASHBOARD, [...LENS, "embeddableConfig", "attributes", "state", "datasourceStates"], {}),
    /has no layer/,
  ],
  ["a column that has no place", (d) => d.set(DASHBOARD, [...LAYER, "columnOrder"], []), /does not order column/],
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
    "a panel without a query in a dashboard without a filter",
    (d) => d.set(DASHBOARD, [...LENS, "embeddableConfig", "attributes", "state", "query", "query"], ""),
    /has no filter and no query, nor has the dashboard a filter/,
  ],
  ["a layer without its data view", (d) => d.set(DASHBOARD, ["references"], []), /has no data view for layer/],
  ["a tag of nothing", (d) => d.write("kibana/tags.yml", "- text: X\n  asset_ids: [lost]\n"), /marks lost/],
  [
    "a tag of an unknown type",
    (d) => d.write("kibana/tags.yml", "- text: X\n  asset_types: [canvas]\n"),
    /marks canvas/,
  ],
  [
    "a tag of everything",
    (d) => d.write("kibana/tags.yml", "- text: X\n"),
    /must have either asset_types or asset_ids/,
  ],
  [
    "two tags of one name",
    (d) => d.write("kibana/tags.yml", "- {text: X, asset_types: [search]}\n- {text: X, asset_types: [search]}\n"),
    /there are two tags X/,
  ],
];
