import { APEX_EXECUTION } from "./apex.ts";
import { REST_API } from "./api.ts";
import type { EventType, LogFileType, ObjectType } from "./column.ts";
import { LOGIN } from "./login.ts";
import { LOGIN_EVENT } from "./objects.ts";

/** Every event type of EventLogFile that the integration collects. */
export const EVENT_TYPES: readonly LogFileType[] = [LOGIN, APEX_EXECUTION, REST_API];

/** Every object whose records the integration collects as events. */
export const OBJECTS: readonly ObjectType[] = [LOGIN_EVENT];

const LOG_FILE_TYPES = new Map(EVENT_TYPES.map((type) => [type.name, type]));
const OBJECT_TYPES = new Map(OBJECTS.map((type) => [type.name, type]));

/** The event type or object of that name; undefined if the catalogue does not have it. */
export function findEventType(name: string): EventType | undefined {
  return findLogFileType(name) ?? findObjectType(name);
}

export function findLogFileType(name: string): LogFileType | undefined {
  return LOG_FILE_TYPES.get(name);
}

export function findObjectType(name: string): ObjectType | undefined {
  return OBJECT_TYPES.get(name);
}

/**
 * Fields for the SELECT of an object: all that the catalogue knows. An org whose API version or licences lack one answers
 * INVALID_FIELD; the caller leaves that one out. Throws a TypeError for an object that the catalogue does not have.
 */
export function selectFields(objectName: string): readonly string[] {
  const type = findObjectType(objectName);
  if (type === undefined) {
    throw new TypeError(`No object ${objectName} in the catalogue.`);
  }
  return [type.timeColumn, ...Object.keys(type.columns)];
}

export { toId18 } from "./salesforce_id.ts";
