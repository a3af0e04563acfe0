import { findObjectType } from "../../catalog/catalog.ts";
import type { ObjectType } from "../../catalog/column.ts";
import { asRunnerError } from "../../core/errors.ts";
import { type Finding, failed, ok, warning } from "../../core/finding.ts";
import type { OrgClient } from "../../org/org_client.ts";
import { hasRecord } from "../../org/query_pages.ts";
import { soqlDateTime, soqlText } from "../../org/soql.ts";
import { isAbsence } from "../absence.ts";
import { withObjectCure } from "./access.ts";
import type { ObjectSettings } from "./settings.ts";
import { objectSoql } from "./window_soql.ts";

const STEP = "event objects";
const DAY_MS = 86_400_000;

/** What the check of an org has found. */
export interface FoundObjects {
  /** Objects that not every org has, and this one does not. */
  readonly absent: readonly string[];
}

/**
 * Asks every object for one record of the last day, as the runner would. One finding for each, and one for all that not every org
 * has and this one does not; none of them throws.
 */
export async function objectFindings(
  names: readonly string[],
  client: OrgClient,
  now: number,
  signal: AbortSignal,
): Promise<{ readonly findings: readonly Finding[]; readonly found: FoundObjects }> {
  const findings: Finding[] = [];
  const absent: string[] = [];
  for (const type of names.flatMap((name) => findObjectType(name) ?? [])) {
    const finding = await objectFinding(type, client, now, signal);
    if (finding === ABSENT) {
      absent.push(type.name);
    } else {
      findings.push(finding);
    }
  }
  return { findings: absent.length === 0 ? findings : [...findings, absenceFinding(absent)], found: { absent } };
}

const ABSENT = Symbol("an object that not every org has");

/** That they are not there is no fault, but whoever has paid for them wants to know it. */
function absenceFinding(names: readonly string[]): Finding {
  return ok(
    STEP,
    `Not there for the integration user, and not collected: ${names.join(", ")}. They come with Salesforce Shield or the Event Monitoring add-on; if the org has it, assign a permission set with 'View Real-Time Event Monitoring Data', and enable storage of each in Setup > Event Manager.`,
  );
}

async function objectFinding(
  type: ObjectType,
  client: OrgClient,
  now: number,
  signal: AbortSignal,
): Promise<Finding | typeof ABSENT> {
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
    const cause = asRunnerError(error);
    return type.mayBeAbsent === true && isAbsence(cause)
      ? ABSENT
      : failed(STEP, withObjectCure(cause, type), "warning");
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

/**
 * API calls in 24 hours: a query for each poll of each object, which is also described once; those of an object that is not there
 * are not worth counting. Pure.
 */
export function callsADay({ names, pollInterval }: ObjectSettings, found: unknown): number {
  const { absent = [] } = (found ?? {}) as Partial<FoundObjects>;
  const there = names.filter((name) => !absent.includes(name));
  return there.length * (1 + Math.ceil(DAY_MS / pollInterval));
}
