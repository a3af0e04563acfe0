/** Panels of the vocabulary as the Lens visualizations that Kibana stores. Pure. */
import type { Level, Measure, MetricPanel, SeriesPanel, TablePanel, TopPanel } from "../../shared/kibana/vocabulary.ts";
import { groupId, type Json, type LensColumns, lensColumns, measureId, TIME, type TypeOf } from "./lens_columns.ts";
import { subjectQuery } from "./subject_query.ts";

export type LensPanel = MetricPanel | SeriesPanel | TopPanel | TablePanel;

/** By-value panels have one layer each; Kibana needs its id only within the panel. */
const LAYER = "layer";

/** How much of its colour a level has left behind a number, which must stay readable. */
const TINT = 0.45;

/** The reference of a Lens visualization to the data view of its layer. */
const LAYER_REFERENCE = `indexpattern-datasource-layer-${LAYER}`;

export function lensAttributes(panel: LensPanel, dataView: string, typeOf: TypeOf): Json {
  const { columns, visualizationType, visualization } = lensState(panel, typeOf);
  return {
    title: "",
    description: panel.description ?? "",
    type: "lens",
    visualizationType,
    references: [{ type: "index-pattern", id: dataView, name: LAYER_REFERENCE }],
    state: {
      adHocDataViews: {},
      internalReferences: [],
      filters: [],
      query: { language: "kuery", query: subjectQuery(panel.subject) },
      datasourceStates: {
        formBased: {
          layers: { [LAYER]: { ...columns, incompleteColumns: {}, sampling: 1, ignoreGlobalFilters: false } },
        },
      },
      visualization,
    },
  };
}

interface LensState {
  readonly columns: LensColumns;
  readonly visualizationType: "lnsMetric" | "lnsXY" | "lnsDatatable";
  readonly visualization: Json;
}

function lensState(panel: LensPanel, typeOf: TypeOf): LensState {
  switch (panel.kind) {
    case "metric":
      return metricState(panel, typeOf);
    case "series":
      return seriesState(panel, typeOf);
    case "top":
      return topState(panel, typeOf);
    case "table":
      return tableState(panel, typeOf);
  }
}

function metricState({ measure, subtitle }: MetricPanel, typeOf: TypeOf): LensState {
  return {
    columns: lensColumns([], false, [measure], typeOf),
    visualizationType: "lnsMetric",
    visualization: {
      layerId: LAYER,
      layerType: "data",
      metricAccessor: measureId(0),
      ...(measure.levels === undefined ? {} : { palette: paletteOf(measure.levels) }),
      ...(subtitle === undefined ? {} : { subtitle }),
    },
  };
}

/** Levels as Kibana stores colours by value: `colorStops` say where a colour begins, `stops` where it ends. */
function paletteOf(levels: readonly Level[]): Json {
  const [first] = levels;
  if (first === undefined || levels.some(({ from }, index) => index > 0 && from <= (levels[index - 1]?.from ?? from))) {
    throw new Error(`levels must rise: ${levels.map(({ from }) => from).join(", ")}`);
  }
  const tinted = levels.map(({ from, colour }) => ({ color: tint(colour), stop: from }));
  return {
    name: "custom",
    type: "palette",
    params: {
      name: "custom",
      reverse: false,
      rangeType: "number",
      rangeMin: first.from,
      rangeMax: null,
      continuity: "above",
      progression: "fixed",
      steps: levels.length,
      maxSteps: 5,
      colorStops: tinted,
      stops: tinted.map(({ color, stop }, index) => ({ color, stop: tinted[index + 1]?.stop ?? stop + 1 })),
    },
  };
}

/** A level's colour fills the tile or the cell, so it is mixed with white. */
function tint(colour: string): string {
  const mixed = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16);
    return Math.round(255 - (255 - channel) * TINT)
      .toString(16)
      .padStart(2, "0");
  });
  return `#${mixed.join("").toUpperCase()}`;
}

function seriesState({ shape, measures, split, axis }: SeriesPanel, typeOf: TypeOf): LensState {
  const groups = split === undefined ? [] : [split];
  return {
    columns: lensColumns(groups, true, measures, typeOf),
    visualizationType: "lnsXY",
    visualization: xyVisualization(shape, axis, measures, {
      xAccessor: TIME,
      ...(split === undefined ? {} : { splitAccessor: groupId(0) }),
    }),
  };
}

function topState({ groups, measures, axis }: TopPanel, typeOf: TypeOf): LensState {
  const shape = measures.length > 1 ? "bar_horizontal_stacked" : "bar_horizontal";
  return {
    columns: lensColumns([groups], false, measures, typeOf),
    visualizationType: "lnsXY",
    visualization: xyVisualization(shape, axis, measures, { xAccessor: groupId(0) }),
  };
}

function xyVisualization(
  seriesType: string,
  axis: string,
  measures: readonly Measure[],
  accessors: { readonly xAccessor: string; readonly splitAccessor?: string },
): Json {
  const coloured = accessors.splitAccessor === undefined;
  const severalSeries = measures.length > 1 || accessors.splitAccessor !== undefined;
  return {
    preferredSeriesType: seriesType,
    legend: { isVisible: severalSeries, position: "bottom", shouldTruncate: true, maxLines: 1 },
    valueLabels: "hide",
    fittingFunction: seriesType === "line" ? "Linear" : "None",
    yTitle: axis,
    axisTitlesVisibilitySettings: { x: false, yLeft: true, yRight: false },
    tickLabelsVisibilitySettings: { x: true, yLeft: true, yRight: true },
    gridlinesVisibilitySettings: { x: false, yLeft: true, yRight: true },
    hideEndzones: true,
    layers: [
      {
        layerId: LAYER,
        layerType: "data",
        seriesType,
        position: "top",
        showGridlines: false,
        ...accessors,
        accessors: measures.map((_, index) => measureId(index)),
        yConfig: measures.flatMap(({ colour }, index) =>
          coloured && colour !== undefined ? [{ forAccessor: measureId(index), axisMode: "left", color: colour }] : [],
        ),
      },
    ],
  };
}

function tableState({ groups, measures, pageSize = 10 }: TablePanel, typeOf: TypeOf): LensState {
  return {
    columns: lensColumns(groups, false, measures, typeOf),
    visualizationType: "lnsDatatable",
    visualization: {
      layerId: LAYER,
      layerType: "data",
      columns: [
        ...groups.map((_, index) => ({ columnId: groupId(index), isMetric: false, isTransposed: false })),
        ...measures.map(({ levels }, index) => ({
          columnId: measureId(index),
          isMetric: true,
          isTransposed: false,
          ...(levels === undefined ? {} : { colorMode: "cell", palette: paletteOf(levels) }),
        })),
      ],
      paging: { enabled: true, size: pageSize },
      rowHeight: "single",
      headerRowHeight: "auto",
    },
  };
}
