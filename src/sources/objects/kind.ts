import { findObjectType, OBJECTS } from "../../catalog/catalog.ts";
import { MaybeAbsent } from "../absence.ts";
import type { KindStream, SourceKind, SourceParts } from "../kind.ts";
import { isPrimaryObject } from "../primary.ts";
import type { Source } from "../source.ts";
import { callsADay, objectFindings } from "./check.ts";
import { OBJECT_FACTS } from "./facts.ts";
import { position } from "./position.ts";
import { failedWindows, retryWindowChanges } from "./progress.ts";
import { OBJECT_SETTINGS, OBJECTS_ALONE, type ObjectSettings } from "./settings.ts";
import { ObjectWindows } from "./source.ts";

/** What the last minutes may still bring. */
const SETTLE_MS = 2 * 60_000;

/** A source that reads the stream's range of an object once, for whoever else lacks it. */
export function objectRange(
  objectName: string,
  primary: boolean,
  { context, range, clock }: KindStream,
  parts: SourceParts,
): Source {
  const settings = { initialLookback: 0, settleTime: SETTLE_MS, range };
  return new ObjectWindows({ ...parts, ...settings, stream: context, objectName, primary, clock });
}

export const EVENT_OBJECTS: SourceKind<ObjectSettings> = {
  group: "objects",
  title: "event objects",
  settings: { beside: OBJECT_SETTINGS, alone: OBJECTS_ALONE },
  list: "names",
  types: OBJECTS,
  facts: OBJECT_FACTS,
  sources: ({ names, pollInterval, initialLookback, settleTime }, { collected, context, range, clock }) =>
    names.map((objectName) => ({
      part: objectName,
      interval: pollInterval,
      open: (parts) => {
        const primary = isPrimaryObject(objectName, collected);
        const settings = { initialLookback, settleTime, range };
        const windows = new ObjectWindows({ ...parts, ...settings, stream: context, objectName, primary, clock });
        const mayBeAbsent = findObjectType(objectName)?.mayBeAbsent === true;
        return mayBeAbsent ? new MaybeAbsent(windows, { name: objectName, tell: parts.tell, clock }) : windows;
      },
    })),
  nameOf: (part = "") => part,
  position,
  failed: (entries, part = "") => failedWindows(entries, part),
  retry: (entries, part = "", id) => retryWindowChanges(entries, part, id),
  check: async (streams, { client, now, signal }) => {
    const names = streams.flatMap(({ settings }) => settings.names);
    return await objectFindings(names, client, now, signal);
  },
  callsADay,
};
