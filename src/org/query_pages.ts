import { RETRY, RunnerError } from "../core/errors.ts";
import type { OrgClient } from "./org_client.ts";

/** A record as the REST API gives it, with its `attributes`. */
export type SObjectRecord = Readonly<Record<string, unknown>>;

/**
 * The pages of a query, in order, up to 2,000 records each (REST API Developer Guide, "Query" and "Query More Results").
 * Each page is one API call, made when it is pulled.
 */
export async function* queryPages(
  client: OrgClient,
  soql: string,
  asked: string,
  signal: AbortSignal,
): AsyncGenerator<readonly SObjectRecord[]> {
  let path: string | undefined = `/services/data/v${client.apiVersion}/query?q=${encodeURIComponent(soql)}`;
  while (path !== undefined) {
    const page = pageOf(await client.getJson(path, asked, signal), asked);
    yield page.records;
    path = page.next;
  }
}

/** Whether a query finds anything; costs one API call. */
export async function hasRecord(client: OrgClient, soql: string, asked: string, signal: AbortSignal): Promise<boolean> {
  for await (const records of queryPages(client, soql, asked, signal)) {
    return records.length > 0;
  }
  return false;
}

function pageOf(answer: unknown, asked: string): { records: readonly SObjectRecord[]; next: string | undefined } {
  const { records, done, nextRecordsUrl } = (answer ?? {}) as Record<string, unknown>;
  const next =
    typeof nextRecordsUrl === "string" && nextRecordsUrl.startsWith("/services/") ? nextRecordsUrl : undefined;
  if (!Array.isArray(records) || (done !== true && next === undefined)) {
    throw new RunnerError("answer_unreadable", `Salesforce's answer is no query result (${asked}).`, { next: RETRY });
  }
  return { records: records as readonly SObjectRecord[], next: done === true ? undefined : next };
}
