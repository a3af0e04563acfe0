/** Dashboards and saved searches as the objects that a package holds and Kibana imports. Pure. */
import type {
  DashboardSpec,
  EventsPanel,
  MapPanel,
  Panel,
  SavedSearchSpec,
  Stream,
  Subject,
  TextPanel,
} from "../../shared/kibana/vocabulary.ts";
import { type DeclaredFields, typeIn } from "./declared_fields.ts";
import type { Json, TypeOf } from "./lens_columns.ts";
import { lensAttributes } from "./lens_panel.ts";
import { mapAttributes } from "./map_panel.ts";
import { datasetOf, PACKAGE, subjectQuery } from "./subject_query.ts";

export interface Reference {
  readonly type: string;
  readonly id: string;
  readonly name: string;
}

export interface KibanaObject {
  readonly id: string;
  readonly type: string;
  readonly attributes: Json;
  readonly references: readonly Reference[];
  readonly [key: string]: unknown;
}

/** The data view that Fleet creates itself. */
const DATA_VIEW = "logs-*";

const TITLE_PREFIX = "[AQUILA for Salesforce] ";
const GRID_COLUMNS = 48;
const LINKS_HEIGHT = 3;
const SEARCH_SOURCE = "kibanaSavedObjectMeta.searchSourceJSON";

export function objectId(key: string): string {
  return `${PACKAGE}-${key}`;
}

interface BuiltPanel {
  readonly panel: Json;
  readonly references: readonly Reference[];
}

/** Throws an Error that names dashboard and panel where a field isn't declared or the layout doesn't add up. */
export function dashboardObject(
  spec: DashboardSpec,
  all: readonly DashboardSpec[],
  declared: DeclaredFields,
): KibanaObject {
  const panels = [linksPanel(all), ...laidOut(spec, declared)];
  const control = (field: string, title: string, order: number) => optionsControl(field, title, order);
  const controls = {
    organization: control("organization.name", "Org", 0),
    namespace: control("data_stream.namespace", "Namespace", 1),
  };
  return {
    id: objectId(spec.key),
    type: "dashboard",
    coreMigrationVersion: "8.8.0",
    typeMigrationVersion: "10.2.0",
    managed: false,
    references: [
      ...panels.flatMap(({ references }) => references),
      ...Object.keys(controls).map((id) => indexPattern(`controlGroup_${id}:optionsListDataView`)),
    ],
    attributes: {
      title: TITLE_PREFIX + spec.title,
      description: spec.description,
      timeRestore: true,
      timeFrom: `now-${spec.opensWith}`,
      timeTo: "now",
      version: 3,
      optionsJSON: {
        hidePanelTitles: false,
        syncColors: false,
        syncCursor: true,
        syncTooltips: false,
        useMargins: true,
      },
      kibanaSavedObjectMeta: { searchSourceJSON: { query: { language: "kuery", query: "" }, filter: [] } },
      controlGroupInput: {
        chainingSystem: "HIERARCHICAL",
        controlStyle: "oneLine",
        showApplySelections: false,
        ignoreParentSettingsJSON: {
          ignoreFilters: false,
          ignoreQuery: false,
          ignoreTimerange: false,
          ignoreValidations: false,
        },
        panelsJSON: controls,
      },
      panelsJSON: panels.map(({ panel }) => panel),
    },
  };
}

export function savedSearchObject(spec: SavedSearchSpec, declared: DeclaredFields): KibanaObject {
  for (const column of spec.columns) {
    typeOfIn(declared, spec.subject, `saved search ${spec.key}`)(column);
  }
  return {
    id: objectId(spec.key),
    type: "search",
    coreMigrationVersion: "8.8.0",
    typeMigrationVersion: "8.0.0",
    managed: false,
    references: [indexPattern(`${SEARCH_SOURCE}.index`), indexPattern(`${SEARCH_SOURCE}.filter[0].meta.index`)],
    attributes: {
      title: TITLE_PREFIX + spec.title,
      description: spec.description,
      columns: [...spec.columns],
      sort: [["@timestamp", "desc"]],
      grid: {},
      hideChart: false,
      isTextBasedQuery: false,
      timeRestore: false,
      kibanaSavedObjectMeta: {
        searchSourceJSON: {
          query: { language: "kuery", query: subjectQuery(spec.subject) },
          filter: [datasetFilter(spec.subject.streams)],
          indexRefName: `${SEARCH_SOURCE}.index`,
        },
      },
    },
  };
}

function laidOut(spec: DashboardSpec, declared: DeclaredFields): BuiltPanel[] {
  const panels: BuiltPanel[] = [];
  let y = LINKS_HEIGHT;
  for (const { height, panels: row } of spec.rows) {
    let x = 0;
    for (const [width, panel] of row) {
      const built = builtPanel(panel, `dashboard ${spec.key}, panel ${panel.key}`, declared);
      panels.push(placed(panel.key, { x, y, w: width, h: height }, built));
      x += width;
    }
    if (x !== GRID_COLUMNS) {
      throw new Error(
        `dashboard ${spec.key}: the row of ${row.map(([, { key }]) => key).join(", ")} is ${x} columns wide`,
      );
    }
    y += height;
  }
  return panels;
}

/** Sets a panel into the grid; its references get the panel's name in front, as Kibana stores them. */
function placed(key: string, place: Json, { panel, references }: BuiltPanel): BuiltPanel {
  return {
    panel: { ...panel, panelIndex: key, gridData: { i: key, ...place } },
    references: references.map((reference) => ({ ...reference, name: `${key}:${reference.name}` })),
  };
}

function builtPanel(panel: Panel, place: string, declared: DeclaredFields): BuiltPanel {
  switch (panel.kind) {
    case "events":
      return eventsPanel(panel);
    case "text":
      return textPanel(panel);
    case "map":
      return mapPanel(panel, typeOfIn(declared, panel.subject, place));
    default: {
      const attributes = lensAttributes(panel, DATA_VIEW, typeOfIn(declared, panel.subject, place));
      const references = attributes.references as readonly Reference[];
      return { panel: { ...titled("lens", panel), embeddableConfig: { attributes, ...shown(panel) } }, references };
    }
  }
}

function titled(type: string, { title }: Panel): Json {
  return { type, title };
}

function shown({ description }: Panel): Json {
  return { enhancements: {}, hidePanelTitles: false, ...(description === undefined ? {} : { description }) };
}

function mapPanel(panel: MapPanel, typeOf: TypeOf): BuiltPanel {
  typeOf(panel.field);
  return {
    panel: {
      ...titled("map", panel),
      embeddableConfig: {
        attributes: mapAttributes(panel),
        ...shown(panel),
        hiddenLayers: [],
        isLayerTOCOpen: false,
        mapCenter: { lat: 25, lon: 10, zoom: 1.2 },
        openTOCDetails: [],
      },
    },
    references: [indexPattern("layer_1_source_index_pattern")],
  };
}

function eventsPanel(panel: EventsPanel): BuiltPanel {
  const name = `panel_${panel.key}`;
  return {
    panel: { ...titled("search", panel), panelRefName: name, embeddableConfig: shown(panel) },
    references: [{ type: "search", id: objectId(panel.search), name }],
  };
}

function textPanel(panel: TextPanel): BuiltPanel {
  const savedVis = {
    type: "markdown",
    title: "",
    description: "",
    uiState: {},
    params: { fontSize: 12, markdown: panel.markdown, openLinksInNewTab: false },
    data: { aggs: [], searchSource: { query: { language: "kuery", query: "" }, filter: [] } },
  };
  return {
    panel: { ...titled("visualization", panel), embeddableConfig: { savedVis, ...shown(panel) } },
    references: [],
  };
}

/**
 * Links to every dashboard, the one that is shown among them, so that they stay in place. Kibana adds the filters of the dashboard
 * that one leaves to those of the next; no dashboard saves one, so only what a person chose travels: query, time and controls.
 */
function linksPanel(all: readonly DashboardSpec[]): BuiltPanel {
  const links = all.map(({ key, title }, order) => ({
    id: key,
    type: "dashboardLink",
    order,
    label: title,
    destinationRefName: `link_${key}_dashboard`,
    options: { openInNewTab: false, useCurrentDateRange: true, useCurrentFilters: true },
  }));
  return placed(
    "links",
    { x: 0, y: 0, w: GRID_COLUMNS, h: LINKS_HEIGHT },
    {
      panel: {
        type: "links",
        title: "",
        embeddableConfig: { attributes: { layout: "horizontal", links }, enhancements: {}, hidePanelTitles: true },
      },
      references: all.map(({ key }) => ({ type: "dashboard", id: objectId(key), name: `link_${key}_dashboard` })),
    },
  );
}

function optionsControl(fieldName: string, title: string, order: number): Json {
  return {
    type: "optionsListControl",
    order,
    grow: true,
    width: "medium",
    explicitInput: {
      dataViewId: DATA_VIEW,
      fieldName,
      title,
      searchTechnique: "prefix",
      selectedOptions: [],
      sort: { by: "_count", direction: "desc" },
    },
  };
}

function datasetFilter(streams: readonly Stream[]): Json {
  const datasets = streams.map(datasetOf);
  const phrases = datasets.map((dataset) => ({ match_phrase: { "data_stream.dataset": dataset } }));
  const [only] = phrases;
  const single = phrases.length === 1;
  return {
    $state: { store: "appState" },
    meta: {
      alias: null,
      disabled: false,
      negate: false,
      type: single ? "phrase" : "phrases",
      key: "data_stream.dataset",
      field: "data_stream.dataset",
      params: single ? { query: datasets[0] } : datasets,
      indexRefName: `${SEARCH_SOURCE}.filter[0].meta.index`,
    },
    query: single ? only : { bool: { should: phrases, minimum_should_match: 1 } },
  };
}

function indexPattern(name: string): Reference {
  return { type: "index-pattern", id: DATA_VIEW, name };
}

function typeOfIn(declared: DeclaredFields, { streams }: Subject, place: string): TypeOf {
  return (field) => {
    const type = typeIn(declared, streams, field);
    if (type === undefined) {
      throw new Error(`${place}: ${field} is not declared in ${streams.join(", ")}`);
    }
    return type;
  };
}
