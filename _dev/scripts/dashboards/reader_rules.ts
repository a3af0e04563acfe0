/** What a dashboard must keep so that it says the truth to its reader at the first click. Pure. */
import type { LensColumn } from "./lens_layer.ts";
import type { LensPanelStored, StoredDashboard, StoredPanel } from "./stored_dashboard.ts";

/** What a dashboard is opened for, below its tiles. */
const FIRST_QUESTION: Readonly<Record<string, string>> = {
  "aquila_salesforce-collection-health": "health",
  "aquila_salesforce-api": "limits",
};

/** The first versions that have not gone, and that will not go by a date that Salesforce has told. */
const VERSION_BOUNDS = ["31.0", "41.0"];

/** How the dashboard opens, and how one gets to the others. */
export function openingProblems({ id, attributes }: StoredDashboard): string[] {
  const { timeRestore, timeFrom, timeTo, panelsJSON } = attributes;
  const links = panelsJSON.flatMap((panel) => (panel.type === "links" ? panel.embeddableConfig.attributes.links : []));
  const tops = panelsJSON.filter((panel) => panel.type !== "links" && !isTile(panel));
  const first = tops.toSorted((a, b) => a.gridData.y - b.gridData.y || a.gridData.x - b.gridData.x)[0];
  const wanted = FIRST_QUESTION[id];
  return [
    ...(timeRestore && timeFrom !== undefined && timeTo !== undefined
      ? []
      : ["the dashboard keeps no time range and opens with 15 minutes"]),
    ...(links.length === 0 ? ["the dashboard has no links"] : []),
    ...links.flatMap(({ label, options }) => [
      ...(options.useCurrentDateRange ? [] : [`the link ${label} drops the time range`]),
      ...(options.useCurrentFilters ? [] : [`the link ${label} drops query and controls`]),
    ]),
    ...(wanted === undefined || first?.panelIndex === wanted ? [] : [`the panel ${wanted} does not come first`]),
  ];
}

function isTile(panel: StoredPanel): boolean {
  return panel.type === "lens" && panel.embeddableConfig.attributes.visualizationType === "lnsMetric";
}

export function meaningProblems(panel: StoredPanel): string[] {
  return panel.type === "lens" ? lensMeaningProblems(panel) : [];
}

function lensMeaningProblems({ title, embeddableConfig: { attributes } }: LensPanelStored): string[] {
  const { visualizationType, state } = attributes;
  const columns = Object.values(state.datasourceStates.formBased.layers).flatMap(({ columns }) =>
    Object.entries(columns),
  );
  const byId = new Map(columns);
  const text = JSON.stringify(state);
  const bounds = [...text.matchAll(/api_version (?:<|>=|<=|>) \\"([\d.]+)\\"/g)].map(([, bound]) => bound ?? "");
  return [
    ...("color" in state.visualization ? ["its colour is fixed, whatever the value"] : []),
    ...bounds
      .filter((bound) => !VERSION_BOUNDS.includes(bound))
      .map((bound) => `it divides API versions at ${bound}, for which Salesforce has told no date`),
    ...(columns.some(([, column]) => ranksByFirst(column, byId)) && !title.includes("within the time range")
      ? ["its title does not say that what is new is new within the time range"]
      : []),
    ...(state.query.query.includes('"BulkApi2"') && columns.some(([, column]) => column.operationType === "count")
      ? ["it counts each state of a Bulk API 2.0 job"]
      : []),
    ...(visualizationType === "lnsXY" && columns.some(([, column]) => hasBrokenTicks(column))
      ? ["its axis adds up durations, whose ticks are no whole units"]
      : []),
  ];
}

function ranksByFirst(column: LensColumn, columns: ReadonlyMap<string, LensColumn>): boolean {
  if (column.operationType !== "terms" || column.params.orderBy.type !== "column") {
    return false;
  }
  const ranking = columns.get(column.params.orderBy.columnId);
  return ranking?.operationType === "min" && ranking.sourceField === "@timestamp";
}

/** A typical duration lies within one unit; a sum or the longest one runs through several. */
function hasBrokenTicks(column: LensColumn): boolean {
  return (
    (column.operationType === "sum" || column.operationType === "max" || column.operationType === "formula") &&
    column.params.format?.id === "duration"
  );
}
