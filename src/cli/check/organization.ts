import type { Token } from "../../auth/session_token.ts";
import { type Finding, ok, warning } from "../../core/finding.ts";
import type { SObjectRecord } from "../../org/query_pages.ts";

const STEP = "organization";

export const ORGANIZATION_SOQL = "SELECT Id, Name, OrganizationType, IsSandbox, InstanceName FROM Organization";

/** Which org it is, from its one record of Organization (Object Reference). Pure. */
export function organizationFinding(record: SObjectRecord | undefined, token: Token): Finding {
  const id = token.organizationId;
  if (record === undefined) {
    return warning(STEP, `${id}. The user does not see the org's own record.`);
  }
  const { Name: name, OrganizationType: edition, IsSandbox: sandbox, InstanceName: instance } = record;
  const kind = sandbox === true ? "sandbox" : "no sandbox";
  return ok(STEP, `${name} (${id}), ${edition}, ${kind}, instance ${instance}.`);
}
