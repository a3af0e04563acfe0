/** The preview's page: a dashboard on Kibana's grid with time range and controls. */
import { createElement, type ReactNode, useCallback, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import type { DashboardView, PanelView } from "../dashboard_view.ts";
import type { Selection } from "../panel_data.ts";
import { picture } from "./picture.ts";

/** What the page uses of its browser; types of the whole DOM would change those of Node's globals everywhere else. */
declare const document: { getElementById(id: string): HTMLElement | null };
declare const location: { readonly search: string };

const COLUMNS = 48;
const ROW_HEIGHT = 20;
const MARGIN = 8;
const HOUR_MS = 3_600_000;

const RANGES = [
  { label: "Last 24 hours", hours: 24 },
  { label: "Last 7 days", hours: 7 * 24 },
  { label: "Last 30 days", hours: 30 * 24 },
  { label: "Last year", hours: 365 * 24 },
];

interface Start {
  readonly dashboards: readonly { readonly id: string; readonly title: string }[];
  readonly first: Selection;
}

function Page({ start }: { readonly start: Start }): ReactNode {
  const [id, setId] = useState(new URLSearchParams(location.search).get("id") ?? start.dashboards[0]?.id ?? "");
  const [selection, setSelection] = useState(start.first);
  const [view, setView] = useState<DashboardView>();
  const [problem, setProblem] = useState("");
  const load = useCallback(async () => {
    setProblem("");
    try {
      setView(await fetched<DashboardView>(`/dashboard?${queryOf(id, selection)}`));
    } catch (error) {
      setProblem(String(error));
    }
  }, [id, selection]);
  useEffect(() => {
    void load();
  }, [load]);
  const choose = (field: string, value: string) =>
    setSelection({ ...selection, controls: { ...selection.controls, [field]: value === "" ? [] : [value] } });
  return createElement(
    "div",
    { "data-loaded": view !== undefined },
    createElement(
      "header",
      {},
      createElement("h1", {}, view?.title ?? "Loading …"),
      (view?.controls ?? []).map(({ field, title, values }) =>
        createElement(
          "label",
          { key: field },
          title,
          chooser(selection.controls[field]?.[0] ?? "", ["", ...values], (value) => choose(field, value)),
        ),
      ),
      createElement("label", {}, "Time range", rangeChooser(start.first, selection, setSelection)),
      createElement("button", { type: "button", onClick: () => void load() }, "Refresh"),
    ),
    problem === "" ? undefined : createElement("pre", { className: "failed" }, problem),
    view === undefined ? undefined : createElement(Grid, { view, go: setId }),
  );
}

function chooser(value: string, values: readonly string[], onChange: (value: string) => void): ReactNode {
  return createElement(
    "select",
    { value, onChange: (event: { target: { value: string } }) => onChange(event.target.value) },
    values.map((one) => createElement("option", { key: one, value: one }, one === "" ? "Any" : one)),
  );
}

function rangeChooser(first: Selection, selection: Selection, setSelection: (selection: Selection) => void): ReactNode {
  const { from, to } = first.time;
  const day = (time: number) => new Date(time).toISOString().slice(0, 16).replace("T", " ");
  const choices = [
    { label: `${day(from)} to ${day(to)} UTC`, time: () => first.time },
    ...RANGES.map(({ label, hours }) => ({
      label,
      time: () => ({ from: Date.now() - hours * HOUR_MS, to: Date.now() }),
    })),
  ];
  return createElement(
    "select",
    {
      onChange: (event: { target: { selectedIndex: number } }) => {
        const time = choices[event.target.selectedIndex]?.time();
        if (time !== undefined) {
          setSelection({ ...selection, time });
        }
      },
    },
    choices.map(({ label }) => createElement("option", { key: label }, label)),
  );
}

function Grid({ view, go }: { readonly view: DashboardView; readonly go: (id: string) => void }): ReactNode {
  const bottom = Math.max(...view.panels.map(({ place }) => place.y + place.h));
  return createElement(
    "div",
    { className: "grid", style: { height: bottom * (ROW_HEIGHT + MARGIN) } },
    view.panels.map((panel) =>
      createElement(
        "section",
        { key: `${view.id}/${panel.key}`, className: "panel", style: placeOf(panel), "data-panel": panel.key },
        panel.title === "" ? undefined : createElement("h2", { title: panel.description }, panel.title),
        createElement(
          "div",
          { className: `picture ${panel.drawing.kind === "xy" ? "chart" : ""}` },
          picture(panel.drawing, view.id, go),
        ),
      ),
    ),
  );
}

function placeOf({ place: { x, y, w, h } }: PanelView) {
  const column = 100 / COLUMNS;
  return {
    left: `${x * column}%`,
    width: `calc(${w * column}% - ${MARGIN}px)`,
    top: y * (ROW_HEIGHT + MARGIN),
    height: h * (ROW_HEIGHT + MARGIN) - MARGIN,
  };
}

function queryOf(id: string, { time, controls }: Selection): string {
  const params = new URLSearchParams({ id, from: String(time.from), to: String(time.to) });
  for (const [field, values] of Object.entries(controls)) {
    for (const value of values) {
      params.append(`control.${field}`, value);
    }
  }
  return params.toString();
}

async function fetched<T>(path: string): Promise<T> {
  const response = await fetch(path);
  if (!response.ok) {
    throw new Error(await response.text());
  }
  return (await response.json()) as T;
}

async function show(root: HTMLElement): Promise<void> {
  createRoot(root).render(createElement(Page, { start: await fetched<Start>("/dashboards") }));
}

const root = document.getElementById("page");
if (root !== null) {
  void show(root);
}
