import { EVENT_TYPES, OBJECTS, OTHER_TYPES } from "../../../src/catalog/catalog.ts";

/** The data streams that collect something, by their folders. */
export const COLLECTING: readonly string[] = [
  ...new Set([...EVENT_TYPES, OTHER_TYPES, ...OBJECTS].map(({ stream }) => stream)),
];

/** Whether event log files have what a stream collects. */
export function hasLogFiles(stream: string): boolean {
  return [...EVENT_TYPES, OTHER_TYPES].some((type) => type.stream === stream);
}
