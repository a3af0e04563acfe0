import { calloutOutage, exceptionSurge, limitRefusals } from "./apex_types.ts";
import { apiExport } from "./api_types.ts";
import { oldClient, thiefsBatches, thiefsCalls, thiefsJob, thiefsRequest } from "./app_incidents.ts";
import { firstExport, massExport } from "./data_access_types.ts";
import type { EventType } from "./event_type.ts";
import { adminImpersonation, passwordSpraying } from "./login_types.ts";
import { storyExport, storyLogin, storyLogout, storyQueries } from "./session_story.ts";

export type IncidentKind =
  | "passwordSpraying"
  | "adminImpersonation"
  | "apiExport"
  | "exceptionSurge"
  | "appTheft"
  | "calloutOutage"
  | "limitRefusals"
  | "oldClient"
  | "stolenSession"
  | "massExport"
  | "firstExport";

/** Something worth an alert, planted into the traffic of one hour. */
export interface Incident {
  readonly kind: IncidentKind;
  /** Milliseconds since the epoch; it takes place in the hour that holds this time. */
  readonly at: number;
}

/** Rows that an incident adds to the files of an event type. */
export interface IncidentRows {
  readonly key: string;
  readonly type: EventType;
  readonly count: number;
  /** Keeps the request ids of the row sets apart. */
  readonly tag: string;
  /** Hours after the incident's; 0 by default. */
  readonly later?: number;
}

const ROWS: Readonly<Record<IncidentKind, readonly IncidentRows[]>> = {
  passwordSpraying: [
    { key: "spraying-tries", type: passwordSpraying(false), count: 400, tag: "i1" },
    { key: "spraying-hit", type: passwordSpraying(true), count: 1, tag: "i2" },
  ],
  adminImpersonation: [{ key: "impersonation", type: adminImpersonation, count: 3, tag: "i3" }],
  apiExport: [{ key: "export", type: apiExport, count: 600, tag: "i4" }],
  exceptionSurge: [{ key: "surge", type: exceptionSurge, count: 500, tag: "i5" }],
  appTheft: [
    { key: "theft-calls", type: thiefsCalls, count: 40, tag: "i6" },
    { key: "theft-job-begun", type: thiefsJob("UploadComplete", 0), count: 1, tag: "i7" },
    { key: "theft-job-running", type: thiefsJob("InProgress", 420_000), count: 3, tag: "i8" },
    { key: "theft-job-done", type: thiefsJob("JobComplete", 900_000), count: 1, tag: "i9" },
    { key: "theft-batches", type: thiefsBatches, count: 60, tag: "ia" },
    { key: "theft-request", type: thiefsRequest, count: 1, tag: "ib" },
  ],
  calloutOutage: [{ key: "outage", type: calloutOutage, count: 60, tag: "ic" }],
  limitRefusals: [{ key: "refusals", type: limitRefusals, count: 40, tag: "id" }],
  oldClient: [
    { key: "old-calls", type: oldClient("34.0", "200"), count: 120, tag: "ie" },
    { key: "gone-calls", type: oldClient("29.0", "410"), count: 15, tag: "if" },
  ],
  stolenSession: [
    { key: "story-login", type: storyLogin, count: 1, tag: "ig" },
    { key: "story-queries", type: storyQueries, count: 12, tag: "ih", later: 1 },
    { key: "story-export-begun", type: storyExport("UploadComplete", 0), count: 1, tag: "ii", later: 2 },
    { key: "story-export-done", type: storyExport("JobComplete", 180_000), count: 1, tag: "ij", later: 3 },
    { key: "story-logout", type: storyLogout, count: 1, tag: "ik", later: 4 },
  ],
  massExport: [{ key: "mass-export", type: massExport, count: 12, tag: "il" }],
  firstExport: [{ key: "first-export", type: firstExport, count: 3, tag: "im" }],
};

export function incidentRows({ kind }: Incident): readonly IncidentRows[] {
  return ROWS[kind];
}
