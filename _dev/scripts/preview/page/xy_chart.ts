/** Bars, lines and areas. */
import {
  AreaSeries,
  Axis,
  BarSeries,
  Chart,
  Fit,
  LIGHT_THEME,
  LineSeries,
  niceTimeFormatter,
  Position,
  ScaleType,
  Settings,
} from "@elastic/charts";
import { createElement, type ReactNode } from "react";
import type { Drawing } from "../drawing.ts";
import { formatted } from "../value_format.ts";

type XyDrawing = Extract<Drawing, { kind: "xy" }>;

export function xyChart(drawing: XyDrawing): ReactNode {
  const { horizontal, overTime, axis, legend, format, series } = drawing;
  const times = series.flatMap(({ points }) => points.map(([x]) => Number(x)));
  const timeFormat = niceTimeFormatter([Math.min(...times), Math.max(...times)]);
  return createElement(
    Chart,
    {},
    createElement(Settings, {
      baseTheme: LIGHT_THEME,
      theme: { lineSeriesStyle: { point: { visible: "never" } }, areaSeriesStyle: { point: { visible: "never" } } },
      rotation: horizontal ? 90 : 0,
      showLegend: legend,
      legendPosition: Position.Bottom,
      ...(overTime
        ? { xDomain: { min: Math.min(...times), max: Math.max(...times), minInterval: drawing.interval } }
        : {}),
    }),
    createElement(Axis, {
      id: "x",
      position: horizontal ? Position.Left : Position.Bottom,
      tickFormat: (value: string | number) => (overTime ? timeFormat(Number(value)) : String(value)),
    }),
    createElement(Axis, {
      id: "y",
      position: horizontal ? Position.Bottom : Position.Left,
      title: axis,
      ticks: 5,
      gridLine: { visible: true },
      tickFormat: (value: number) => formatted(value, format),
      integersOnly: format.format === undefined,
    }),
    series.map((one, index) => seriesElement(drawing, one, index)),
  );
}

function seriesElement(
  { shape, stacked, overTime }: XyDrawing,
  { name, colour, points }: XyDrawing["series"][number],
  index: number,
): ReactNode {
  const properties = {
    key: index,
    id: `series-${index}`,
    name,
    color: colour,
    data: points.map(([x, y]) => ({ x: x ?? "", y })),
    xAccessor: "x",
    yAccessors: ["y"],
    xScaleType: overTime ? ScaleType.Time : ScaleType.Ordinal,
    yScaleType: ScaleType.Linear,
    timeZone: "UTC",
    ...(stacked ? { stackAccessors: ["x"] } : {}),
  };
  switch (shape) {
    case "bar":
      return createElement(BarSeries, properties);
    case "line":
      return createElement(LineSeries, { ...properties, fit: Fit.Linear });
    case "area":
      return createElement(AreaSeries, properties);
  }
}
