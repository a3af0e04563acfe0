/**
 * An sObject: its fields with type and properties, as a describe call tells them.
 * Sources: the Salesforce object reference (EventLogFile, LoginHistory, Organization, User) and the platform events guide
 * (LoginEvent, LogoutEvent, LoginAsEvent, ApiEvent).
 */
export type FieldType =
  | "id"
  | "reference"
  | "string"
  | "textarea"
  | "address"
  | "picklist"
  | "int"
  | "double"
  | "boolean"
  | "datetime"
  | "base64";

export interface Field {
  /** With a point a field of a related record, which queries know and a describe call does not tell. */
  readonly name: string;
  readonly type: FieldType;
  readonly filterable: boolean;
  readonly sortable: boolean;
  readonly groupable: boolean;
  readonly nillable: boolean;
  /** Characters that a text may have. */
  readonly length: number;
  /** Exists only in orgs that have hourly event log files. */
  readonly hourlyFilesOnly: boolean;
}

/** The user permissions that decide what a user of the API sees. */
export const PERMISSIONS = [
  "ApiEnabled",
  "ViewEventLogFiles",
  "ViewRealTimeEventMonitoringData",
  "ManageUsers",
  "MonitorLoginHistory",
  "ViewAllUsers",
  "ViewSetup",
  "CustomizeApplication",
] as const;

export type Permission = (typeof PERMISSIONS)[number];

export interface SObject {
  readonly name: string;
  readonly label: string;
  readonly keyPrefix: string;
  /** Big objects keep only a subset of SOQL: see big_object_rules.ts. */
  readonly bigObject: boolean;
  /** Without this permission the object does not exist for the user. */
  readonly permission?: Permission;
  readonly fields: readonly Field[];
}

/** A record as a query answers it: datetimes as `2026-07-17T09:22:41.000+0000`, ids with 18 characters. */
export type SObjectRecord = Readonly<Record<string, string | number | boolean | null>>;

export function fieldOf(type: SObject, name: string): Field | undefined {
  const wanted = name.toLowerCase();
  return type.fields.find((each) => each.name.toLowerCase() === wanted);
}

/** The body of `/sobjects/<name>/describe`, as far as a reader of event data needs it. */
export function describe(type: SObject, version: string): unknown {
  return {
    name: type.name,
    label: type.label,
    keyPrefix: type.keyPrefix,
    queryable: true,
    urls: { describe: `/services/data/v${version}/sobjects/${type.name}/describe` },
    fields: type.fields
      .filter(({ name }) => !name.includes("."))
      .map((each) => ({
        name: each.name,
        type: each.type,
        length: each.length,
        deprecatedAndHidden: false,
        filterable: each.filterable,
        sortable: each.sortable,
        groupable: each.groupable,
        nillable: each.nillable,
      })),
  };
}
