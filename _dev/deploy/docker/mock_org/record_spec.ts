import { apiDatetime } from "./datetime.ts";
import { instant } from "./instant.ts";
import type { OrgState } from "./org_state.ts";
import type { SObject, SObjectRecord } from "./sobject.ts";

/** Adds records of an object; datetimes are ISO texts, a missing Id or EventIdentifier is made up. Answers how many there are now. */
export function addRecords(org: OrgState, sObject: string, records: readonly SObjectRecord[]): number {
  const type = knownSObject(org, sObject);
  const fields = new Map(type.fields.map((field) => [field.name, field] as const));
  const kept = org.records.get(type.name) ?? [];
  for (const record of records) {
    const full: Record<string, SObjectRecord[string]> = {
      ...(fields.has("Id") && { Id: org.newId(type.keyPrefix) }),
      ...(fields.has("EventIdentifier") && { EventIdentifier: eventIdentifier(org.newId("0Ev")) }),
      ...record,
    };
    for (const [name, value] of Object.entries(record)) {
      const field = fields.get(name);
      if (field === undefined) {
        throw new Error(`${type.name} has no field ${name}`);
      }
      if (field.type === "datetime" && typeof value === "string") {
        full[name] = apiDatetime(instant(value));
      }
    }
    kept.push(full);
  }
  if (type.bigObject) {
    kept.sort(newestFirst);
  }
  org.records.set(type.name, kept);
  return kept.length;
}

export function knownSObject(org: OrgState, sObject: string): SObject {
  const type = org.sObject(sObject);
  if (type === undefined) {
    throw new Error(`this org knows no object ${sObject}`);
  }
  return type;
}

/** A big object keeps its rows in the order of its index: EventDate descending. */
function newestFirst(a: SObjectRecord, b: SObjectRecord): number {
  const [left, right] = [String(a.EventDate), String(b.EventDate)];
  return left === right ? 0 : left < right ? 1 : -1;
}

/** A text in the form of a UUID, different for each id. */
function eventIdentifier(id: string): string {
  const hex = Buffer.from(id.slice(-16).padStart(16, "0")).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
