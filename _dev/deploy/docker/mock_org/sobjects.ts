import type { Field, Permission, SObject } from "./sobject.ts";
import { SOBJECT_DEFINITIONS } from "./sobject_definitions.ts";

const SOBJECTS: ReadonlyMap<string, SObject> = new Map(
  SOBJECT_DEFINITIONS.map((type) => [type.name.toLowerCase(), type]),
);

/** What decides which sObjects and fields a user sees. */
export interface Visibility {
  readonly hourlyFiles: boolean;
  readonly permissions: ReadonlySet<Permission>;
  /** Fields by object that Salesforce or an administrator has added. */
  readonly addedFields: ReadonlyMap<string, readonly Field[]>;
  /** Fields, as `LoginEvent.City`, that field-level security hides from the user: for the API they do not exist. */
  readonly hiddenFields: readonly string[];
}

/** The object as this user sees it (names are case-insensitive), or undefined when it does not exist for the user. */
export function visibleSObject(name: string, seen: Visibility): SObject | undefined {
  const type = SOBJECTS.get(name.toLowerCase());
  if (type === undefined || (type.permission !== undefined && !seen.permissions.has(type.permission))) {
    return undefined;
  }
  const fields = [...type.fields, ...(seen.addedFields.get(type.name) ?? [])].filter(
    (each) => (seen.hourlyFiles || !each.hourlyFilesOnly) && !seen.hiddenFields.includes(`${type.name}.${each.name}`),
  );
  return { ...type, fields };
}
