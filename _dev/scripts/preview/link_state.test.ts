import { resolve } from "node:path";
import { expect, test } from "vitest";
import { readStoredObjects, type StoredDashboard } from "../dashboards/stored_dashboard.ts";
import { followLink, ownTime } from "./link_state.ts";

const DAY = 86_400_000;
const NOW = 100 * DAY;
const STATE = { time: { from: NOW - 30 * DAY, to: NOW }, controls: { "organization.name": ["Acme"] } };
const ORG = { terms: { "organization.name": ["Acme"] } };

const logins = dashboard("aquila_salesforce-logins");
const health = dashboard("aquila_salesforce-collection-health");

function dashboard(id: string): StoredDashboard {
  const found = readStoredObjects(resolve(import.meta.dirname, "../../..")).dashboards.find((one) => one.id === id);
  if (found === undefined) {
    throw new Error(`there is no dashboard ${id}`);
  }
  return found;
}

test("time and org travel along a link, and a control is free again", () => {
  expect(followLink(logins, health, STATE, NOW)).toEqual({ time: STATE.time, controls: {}, filters: [ORG] });
});

test("a filter that the origin saves would travel too", () => {
  const saved = { match_phrase: { "data_stream.dataset": "aquila_salesforce.login" } };
  const origin = structuredClone(logins);
  origin.attributes.kibanaSavedObjectMeta.searchSourceJSON.filter.push({ query: saved });
  expect(followLink(origin, health, STATE, NOW).filters).toEqual([saved, ORG]);
});

test("what a link drops is not there", () => {
  const origin = structuredClone(logins);
  for (const panel of origin.attributes.panelsJSON) {
    for (const { options } of panel.type === "links" ? panel.embeddableConfig.attributes.links : []) {
      options.useCurrentFilters = false;
      options.useCurrentDateRange = false;
    }
  }
  const state = followLink(origin, health, STATE, NOW);
  expect(state).toEqual({ time: { from: NOW - DAY, to: NOW }, controls: {}, filters: [] });
});

test("a dashboard without a time range of its own opens with 15 minutes", () => {
  const forgetful = structuredClone(logins);
  forgetful.attributes.timeRestore = false;
  expect(ownTime(forgetful, NOW)).toEqual({ from: NOW - 15 * 60_000, to: NOW });
  expect(ownTime(health, NOW)).toEqual({ from: NOW - DAY, to: NOW });
  expect(() => followLink(logins, { ...health, id: "other" }, STATE, NOW)).toThrow(
    "aquila_salesforce-logins has no link to other",
  );
});
