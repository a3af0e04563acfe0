import { exceptionSurge } from "./apex_types.ts";
import { apiExport } from "./api_types.ts";
import type { EventType } from "./event_type.ts";
import { adminImpersonation, passwordSpraying } from "./login_types.ts";

export type IncidentKind = "passwordSpraying" | "adminImpersonation" | "apiExport" | "exceptionSurge";

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
}

const ROWS: Readonly<Record<IncidentKind, readonly IncidentRows[]>> = {
  passwordSpraying: [
    { key: "spraying-tries", type: passwordSpraying(false), count: 400, tag: "i1" },
    { key: "spraying-hit", type: passwordSpraying(true), count: 1, tag: "i2" },
  ],
  adminImpersonation: [{ key: "impersonation", type: adminImpersonation, count: 3, tag: "i3" }],
  apiExport: [{ key: "export", type: apiExport, count: 600, tag: "i4" }],
  exceptionSurge: [{ key: "surge", type: exceptionSurge, count: 500, tag: "i5" }],
};

export const INCIDENT_KINDS = Object.keys(ROWS) as readonly IncidentKind[];

export function incidentRows({ kind }: Incident): readonly IncidentRows[] {
  return ROWS[kind];
}
