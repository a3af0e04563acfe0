/** What a panel's picture shows: its data in the terms of its visualization. Pure; the page draws it. */
import { z } from "zod";
import type { LensColumn, LensLayer } from "../dashboards/lens_layer.ts";
import type { LensPanelStored, MapPanelStored, StoredDashboard, StoredPanel } from "../dashboards/stored_dashboard.ts";
import { referencedId } from "../dashboards/stored_dashboard.ts";
import { type Cell, OTHER, type TableRow } from "./lens_table.ts";
import type { MapCluster, PanelData } from "./panel_data.ts";
import { autoInterval, type TimeRange } from "./time_range.ts";
import type { ValueFormat } from "./value_format.ts";

export interface DrawnColumn extends ValueFormat {
  readonly label: string;
  readonly numeric: boolean;
  /** Where colours begin, lowest first. */
  readonly levels: readonly { readonly color: string; readonly stop: number }[];
}

export interface DrawnSeries {
  readonly name: string;
  readonly colour: string;
  /** Horizontal position (a time, or a group's name) and value. */
  readonly points: readonly (readonly [x: Cell, y: number | null])[];
}

export type Drawing =
  | {
      readonly kind: "metric";
      readonly label: string;
      readonly value: Cell;
      readonly format: ValueFormat;
      readonly colour: string | undefined;
    }
  | {
      readonly kind: "xy";
      readonly shape: "bar" | "line" | "area";
      readonly stacked: boolean;
      readonly horizontal: boolean;
      readonly overTime: boolean;
      /** Of one bar, in milliseconds. */
      readonly interval: number;
      readonly axis: string;
      readonly legend: boolean;
      readonly format: ValueFormat;
      readonly series: readonly DrawnSeries[];
    }
  | {
      readonly kind: "table";
      readonly columns: readonly DrawnColumn[];
      readonly rows: readonly (readonly Cell[])[];
      readonly pageSize: number;
    }
  | { readonly kind: "map"; readonly clusters: readonly MapCluster[]; readonly colour: string }
  | { readonly kind: "text"; readonly markdown: string }
  | { readonly kind: "links"; readonly links: readonly { readonly label: string; readonly dashboard: string }[] };

/** Kibana's default palette, which series without a colour of their own take in turn. */
const PALETTE = [
  "#54B399",
  "#6092C0",
  "#D36086",
  "#9170B8",
  "#CA8EAE",
  "#D6BF57",
  "#B9A888",
  "#DA8B45",
  "#AA6556",
  "#E7664C",
] as const;

const palette = z
  .object({ params: z.object({ colorStops: z.array(z.object({ color: z.string(), stop: z.number() })) }) })
  .optional();
const metricVisualization = z.object({ metricAccessor: z.string(), palette });
const xyVisualization = z.object({
  yTitle: z.string().default(""),
  legend: z.object({ isVisible: z.boolean() }),
  layers: z.tuple([
    z.object({
      seriesType: z.enum(["bar_stacked", "bar_horizontal", "bar_horizontal_stacked", "area_stacked", "line"]),
      xAccessor: z.string(),
      splitAccessor: z.string().optional(),
      accessors: z.array(z.string()).min(1),
      yConfig: z.array(z.object({ forAccessor: z.string(), color: z.string().optional() })).default([]),
    }),
  ]),
});
const tableVisualization = z.object({
  columns: z.array(z.object({ columnId: z.string(), isMetric: z.boolean(), palette })),
  paging: z.object({ size: z.int() }),
});
const staticColour = z.object({ options: z.object({ color: z.string() }) });

/** Throws an Error where visualization and data don't fit, such as an accessor without a column. */
export function drawingOf(dashboard: StoredDashboard, panel: StoredPanel, data: PanelData, time: TimeRange): Drawing {
  switch (panel.type) {
    case "lens":
      return lensDrawing(panel, data, time);
    case "map":
      return { kind: "map", clusters: data.kind === "clusters" ? data.clusters : [], colour: mapColour(panel) };
    case "search":
      return documentsDrawing(data);
    case "visualization":
      return { kind: "text", markdown: panel.embeddableConfig.savedVis.params.markdown };
    case "links":
      return {
        kind: "links",
        links: panel.embeddableConfig.attributes.links
          .toSorted((a, b) => a.order - b.order)
          .map(({ label, destinationRefName }) => ({
            label,
            dashboard: referencedId(dashboard, panel, destinationRefName),
          })),
      };
  }
}

function lensDrawing(panel: LensPanelStored, data: PanelData, time: TimeRange): Drawing {
  if (data.kind !== "table") {
    throw new Error("a Lens panel draws a table");
  }
  const { visualizationType, state } = panel.embeddableConfig.attributes;
  const { layer, rows } = data;
  switch (visualizationType) {
    case "lnsMetric": {
      const { metricAccessor, palette } = metricVisualization.parse(state.visualization);
      const column = columnOf(layer, metricAccessor);
      const value = rows[0]?.[metricAccessor] ?? null;
      return {
        kind: "metric",
        label: column.label,
        value,
        format: formatOf(column),
        colour: colourAt(levelsOf(palette), value),
      };
    }
    case "lnsXY":
      return xyDrawing(layer, rows, xyVisualization.parse(state.visualization), time);
    case "lnsDatatable": {
      const { columns, paging } = tableVisualization.parse(state.visualization);
      return {
        kind: "table",
        columns: columns.map(({ columnId, palette }) => drawnColumn(columnOf(layer, columnId), levelsOf(palette))),
        rows: rows.map((row) => columns.map(({ columnId }) => row[columnId] ?? null)),
        pageSize: paging.size,
      };
    }
  }
}

function xyDrawing(
  layer: LensLayer,
  rows: readonly TableRow[],
  { yTitle, legend, layers }: z.infer<typeof xyVisualization>,
  time: TimeRange,
): Drawing {
  const [{ seriesType, xAccessor, splitAccessor, accessors, yConfig }] = layers;
  const x = columnOf(layer, xAccessor);
  const [first = ""] = accessors;
  const colours = new Map(yConfig.map(({ forAccessor, color }) => [forAccessor, color]));
  const overTime = x.operationType === "date_histogram";
  const series = accessors.flatMap((accessor) =>
    splitAccessor === undefined
      ? [
          {
            name: columnOf(layer, accessor).label,
            colour: colours.get(accessor),
            points: pointsOf(rows, xAccessor, accessor),
          },
        ]
      : splitSeries(rows, splitAccessor, xAccessor, accessor),
  );
  return {
    kind: "xy",
    shape: seriesType.startsWith("bar") ? "bar" : seriesType === "line" ? "line" : "area",
    stacked: seriesType.endsWith("stacked"),
    horizontal: seriesType.startsWith("bar_horizontal"),
    overTime,
    interval: overTime ? autoInterval(time).length : 0,
    axis: yTitle,
    legend: legend.isVisible,
    format: formatOf(columnOf(layer, first)),
    series: series.map((one, index) => ({
      ...one,
      colour: one.colour ?? PALETTE[index % PALETTE.length] ?? PALETTE[0],
    })),
  };
}

function splitSeries(rows: readonly TableRow[], split: string, x: string, accessor: string) {
  const groups = Map.groupBy(rows, (row) => nameOf(row[split]));
  return [...groups].map(([name, ofGroup]) => ({ name, colour: undefined, points: pointsOf(ofGroup, x, accessor) }));
}

function pointsOf(rows: readonly TableRow[], x: string, accessor: string) {
  return rows.map((row) => {
    const value = row[accessor];
    return [row[x] ?? null, typeof value === "number" ? value : null] as const;
  });
}

function documentsDrawing(data: PanelData): Drawing {
  if (data.kind !== "documents") {
    throw new Error("a saved search draws documents");
  }
  const columns = data.columns.map((label) => ({
    label,
    dataType: label === "@timestamp" ? ("date" as const) : ("string" as const),
    numeric: false,
    levels: [],
  }));
  return {
    kind: "table",
    columns,
    rows: data.rows.map((row) => data.columns.map((name) => row[name] ?? null)),
    pageSize: 50,
  };
}

function mapColour(panel: MapPanelStored): string {
  const colours = panel.embeddableConfig.attributes.layerListJSON.flatMap(({ style }) => {
    const read = staticColour.safeParse(style?.properties?.fillColor);
    return read.success ? [read.data.options.color] : [];
  });
  return colours[0] ?? PALETTE[0];
}

function drawnColumn(column: LensColumn, levels: DrawnColumn["levels"]): DrawnColumn {
  return { label: column.label, numeric: column.dataType === "number", levels, ...formatOf(column) };
}

function levelsOf(stored: z.infer<typeof palette>): DrawnColumn["levels"] {
  return stored?.params.colorStops ?? [];
}

/** The colour of the highest level that the value reaches. */
export function colourAt(levels: DrawnColumn["levels"], value: Cell): string | undefined {
  return typeof value === "number" ? levels.findLast(({ stop }) => value >= stop)?.color : undefined;
}

function formatOf(column: LensColumn): ValueFormat {
  const { params } = column;
  return { dataType: column.dataType, format: "format" in params ? params.format : undefined };
}

function columnOf(layer: LensLayer, id: string): LensColumn {
  const column = layer.columns[id];
  if (column === undefined) {
    throw new Error(`the visualization names column ${id}, which its layer doesn't have`);
  }
  return column;
}

function nameOf(cell: Cell | undefined): string {
  return cell === null || cell === undefined ? OTHER : String(cell);
}
