/**
 * What a person brings along who follows a dashboard's link, as Kibana puts it together: the origin's filters, saved ones among them,
 * are added to those of the target; a control's choice travels as a filter; what the link drops is the target's own again. Pure.
 */
import { referencedId, type StoredDashboard } from "../dashboards/stored_dashboard.ts";
import { controlFilters, dashboardFilters, type Selection } from "./panel_data.ts";
import type { TimeRange } from "./time_range.ts";

/** Throws an Error if the dashboard has no link to the other. */
export function followLink(origin: StoredDashboard, target: StoredDashboard, state: Selection, now: number): Selection {
  for (const panel of origin.attributes.panelsJSON) {
    const links = panel.type === "links" ? panel.embeddableConfig.attributes.links : [];
    const link = links.find(({ destinationRefName }) => referencedId(origin, panel, destinationRefName) === target.id);
    if (link !== undefined) {
      const { useCurrentDateRange, useCurrentFilters } = link.options;
      return {
        time: useCurrentDateRange ? state.time : ownTime(target, now),
        controls: {},
        filters: useCurrentFilters
          ? [...dashboardFilters(origin), ...(state.filters ?? []), ...controlFilters(state)]
          : [],
      };
    }
  }
  throw new Error(`${origin.id} has no link to ${target.id}`);
}

const DAY_MS = 86_400_000;
/** What Kibana takes where a dashboard keeps no time range. */
const DEFAULT_RANGE_MS = 15 * 60_000;
const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, d: DAY_MS };

/** The time range with which a dashboard opens by itself at `now`. */
export function ownTime({ attributes: { timeRestore, timeFrom = "" } }: StoredDashboard, now: number): TimeRange {
  const [, amount, unit = ""] = /^now-(\d+)([hd])$/.exec(timeFrom) ?? [];
  const length = timeRestore && amount !== undefined ? Number(amount) * (UNITS[unit] ?? DAY_MS) : DEFAULT_RANGE_MS;
  return { from: now - length, to: now };
}
