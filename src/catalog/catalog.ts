import { APEX_TYPES } from "./apex.ts";
import { API_TYPES } from "./api.ts";
import type { Columns, EventType, Home, LogFileType, ObjectType, PublishedObject } from "./column.ts";
import { DATA_ACCESS_TYPES } from "./data_access.ts";
import { DATA_ACCESS_OBJECTS } from "./data_access_objects.ts";
import { LOGIN } from "./login.ts";
import { LOGIN_AS, SALESFORCE_LOGIN_AS } from "./login_as.ts";
import { LOGOUT } from "./logout.ts";
import {
  API_EVENT,
  BULK_API_RESULT_EVENT,
  IDENTITY_VERIFICATION_EVENT,
  LOGIN_AS_EVENT,
  LOGIN_EVENT,
  LOGIN_HISTORY,
  LOGOUT_EVENT,
} from "./objects.ts";
import { OTHER_TYPES, OTHER_VARIANTS } from "./other.ts";
import { SETUP_AUDIT_TRAIL } from "./setup_audit_trail.ts";
import { THREAT_TYPES } from "./threat.ts";

/** Every event type of EventLogFile that has a place of its own; all others are OTHER_TYPES. */
export const EVENT_TYPES: readonly LogFileType[] = [
  LOGIN,
  LOGIN_AS,
  LOGOUT,
  SALESFORCE_LOGIN_AS,
  ...APEX_TYPES,
  ...API_TYPES,
  ...DATA_ACCESS_TYPES,
];

/** Every object whose records the integration collects as events. */
export const OBJECTS: readonly ObjectType[] = [
  LOGIN_EVENT,
  LOGOUT_EVENT,
  LOGIN_AS_EVENT,
  LOGIN_HISTORY,
  IDENTITY_VERIFICATION_EVENT,
  API_EVENT,
  BULK_API_RESULT_EVENT,
  SETUP_AUDIT_TRAIL,
  ...DATA_ACCESS_OBJECTS,
  ...THREAT_TYPES,
];

/** The objects below `salesforce` that events have their fields in. */
export const HOMES: readonly Home[] = [...new Set([...EVENT_TYPES, OTHER_TYPES, ...OBJECTS].map((type) => type.home))];

const LOG_FILE_TYPES = new Map(EVENT_TYPES.map((type) => [type.name, type]));
const OBJECT_TYPES = new Map(OBJECTS.map((type) => [type.name, type]));

/** The event type or object of that name, as in `event.code`; undefined if the catalogue does not have it. */
export function findEventType(name: string): EventType | undefined {
  return findLogFileType(name) ?? findObjectType(name);
}

/** Every object whose events are published too. */
export const PUBLISHED_OBJECTS: readonly PublishedObject[] = OBJECTS.filter(
  (type): type is PublishedObject => type.topic !== undefined,
);

/** What an event of the object may have, stored or published. */
export function columnsOfEvent({ columns, topic }: ObjectType): Columns {
  return { ...columns, ...topic?.columns };
}

export function findLogFileType(name: string): LogFileType | undefined {
  return LOG_FILE_TYPES.get(name);
}

/** The event type of that name, whatever it is. */
export function logFileType(name: string): LogFileType {
  return findLogFileType(name) ?? { ...OTHER_TYPES, name, variants: OTHER_VARIANTS[name] ?? {} };
}

/** Every event type with a place of its own, and of the others those that have a column in a form of their own. */
export const LOG_FILE_FORMS: readonly LogFileType[] = [...EVENT_TYPES, ...Object.keys(OTHER_VARIANTS).map(logFileType)];

export function findObjectType(name: string): ObjectType | undefined {
  return OBJECT_TYPES.get(name);
}

/** What records of every object say about themselves, and nothing of their event: never asked for (Object Reference, "System Fields"). */
export const RECORD_COLUMNS: ReadonlySet<string> = new Set([
  "Id",
  "IsDeleted",
  "CreatedById",
  "CreatedDate",
  "LastModifiedById",
  "LastModifiedDate",
  "LastReferencedDate",
  "LastViewedDate",
  "SystemModstamp",
]);

/**
 * Fields for the SELECT of an object: all that the catalogue knows of that API version, such as `66.0`, or of any. An org whose
 * licences lack one answers INVALID_FIELD; the caller leaves that one out. Throws a TypeError for an object that the catalogue
 * does not have.
 */
export function selectFields(objectName: string, apiVersion = "Infinity"): readonly string[] {
  const type = findObjectType(objectName);
  if (type === undefined) {
    throw new TypeError(`No object ${objectName} in the catalogue.`);
  }
  const columns = Object.entries(type.columns).filter(([, { since = 0 }]) => since <= Number(apiVersion));
  return [type.timeColumn, ...columns.map(([name]) => name)];
}

export { OTHER_TYPES } from "./other.ts";
export { toId18 } from "./salesforce_id.ts";
