import { type Finding, ok } from "../../core/finding.ts";
import type { OrgClient } from "../../org/org_client.ts";
import { queryPages } from "../../org/query_pages.ts";
import { soqlDateTime, soqlText } from "../../org/soql.ts";

const DAY_MS = 86_400_000;

/**
 * The address from which Salesforce saw the user log in last: the one that its ranges and its block of high-risk addresses go
 * by. Every user may read their own logins (Object Reference, LoginHistory). No finding where it is not told.
 */
export async function egressFindings(client: OrgClient, now: number, signal: AbortSignal): Promise<Finding[]> {
  const { userId } = await client.identity(signal);
  const recent = `UserId = ${soqlText(userId)} AND LoginTime > ${soqlDateTime(now - DAY_MS)}`;
  const soql = `SELECT SourceIp FROM LoginHistory WHERE ${recent} ORDER BY LoginTime DESC LIMIT 1`;
  try {
    for await (const [record] of queryPages(client, soql, "query of LoginHistory", signal)) {
      const address = record?.SourceIp;
      return typeof address === "string" && /^[0-9a-f.:]+$/i.test(address) ? [ok("egress address", seen(address))] : [];
    }
  } catch {
    signal.throwIfAborted();
  }
  return [];
}

function seen(address: string): string {
  return `Salesforce sees ${address}. Login IP ranges must allow it; a user that comes from an anonymizing VPN or proxy is frozen.`;
}
