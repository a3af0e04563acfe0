import { findObjectType } from "../../catalog/catalog.ts";
import type { ObjectType } from "../../catalog/column.ts";
import { asRunnerError } from "../../core/errors.ts";
import { type Finding, failed, ok, warning } from "../../core/finding.ts";
import type { OrgClient } from "../../org/org_client.ts";
import { hasRecord } from "../../org/query_pages.ts";
import { objectSoql, soqlDateTime, soqlText } from "../../org/soql.ts";
import { withObjectCure } from "./access.ts";
import type { ObjectSettings } from "./settings.ts";

const STEP = "event objects";
const DAY_MS = 86_400_000;

/** Asks every object for one record of the last day, as the runner would. One finding for each; none of them throws. */
export async function objectFindings(
  names: readonly string[],
  client: OrgClient,
  now: number,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const type of names.flatMap((name) => findObjectType(name) ?? [])) {
    findings.push(await objectFinding(type, client, now, signal));
  }
  return findings;
}

async function objectFinding(type: ObjectType, client: OrgClient, now: number, signal: AbortSignal): Promise<Finding> {
  const { name, timeColumn, identityColumn } = type;
  const columns = [timeColumn, identityColumn];
  const soql = `${objectSoql({ object: name, columns, timeColumn, after: now - DAY_MS, to: now })} LIMIT 1`;
  try {
    const found = await hasRecord(client, soql, `query of ${name}`, signal);
    if (found && name === "LoginHistory" && !(await seesOthersLogins(client, now, signal))) {
      return warning(
        STEP,
        "LoginHistory: only the integration user's own logins are visible.",
        "Assign it a permission set with 'Monitor Login History' or 'Manage Users'.",
      );
    }
    return ok(STEP, `${name}: readable${found ? "" : ", but nothing of the last day is stored"}.`);
  } catch (error) {
    signal.throwIfAborted();
    return failed(STEP, withObjectCure(asRunnerError(error), type), "warning");
  }
}

/** Without the permission, LoginHistory silently answers the asking user's own logins (Object Reference, LoginHistory). */
async function seesOthersLogins(client: OrgClient, now: number, signal: AbortSignal): Promise<boolean> {
  const { userId } = await client.identity(signal);
  const others = `UserId != ${soqlText(userId)} AND LoginTime > ${soqlDateTime(now - DAY_MS)}`;
  return await hasRecord(
    client,
    `SELECT Id FROM LoginHistory WHERE ${others} LIMIT 1`,
    "query of LoginHistory",
    signal,
  );
}

/** API calls in 24 hours: a query for each poll of each object, which is also described once. Pure. */
export function callsADay({ names, pollInterval }: ObjectSettings): number {
  return names.length * (1 + Math.ceil(DAY_MS / pollInterval));
}
