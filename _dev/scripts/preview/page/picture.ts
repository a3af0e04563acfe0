/** A panel's drawing as elements of the page. */
import { Chart, LIGHT_THEME, Metric, Settings } from "@elastic/charts";
import { createElement, type ReactNode } from "react";
import type { Drawing } from "../drawing.ts";
import { colourAt } from "../drawing.ts";
import { formatted } from "../value_format.ts";
import { worldMap } from "./world_map.ts";
import { xyChart } from "./xy_chart.ts";

type Of<K extends Drawing["kind"]> = Extract<Drawing, { kind: K }>;

export function picture(drawing: Drawing, here: string, go: (dashboard: string) => void): ReactNode {
  switch (drawing.kind) {
    case "metric":
      return metric(drawing);
    case "xy":
      return drawing.series.some(({ points }) => points.length > 0) ? xyChart(drawing) : nothing();
    case "table":
      return drawing.rows.length > 0 ? table(drawing) : nothing();
    case "map":
      return worldMap(drawing);
    case "text":
      return createElement("div", { className: "markdown" }, drawing.markdown.split(/\n{2,}/).map(paragraph));
    case "links":
      return navigation(drawing, here, go);
  }
}

function nothing(): ReactNode {
  return createElement("div", { className: "nothing" }, "No results found");
}

function metric({ label, value, format, colour }: Of<"metric">): ReactNode {
  const datum = { color: colour ?? "#FFFFFF", title: label, value: formatted(value, format) };
  return createElement(
    Chart,
    {},
    createElement(Settings, { baseTheme: LIGHT_THEME, ariaLabel: label }),
    createElement(Metric, { id: "metric", data: [[datum]] }),
  );
}

function table({ columns, rows, pageSize }: Of<"table">): ReactNode {
  const shown = rows.slice(0, pageSize);
  const more = rows.length - shown.length;
  const head = columns.map(({ label, numeric }) =>
    createElement("th", { key: label, className: numeric ? "numeric" : "" }, label),
  );
  const body = shown.map((row, index) =>
    createElement(
      "tr",
      { key: index },
      columns.map((column, at) => {
        const text = formatted(row[at] ?? null, column);
        return createElement(
          "td",
          {
            key: column.label,
            className: column.numeric ? "numeric" : "",
            style: { background: colourAt(column.levels, row[at] ?? null) },
            title: text,
          },
          text,
        );
      }),
    ),
  );
  return createElement(
    "div",
    { className: "scroll" },
    createElement(
      "table",
      {},
      createElement("thead", {}, createElement("tr", {}, head)),
      createElement("tbody", {}, body),
    ),
    more > 0 ? createElement("div", { className: "more" }, `${more} more on further pages`) : undefined,
  );
}

function navigation({ links }: Of<"links">, here: string, go: (dashboard: string) => void): ReactNode {
  return createElement(
    "nav",
    {},
    links.map(({ label, dashboard }) =>
      createElement(
        "a",
        {
          key: dashboard,
          href: `?id=${dashboard}`,
          className: dashboard === here ? "here" : "",
          onClick: (event: { preventDefault(): void }) => {
            event.preventDefault();
            go(dashboard);
          },
        },
        label,
      ),
    ),
  );
}

/** Markdown of these dashboards is paragraphs with words in bold. */
function paragraph(text: string): ReactNode {
  const parts = text
    .split("**")
    .map((part, index) => (index % 2 === 1 ? createElement("b", { key: part }, part) : part));
  return createElement("p", { key: text }, parts);
}
