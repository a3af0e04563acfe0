/** What the page gets of one dashboard: where each panel stands and what it draws. */

import type { StoredDashboard } from "../dashboards/stored_dashboard.ts";
import { type Drawing, drawingOf } from "./drawing.ts";
import type { DashboardSearches, Selection } from "./panel_data.ts";

export interface PanelView {
  readonly key: string;
  readonly title: string;
  readonly description: string;
  readonly place: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly drawing: Drawing;
  /** Documents that the panel's searches found. */
  readonly documents: number;
}

export interface ControlView {
  readonly field: string;
  readonly title: string;
  readonly values: readonly string[];
}

export interface DashboardView {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly controls: readonly ControlView[];
  readonly panels: readonly PanelView[];
}

/** Runs every panel's searches, a few at a time. Throws an Error that names the first panel that failed. */
export async function dashboardView(
  searches: DashboardSearches,
  dashboard: StoredDashboard,
  selection: Selection,
): Promise<DashboardView> {
  const { title, description, panelsJSON, controlGroupInput } = dashboard.attributes;
  const panels: PanelView[] = [];
  for (let at = 0; at < panelsJSON.length; at += PANELS_AT_ONCE) {
    const some = panelsJSON.slice(at, at + PANELS_AT_ONCE).map(async (panel): Promise<PanelView> => {
      const data = await searches.panelData(dashboard, panel, selection);
      const { x, y, w, h } = panel.gridData;
      return {
        key: panel.panelIndex,
        title: panel.title,
        description: panel.embeddableConfig.description,
        place: { x, y, w, h },
        drawing: drawingOf(dashboard, panel, data, selection.time),
        documents: data.kind === "none" ? 0 : data.documents,
      };
    });
    panels.push(...(await Promise.all(some)));
  }
  const controls = Object.values(controlGroupInput.panelsJSON).toSorted((a, b) => a.order - b.order);
  return {
    id: dashboard.id,
    title,
    description,
    panels,
    controls: await Promise.all(
      controls.map(async ({ explicitInput: { fieldName, title } }) => ({
        field: fieldName,
        title,
        values: await searches.controlValues(dashboard, fieldName, selection.time),
      })),
    ),
  };
}

const PANELS_AT_ONCE = 6;
