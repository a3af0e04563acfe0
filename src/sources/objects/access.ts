import type { ObjectType } from "../../catalog/column.ts";
import { RunnerError } from "../../core/errors.ts";
import { isAbsence } from "../absence.ts";

/**
 * What an administrator does so that the integration user sees an object. Platform Events Developer Guide, "Real-Time Event
 * Monitoring", and Object Reference, LoginHistory and SetupAuditTrail.
 */
function objectCure({ name, free, permission: { label }, morePermissions }: ObjectType): string {
  if (morePermissions !== undefined) {
    return `Assign the integration user a permission set with 'API Enabled', '${label}' and ${morePermissions.map((one) => `'${one}'`).join(" and ")}, and enable storage of ${name} in Setup > Event Manager, or take ${name} out of objects.names.`;
  }
  return free
    ? `Assign the integration user a permission set with 'API Enabled' and '${label}', or take ${name} out of objects.names.`
    : `Assign the integration user a permission set with 'API Enabled' and '${label}', and enable storage of ${name} in Setup > Event Manager. Both need Salesforce Shield or the Event Monitoring add-on; without it, take ${name} out of objects.names.`;
}

/** An error of the org about a query of the object; where access is refused, its cure names what this object needs. */
export function withObjectCure(error: RunnerError, type: ObjectType): RunnerError {
  if (!isAbsence(error)) {
    return error;
  }
  return new RunnerError(error.code, error.message, { next: error.next, cure: objectCure(type), cause: error });
}
