/** Runs the searches of a dashboard's panels as Kibana would and gives what the panels draw. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client, estypes } from "@elastic/elasticsearch";
import type { Search } from "../dashboards/kql.ts";
import type { LensLayer } from "../dashboards/lens_layer.ts";
import {
  type LensPanelStored,
  type MapPanelStored,
  referencedId,
  type StoredDashboard,
  type StoredObjects,
  type StoredPanel,
  type StoredSearch,
} from "../dashboards/stored_dashboard.ts";
import {
  bucketsOf,
  filteredQuery,
  kqlQuery,
  layerSearch,
  otherSearch,
  type SearchBody,
  searchBefore,
} from "./lens_search.ts";
import { outermostValues, type TableRow, tableRows, withBefore } from "./lens_table.ts";
import type { TimeRange } from "./time_range.ts";

/** What a person has chosen above a dashboard. */
export interface Selection {
  readonly time: TimeRange;
  /** Chosen values by the control's field; a field without values isn't filtered. */
  readonly controls: Readonly<Record<string, readonly string[]>>;
  /** Filters above the dashboard, such as those that a link brought along. */
  readonly filters?: readonly Search[];
}

export interface MapCluster {
  readonly lat: number;
  readonly lon: number;
  readonly count: number;
}

/** What a panel draws. `documents` is how many its searches found. */
export type PanelData =
  | {
      readonly kind: "table";
      readonly documents: number;
      readonly layer: LensLayer;
      readonly rows: readonly TableRow[];
    }
  | { readonly kind: "clusters"; readonly documents: number; readonly clusters: readonly MapCluster[] }
  | {
      readonly kind: "documents";
      readonly documents: number;
      readonly columns: readonly string[];
      readonly rows: readonly TableRow[];
    }
  | { readonly kind: "none" };

/** Documents that a saved search shows in a panel. */
const DOCUMENTS = 50;
/** Cells of about 11 degrees, close to what Kibana asks for on a map of the world. */
const GEOTILE_PRECISION = 5;

export class DashboardSearches {
  readonly #client: Client;
  readonly #objects: StoredObjects;
  readonly #index: string;

  constructor(client: Client, objects: StoredObjects, index: string = DATA_STREAMS) {
    this.#client = client;
    this.#objects = objects;
    this.#index = index;
  }

  /** Throws an Error that names the panel whose search failed. */
  async panelData(dashboard: StoredDashboard, panel: StoredPanel, selection: Selection): Promise<PanelData> {
    try {
      return await this.#dataOf(dashboard, panel, selection);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${dashboard.id}, panel ${panel.panelIndex}: ${reason}`, { cause: error });
    }
  }

  /** Values of a control's field in the time range, most frequent first. */
  async controlValues(dashboard: StoredDashboard, field: string, time: TimeRange): Promise<string[]> {
    const answer = await this.#search({
      query: filteredQuery(dashboardFilters(dashboard), time),
      size: 0,
      track_total_hits: true,
      aggs: { values: { terms: { field, size: 20 } } },
    });
    const { buckets } = answer.values as { buckets: readonly { key: string }[] };
    return buckets.map(({ key }) => key);
  }

  async #dataOf(dashboard: StoredDashboard, panel: StoredPanel, selection: Selection): Promise<PanelData> {
    const filters = [...dashboardFilters(dashboard), ...(selection.filters ?? []), ...controlFilters(selection)];
    switch (panel.type) {
      case "lens":
        return this.#lensData(panel, filters, selection.time);
      case "map":
        return this.#mapData(panel, filters, selection.time);
      case "search": {
        const id = referencedId(dashboard, panel, panel.panelRefName);
        const search = this.#objects.searches.get(id);
        if (search === undefined) {
          throw new Error(`there is no saved search ${id}`);
        }
        return this.#documents(search, filters, selection.time);
      }
      case "links":
      case "visualization":
        return { kind: "none" };
    }
  }

  async #lensData(panel: LensPanelStored, filters: readonly Search[], time: TimeRange): Promise<PanelData> {
    const { state } = panel.embeddableConfig.attributes;
    const layers = Object.values(state.datasourceStates.formBased.layers);
    const [layer] = layers;
    if (layer === undefined || layers.length > 1) {
      throw new Error(`a panel with ${layers.length} layers can't be previewed`);
    }
    const conditions = [...filters, ...queriesOf(state.filters), kqlQuery(state.query.query)];
    const answer = await this.#search(layerSearch(layer, conditions, time));
    const [outermost] = bucketsOf(layer);
    const values = outermost === undefined ? [] : outermostValues(layer, answer);
    const others = otherSearch(layer, conditions, time, values);
    const other = others === undefined ? undefined : await this.#search(others);
    const rows = tableRows(layer, answer, other);
    const before = searchBefore(layer, conditions, time);
    const compared =
      before === undefined ? rows : withBefore(layer, rows, tableRows(layer, await this.#search(before)));
    return { kind: "table", documents: answer.doc_count, layer, rows: compared };
  }

  async #mapData(panel: MapPanelStored, filters: readonly Search[], time: TimeRange): Promise<PanelData> {
    const layer = panel.embeddableConfig.attributes.layerListJSON.find(
      ({ sourceDescriptor }) => sourceDescriptor.type === "ES_GEO_GRID",
    );
    const field = layer?.sourceDescriptor.geoField;
    if (layer === undefined || field === undefined) {
      throw new Error("the map has no layer of clusters");
    }
    const conditions = [...filters, kqlQuery(layer.query?.query ?? ""), { exists: { field } }];
    const answer = await this.#search({
      query: filteredQuery(conditions, time),
      size: 0,
      track_total_hits: true,
      aggs: {
        cells: {
          geotile_grid: { field, precision: GEOTILE_PRECISION },
          aggs: { centre: { geo_centroid: { field } } },
        },
      },
    });
    const { buckets } = answer.cells as { buckets: readonly CellAnswer[] };
    const clusters = buckets.map(({ doc_count, centre }) => ({ ...centre.location, count: doc_count }));
    return { kind: "clusters", documents: answer.doc_count, clusters };
  }

  async #documents(search: StoredSearch, filters: readonly Search[], time: TimeRange): Promise<PanelData> {
    const { columns, sort, kibanaSavedObjectMeta } = search.attributes;
    const { query, filter } = kibanaSavedObjectMeta.searchSourceJSON;
    const conditions = [...filters, ...queriesOf(filter), kqlQuery(query.query)];
    const { hits } = await this.#send({
      size: DOCUMENTS,
      track_total_hits: true,
      query: filteredQuery(conditions, time),
      sort: sort.map(([field, order]) => ({ [field]: { order, unmapped_type: "date" } })),
      fields: columns.map((field) => ({ field })),
      docvalue_fields: [{ field: "@timestamp", format: "epoch_millis" }],
      _source: false,
    });
    const rows = hits.hits.map(({ fields = {} }) => documentRow(fields, columns));
    return { kind: "documents", documents: totalOf(hits.total), columns: ["@timestamp", ...columns], rows };
  }

  async #search(body: SearchBody): Promise<{ doc_count: number; [name: string]: unknown }> {
    const { hits, aggregations } = await this.#send(body);
    return { ...aggregations, doc_count: totalOf(hits.total) };
  }

  async #send(body: object): Promise<estypes.SearchResponse> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#client.search({ index: this.#index, ...body });
      const { failed, failures } = answer._shards;
      if (failed === 0) {
        return answer;
      }
      const reason = failures?.[0]?.reason;
      if (attempt === ATTEMPTS || reason?.type !== BEING_MADE) {
        throw new Error(`${failed} shards failed: ${JSON.stringify(reason)}`);
      }
      await sleep(BETWEEN_ATTEMPTS_MS);
    }
  }
}

/** What Elasticsearch says of an index that is being made. */
const BEING_MADE = "no_shard_available_action_exception";
const ATTEMPTS = 10;
const BETWEEN_ATTEMPTS_MS = 300;

interface CellAnswer {
  readonly doc_count: number;
  readonly centre: { readonly location: { readonly lat: number; readonly lon: number } };
}

/**
 * The data view is `logs-*`; every panel asks for data streams of this package, so naming only these finds the same, without the
 * troubles of others.
 */
const DATA_STREAMS = "logs-aquila_salesforce.*";

function documentRow(fields: Readonly<Record<string, unknown[]>>, columns: readonly string[]): TableRow {
  const cells = columns.map((column) => {
    const values = fields[column] ?? [];
    return [column, values.length === 0 ? null : values.map(String).join(", ")] as const;
  });
  return { "@timestamp": Number(fields["@timestamp"]?.[0] ?? Number.NaN), ...Object.fromEntries(cells) };
}

/** The query and the filters that a dashboard saves. */
export function dashboardFilters(dashboard: StoredDashboard): Search[] {
  const { query, filter } = dashboard.attributes.kibanaSavedObjectMeta.searchSourceJSON;
  return [...(query.query === "" ? [] : [kqlQuery(query.query)]), ...queriesOf(filter)];
}

export function controlFilters({ controls }: Selection): Search[] {
  return Object.entries(controls)
    .filter(([, values]) => values.length > 0)
    .map(([field, values]) => ({ terms: { [field]: [...values] } }));
}

function queriesOf(filters: readonly { readonly query: Readonly<Record<string, unknown>> }[]): Search[] {
  return filters.map(({ query }) => query as Search);
}

function totalOf(total: number | estypes.SearchTotalHits | undefined): number {
  return typeof total === "number" ? total : (total?.value ?? 0);
}
