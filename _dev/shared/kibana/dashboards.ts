import { APEX } from "./apex.ts";
import { API } from "./api.ts";
import { COLLECTION_HEALTH } from "./collection_health.ts";
import { DATA_LEAVING } from "./data_leaving.ts";
import { LOGINS } from "./logins.ts";
import { OVERVIEW } from "./overview.ts";
import { SETUP_CHANGES } from "./setup_changes.ts";
import type { DashboardSpec } from "./vocabulary.ts";

/** All dashboards, in the order in which they link to each other. */
export const DASHBOARDS: readonly DashboardSpec[] = [
  OVERVIEW,
  LOGINS,
  APEX,
  API,
  SETUP_CHANGES,
  DATA_LEAVING,
  COLLECTION_HEALTH,
];
