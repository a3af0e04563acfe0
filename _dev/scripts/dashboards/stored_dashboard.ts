/** Dashboards and saved searches as a package holds them, read for a preview. Says what it can't read. */
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { lensLayer } from "./lens_layer.ts";

const reference = z.object({ type: z.string(), id: z.string(), name: z.string() });
const gridData = z.object({ i: z.string(), x: z.int(), y: z.int(), w: z.int(), h: z.int() });
const kuery = z.object({ language: z.literal("kuery"), query: z.string() });
const storedFilter = z.object({
  query: z.record(z.string(), z.unknown()),
  meta: z.object({ indexRefName: z.string().optional() }).optional(),
});
const searchSource = z.object({ query: kuery, filter: z.array(storedFilter) });

/** A package's source holds these values as objects, the built package as texts. */
function encoded<T>(schema: z.ZodType<T>) {
  return z.preprocess((value) => (typeof value === "string" ? JSON.parse(value) : value), schema);
}

const lensAttributes = z.object({
  visualizationType: z.enum(["lnsMetric", "lnsXY", "lnsDatatable"], {
    error: "only tiles, charts over axes and tables are drawn: a donut says little",
  }),
  state: z.object({
    query: kuery,
    filters: z.array(storedFilter),
    datasourceStates: z.object({ formBased: z.object({ layers: z.record(z.string(), lensLayer) }) }),
    visualization: z.record(z.string(), z.unknown()),
  }),
});

const mapLayer = z.object({
  type: z.string(),
  sourceDescriptor: z.object({
    type: z.string(),
    geoField: z.string().optional(),
    indexPatternRefName: z.string().optional(),
  }),
  query: kuery.optional(),
  style: z.object({ properties: z.record(z.string(), z.unknown()).optional() }).optional(),
});

const links = z.object({
  links: z.array(
    z.object({
      label: z.string(),
      destinationRefName: z.string(),
      order: z.int(),
      options: z.object({
        openInNewTab: z.boolean(),
        useCurrentDateRange: z.boolean(),
        useCurrentFilters: z.boolean(),
      }),
    }),
  ),
});

const place = { panelIndex: z.string(), gridData, title: z.string().default("") };
const description = z.string().default("");

const storedPanel = z.discriminatedUnion("type", [
  z.object({
    ...place,
    type: z.literal("lens"),
    embeddableConfig: z.object({ attributes: lensAttributes, description }),
  }),
  z.object({
    ...place,
    type: z.literal("map"),
    embeddableConfig: z.object({
      attributes: z.object({ layerListJSON: encoded(z.array(mapLayer)) }),
      description,
    }),
  }),
  z.object({
    ...place,
    type: z.literal("search"),
    panelRefName: z.string(),
    embeddableConfig: z.object({ description }),
  }),
  z.object({ ...place, type: z.literal("links"), embeddableConfig: z.object({ attributes: links, description }) }),
  z.object({
    ...place,
    type: z.literal("visualization"),
    embeddableConfig: z.object({
      savedVis: z.object({ type: z.literal("markdown"), params: z.object({ markdown: z.string() }) }),
      description,
    }),
  }),
]);

const storedControl = z.object({
  type: z.literal("optionsListControl"),
  order: z.int(),
  explicitInput: z.object({ fieldName: z.string(), title: z.string() }),
});

export const storedDashboard = z.object({
  id: z.string(),
  references: z.array(reference),
  attributes: z.object({
    title: z.string(),
    description: z.string(),
    timeRestore: z.boolean(),
    timeFrom: z.string().optional(),
    timeTo: z.string().optional(),
    kibanaSavedObjectMeta: z.object({ searchSourceJSON: encoded(searchSource) }),
    controlGroupInput: z.object({ panelsJSON: encoded(z.record(z.string(), storedControl)) }),
    panelsJSON: encoded(z.array(storedPanel)),
  }),
});

export const storedSearch = z.object({
  id: z.string(),
  attributes: z.object({
    title: z.string(),
    columns: z.array(z.string()),
    sort: z.array(z.tuple([z.string(), z.enum(["asc", "desc"])])),
    kibanaSavedObjectMeta: z.object({ searchSourceJSON: encoded(searchSource) }),
  }),
});

export const storedAlertTemplate = z.object({
  attributes: z.object({
    name: z.string().min(1),
    description: z.string().min(1),
    ruleTypeId: z.literal(".es-query"),
    artifacts: z.object({
      dashboards: z.array(z.object({ id: z.string() })),
      investigation_guide: z.object({ blob: z.string().min(1) }),
    }),
    params: z.object({
      searchType: z.literal("esqlQuery"),
      esqlQuery: z.object({ esql: z.string() }),
      timeField: z.string(),
      timeWindowSize: z.int(),
      timeWindowUnit: z.enum(["h", "d"]),
    }),
  }),
});

export type LensAttributes = z.infer<typeof lensAttributes>;
export type StoredDashboard = z.infer<typeof storedDashboard>;
export type StoredPanel = z.infer<typeof storedPanel>;
export type LensPanelStored = Extract<StoredPanel, { type: "lens" }>;
export type MapPanelStored = Extract<StoredPanel, { type: "map" }>;
export type StoredSearch = z.infer<typeof storedSearch>;

export interface StoredObjects {
  readonly dashboards: readonly StoredDashboard[];
  /** By id. */
  readonly searches: ReadonlyMap<string, StoredSearch>;
}

/** Reads `kibana/` of a package, source or built. Throws an Error that names the file and what in it can't be read. */
export function readStoredObjects(packageRoot: string): StoredObjects {
  const dashboards = objectsIn(packageRoot, "dashboard", storedDashboard);
  const order = linkOrder(dashboards);
  const searches = objectsIn(packageRoot, "search", storedSearch);
  return {
    dashboards: dashboards.toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id)),
    searches: new Map(searches.map((search) => [search.id, search])),
  };
}

/** The id that a panel's reference of this name leads to, in the panel's own names or those of its dashboard. */
export function referencedId(dashboard: StoredDashboard, panel: StoredPanel, name: string): string {
  const found = dashboard.references.find((one) => one.name === `${panel.panelIndex}:${name}`);
  if (found === undefined) {
    throw new Error(`${dashboard.id}, panel ${panel.panelIndex}: there is no reference ${name}`);
  }
  return found.id;
}

function objectsIn<T>(packageRoot: string, folder: string, schema: z.ZodType<T>): T[] {
  const files = globSync(`kibana/${folder}/*.json`, { cwd: packageRoot }).sort();
  return files.map((path) => {
    const read = schema.safeParse(JSON.parse(readFileSync(join(packageRoot, path), "utf8")));
    if (!read.success) {
      throw new Error(`${basename(path)} can't be previewed:\n${z.prettifyError(read.error)}`);
    }
    return read.data;
  });
}

/** Dashboards in the order in which the first one's links name them. */
function linkOrder([first]: readonly StoredDashboard[]): string[] {
  const panel = first?.attributes.panelsJSON.find(({ type }) => type === "links");
  if (first === undefined || panel?.type !== "links") {
    return [];
  }
  return panel.embeddableConfig.attributes.links
    .toSorted((a, b) => a.order - b.order)
    .map(({ destinationRefName }) => referencedId(first, panel, destinationRefName));
}
