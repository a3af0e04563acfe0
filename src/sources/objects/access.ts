import type { ObjectType } from "../../catalog/column.ts";
import { RunnerError } from "../../core/errors.ts";

/**
 * What an administrator does so that the integration user sees an object. Platform Events Developer Guide, "Real-Time Event
 * Monitoring", and Object Reference, LoginHistory and SetupAuditTrail.
 */
function objectCure({ name, storage, permission: { label }, morePermissions }: ObjectType): string {
  if (morePermissions !== undefined) {
    return `Assign the integration user a permission set with 'API Enabled', '${label}' and ${morePermissions.map((one) => `'${one}'`).join(" and ")}, and enable storage of ${name} in Setup > Event Manager, or take ${name} out of objects.names.`;
  }
  return storage === "big object"
    ? `Assign the integration user a permission set with 'API Enabled' and '${label}', and enable storage of ${name} in Setup > Event Manager. Both need Salesforce Shield or the Event Monitoring add-on; without it, take ${name} out of objects.names.`
    : `Assign the integration user a permission set with 'API Enabled' and '${label}', or take ${name} out of objects.names.`;
}

/** An error of the org about a query of the object; where access is refused, its cure names what this object needs. */
export function withObjectCure(error: RunnerError, type: ObjectType): RunnerError {
  if (error.code !== "object_unknown" && error.code !== "permission_missing") {
    return error;
  }
  return new RunnerError(error.code, error.message, { next: error.next, cure: objectCure(type), cause: error });
}
