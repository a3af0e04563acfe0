/** Saved objects of Kibana: names, references, what each panel needs, and that the fields that they name exist. */
import { basename } from "node:path";
import { isMapping, type Mapping } from "../../../src/core/block.ts";
import { fieldsOf } from "./field_rules.ts";
import { mappings, type PackageRule, type PackageView, repeated } from "./package_view.ts";

/** The types of saved objects by folder. */
const TYPES: Readonly<Record<string, string>> = {
  dashboard: "dashboard",
  visualization: "visualization",
  search: "search",
  map: "map",
  lens: "lens",
  tag: "tag",
  ml_module: "ml-module",
  security_rule: "security-rule",
  alerting_rule_template: "alerting_rule_template",
  slo_template: "slo_template",
};

/** Folders whose files need not start with the package's name. */
const FREE_NAMES = new Set(["security_rule", "alerting_rule_template", "slo_template"]);

/** These have to be inside of the dashboard, so that a copy of it is whole. */
const BY_VALUE = new Set(["lens", "map", "visualization"]);

/** Data views that Fleet itself makes. */
const DATA_VIEWS = new Set(["logs-*", "metrics-*"]);

interface SavedObject {
  readonly path: string;
  readonly folder: string;
  readonly content: Mapping;
}

export const kibanaProblems: PackageRule = (view) => {
  const objects = view.paths(/^kibana\/[^/]+\/[^/]+\.json$/).flatMap((path): SavedObject[] => {
    const content = view.value(path);
    return isMapping(content) ? [{ path, folder: path.split("/")[1] ?? "", content }] : [];
  });
  const manifest = view.value("manifest.yml");
  const packageName = isMapping(manifest) ? String(manifest.name) : "";
  const fields = new Set(view.streams.flatMap((stream) => fieldsOf(view, stream).map(({ name }) => name)));
  const ids = new Set(objects.map(({ content }) => `${String(content.type)} ${String(content.id)}`));
  return [
    ...objects.flatMap((object) => {
      const problems = [
        ...nameProblems(object, packageName),
        ...referenceProblems(object, ids),
        ...encodingProblems(object),
        ...(object.folder === "dashboard" ? dashboardProblems(object.content) : []),
        ...unknownFields(object.content, fields).map((field) => `names ${field}, which no data stream declares`),
      ];
      return problems.map((problem) => `${object.path} ${problem}`);
    }),
    ...tagProblems(view),
  ];
};

function nameProblems({ path, folder, content }: SavedObject, packageName: string): string[] {
  const name = basename(path, ".json");
  return [
    ...(content.id === name ? [] : [`has the id ${String(content.id)}, which is not its name`]),
    ...(content.type === TYPES[folder] ? [] : [`is a ${String(content.type)} in the folder ${folder}`]),
    ...(FREE_NAMES.has(folder) || name.startsWith(`${packageName}-`) ? [] : [`does not start with ${packageName}-`]),
    ...(/-ecs$/i.test(name) ? ["must not end in -ecs"] : []),
    ...(isMapping(content.attributes) ? [] : ["has no attributes"]),
  ];
}

function referenceProblems({ folder, content }: SavedObject, ids: ReadonlySet<string>): string[] {
  return mappings(content.references).flatMap(({ type, id }) => {
    if (type === "index-pattern") {
      return DATA_VIEWS.has(String(id)) ? [] : [`refers to the data view ${String(id)}, which Fleet does not make`];
    }
    if (folder === "dashboard" && BY_VALUE.has(String(type))) {
      return [`refers to the ${String(type)} ${String(id)}, which has to be inside of it`];
    }
    return ids.has(`${String(type)} ${String(id)}`)
      ? []
      : [`refers to the ${String(type)} ${String(id)}, which is not in the package`];
  });
}

/** Kibana imports these as text only. */
function encodingProblems({ content: { attributes } }: SavedObject): string[] {
  if (!isMapping(attributes)) {
    return [];
  }
  const { kibanaSavedObjectMeta: meta, controlGroupInput: controls } = attributes;
  const texts: Mapping = {
    panelsJSON: attributes.panelsJSON,
    optionsJSON: attributes.optionsJSON,
    searchSourceJSON: isMapping(meta) ? meta.searchSourceJSON : undefined,
    "controlGroupInput.panelsJSON": isMapping(controls) ? controls.panelsJSON : undefined,
  };
  return Object.entries(texts)
    .filter(([, value]) => value !== undefined && decoded(value) === undefined)
    .map(([name]) => `has ${name} that is no JSON text`);
}

function dashboardProblems({ attributes, references }: Mapping): string[] {
  const panels = mappings(isMapping(attributes) ? decoded(attributes.panelsJSON) : undefined);
  const meta = isMapping(attributes) ? attributes.kibanaSavedObjectMeta : undefined;
  const source = isMapping(meta) ? decoded(meta.searchSourceJSON) : undefined;
  const isFiltered = isMapping(source) && mappings(source.filter).length > 0;
  const names = new Set(mappings(references).map(({ name }) => String(name)));
  return [
    ...(panels.length === 0 ? ["has no panels"] : []),
    ...repeated(panels.map(({ panelIndex }) => String(panelIndex))).map((index) => `has two panels ${index}`),
    ...panels.flatMap((panel) =>
      panelProblems(panel, isFiltered, names).map((problem) => `panel ${String(panel.panelIndex)} ${problem}`),
    ),
  ];
}

function panelProblems(panel: Mapping, isFiltered: boolean, names: ReadonlySet<string>): string[] {
  const { gridData: grid, embeddableConfig: config, panelRefName: byReference, panelIndex } = panel;
  const attributes = isMapping(config) ? config.attributes : undefined;
  const state = isMapping(attributes) && isMapping(attributes.state) ? attributes.state : {};
  const needsFilter = panel.type === "lens" || panel.type === "map";
  return [
    ...(byReference !== undefined && panel.type !== "search" ? ["is kept elsewhere, not inside of the dashboard"] : []),
    ...(isMapping(grid) && grid.i === panelIndex ? [] : ["has another index in its place on the grid"]),
    ...(isMapping(grid) && Number(grid.x) + Number(grid.w) <= 48 ? [] : ["is wider than the 48 columns of the grid"]),
    ...(needsFilter && !isFiltered && !(isMapping(attributes) && narrowsItself(attributes, state))
      ? ["has no filter and no query, nor has the dashboard a filter"]
      : []),
    ...(panel.type === "lens" ? layerProblems(state, String(panelIndex), names) : []),
  ];
}

/** Filters or a query of the panel's own: a visualization's state has them, or the state of a map. */
function narrowsItself(attributes: Mapping, state: Mapping): boolean {
  const own = "mapStateJSON" in attributes ? decoded(attributes.mapStateJSON) : state;
  return (
    isMapping(own) &&
    (mappings(own.filters).length > 0 ||
      (isMapping(own.query) && typeof own.query.query === "string" && own.query.query !== ""))
  );
}

/** A layer without its column or its data view is an error that people see in place of a chart. */
function layerProblems(state: Mapping, panel: string, names: ReadonlySet<string>): string[] {
  const sources = isMapping(state.datasourceStates) ? state.datasourceStates : {};
  const formBased = isMapping(sources.formBased) ? sources.formBased : {};
  const layers = Object.entries(isMapping(formBased.layers) ? formBased.layers : {});
  if (layers.length === 0 && !isMapping(sources.textBased)) {
    return ["has no layer"];
  }
  return layers.flatMap(([id, layer]) => {
    const columns = isMapping(layer) && isMapping(layer.columns) ? layer.columns : {};
    const order = isMapping(layer) && Array.isArray(layer.columnOrder) ? layer.columnOrder.map(String) : [];
    return [
      ...order
        .filter((column) => !Object.hasOwn(columns, column))
        .map((column) => `has no column ${column} in layer ${id}`),
      ...Object.keys(columns)
        .filter((column) => !order.includes(column))
        .map((column) => `does not order column ${column}`),
      ...(names.has(`${panel}:indexpattern-datasource-layer-${id}`) ? [] : [`has no data view for layer ${id}`]),
    ];
  });
}

/** Fields that columns, controls and filters name; Kibana's own names of records and runtime values are left out. */
function unknownFields(node: unknown, fields: ReadonlySet<string>): string[] {
  const named = new Set<string>();
  visit(node);
  return [...named].filter((field) => field !== "___records___" && !fields.has(field));

  function visit(value: unknown): void {
    if (typeof value === "string") {
      const inner = /^[[{]/.test(value) ? decoded(value) : undefined;
      if (inner !== undefined) {
        visit(inner);
      }
    } else if (Array.isArray(value)) {
      value.forEach(visit);
    } else if (isMapping(value)) {
      for (const [key, content] of Object.entries(value)) {
        if ((key === "sourceField" || key === "fieldName" || key === "geoField") && typeof content === "string") {
          named.add(content);
        } else {
          visit(content);
        }
      }
    }
  }
}

function tagProblems(view: PackageView): string[] {
  const tags = mappings(view.value("kibana/tags.yml"));
  const ids = new Set(view.paths(/^kibana\/[^/]+\/[^/]+\.json$/).map((path) => basename(path, ".json")));
  return [
    ...repeated(tags.map(({ text }) => String(text))).map((text) => `kibana/tags.yml: there are two tags ${text}`),
    ...tags.flatMap(({ text, asset_types: types, asset_ids: listed }) => {
      const unknownTypes = (Array.isArray(types) ? types.map(String) : []).filter((type) => TYPES[type] === undefined);
      const unknownIds = (Array.isArray(listed) ? listed.map(String) : []).filter((id) => !ids.has(id));
      return [
        ...((types === undefined) === (listed === undefined) ? ["must have either asset_types or asset_ids"] : []),
        ...[...unknownTypes, ...unknownIds].map((name) => `marks ${name}, which does not exist`),
      ].map((problem) => `kibana/tags.yml: tag ${String(text)} ${problem}`);
    }),
  ];
}

function decoded(text: unknown): unknown {
  if (typeof text !== "string") {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
