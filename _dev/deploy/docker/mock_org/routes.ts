import type { IncomingHttpHeaders } from "node:http";
import { type Answer, json, notFound, Refusal, refused } from "./answer.ts";
import type { RequestKind } from "./faults.ts";
import type { OrgState, User } from "./org_state.ts";
import { queryPageRoute, queryRoute } from "./query_route.ts";
import { describe } from "./sobject.ts";
import { tokenRoute } from "./token_route.ts";

export interface RouteRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Bytes (REST API Developer Guide, "Status Codes and Error Responses", 414). */
const LONGEST_ADDRESS = 16_384;

/** The oldest API version that is not retired. */
const OLDEST_VERSION = 31;

/** `v66.0/query/01g…` in parts. */
const DATA_PATH = /^\/services\/data\/v(\d+\.\d)\/(.+?)\/?$/;

/** Which kind of request this is, as faults name it; undefined for an address that nothing answers. */
export function kindOf(path: string): RequestKind | undefined {
  if (path === "/services/oauth2/token") {
    return "token";
  }
  if (/^\/services\/data\/?$/.test(path)) {
    return "versions";
  }
  const rest = DATA_PATH.exec(path)?.[2] ?? "";
  if (rest === "limits" || rest === "query") {
    return rest;
  }
  if (rest.startsWith("query/")) {
    return "page";
  }
  if (/^sobjects\/\w+\/describe$/.test(rest)) {
    return "describe";
  }
  return /^sobjects\/EventLogFile\/\w+\/LogFile$/.test(rest) ? "logFile" : undefined;
}

/** Answers one request. Refusals become answers here; anything else thrown is a defect of this program. */
export function answerRequest(request: RouteRequest, org: OrgState): Answer {
  try {
    return route(request, org);
  } catch (error) {
    if (!(error instanceof Refusal)) {
      throw error;
    }
    return refused(error);
  }
}

function route(request: RouteRequest, org: OrgState): Answer {
  const { url, method, headers } = request;
  const kind = kindOf(url.pathname);
  if (kind === undefined) {
    throw notFound();
  }
  if (url.pathname.length + url.search.length > LONGEST_ADDRESS) {
    throw new Refusal(414, "URI_TOO_LONG", "The length of the URI exceeds the 16,384-byte limit.");
  }
  if (method !== (kind === "token" ? "POST" : "GET")) {
    throw new Refusal(
      405,
      "METHOD_NOT_ALLOWED",
      `HTTP Method '${method}' not allowed. Allowed are ${kind === "token" ? "POST" : "GET"}`,
    );
  }
  if (kind === "token") {
    const ownUrl = `http://${headers.host ?? url.host}`;
    return tokenRoute({ contentType: headers["content-type"], body: request.body, ownUrl }, org);
  }
  if (kind === "versions") {
    return json(200, versions(org.settings.newestVersion));
  }
  const user = authenticated(headers.authorization, org);
  const { settings } = org;
  if (settings.apiRequestsUsed >= settings.apiRequestsMax) {
    const refusal = new Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
    return withLimitInfo(refused(refusal), org);
  }
  settings.apiRequestsUsed++;
  try {
    return withLimitInfo(dataRoute(kind, request, user, org), org);
  } catch (error) {
    if (!(error instanceof Refusal)) {
      throw error;
    }
    return withLimitInfo(refused(error), org);
  }
}

function dataRoute(kind: RequestKind, { url, headers }: RouteRequest, user: User, org: OrgState): Answer {
  const [, version = "", rest = ""] = DATA_PATH.exec(url.pathname) ?? [];
  checkVersion(version, org);
  const [, name = "", item = ""] = rest.split("/");
  switch (kind) {
    case "limits":
      return json(200, limits(org));
    case "query": {
      const options = headers["sforce-query-options"];
      return queryRoute(
        url.searchParams.get("q"),
        Array.isArray(options) ? options.join() : options,
        version,
        user,
        org,
      );
    }
    case "page":
      return queryPageRoute(name, version, org);
    case "describe": {
      const type = org.sObject(name, user);
      if (type === undefined) {
        throw notFound();
      }
      return json(200, describe(type, version));
    }
    default:
      return logFileRoute(item, user, org);
  }
}

function logFileRoute(id: string, user: User, org: OrgState): Answer {
  const file = org.logFiles.get(id.slice(0, 15));
  if (file?.gone === true) {
    org.logFiles.delete(file.id.slice(0, 15));
    throw notFound();
  }
  const visible = file !== undefined && file.createdDate <= org.now();
  if (!visible || !user.permissions.includes("ViewEventLogFiles")) {
    throw notFound();
  }
  org.counters.downloads++;
  return { status: 200, headers: { "content-type": "application/octetstream" }, body: file.body };
}

function authenticated(authorization: string | undefined, org: OrgState): User {
  const token = org.tokens.check(authorization);
  const user = org.users.get(token.username.toLowerCase());
  if (user === undefined || !user.active || user.frozen) {
    throw new Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid");
  }
  if (!user.permissions.includes("ApiEnabled")) {
    throw new Refusal(403, "API_CURRENTLY_DISABLED", "API is disabled for this User");
  }
  return user;
}

function checkVersion(version: string, org: OrgState): void {
  const number = Number(version);
  if (!Number.isInteger(number) || number > org.settings.newestVersion) {
    throw notFound();
  }
  if (number < OLDEST_VERSION) {
    throw new Refusal(410, "UNSUPPORTED_API_VERSION", "The requested API version has been retired.");
  }
}

function versions(newest: number): unknown {
  const count = newest - OLDEST_VERSION + 1;
  return Array.from({ length: count }, (_, index) => {
    const version = `${OLDEST_VERSION + index}.0`;
    return { label: releaseName(OLDEST_VERSION + index), url: `/services/data/v${version}`, version };
  });
}

/** Three releases a year; version 33 is Spring '15, and a Winter release bears the next year's number. */
function releaseName(version: number): string {
  const since = version - 33;
  const year = 15 + Math.floor(since / 3);
  const season = ((since % 3) + 3) % 3;
  return season === 2 ? `Winter '${year + 1}` : `${season === 0 ? "Spring" : "Summer"} '${year}`;
}

function limits({ settings }: OrgState): unknown {
  const remaining = Math.max(0, settings.apiRequestsMax - settings.apiRequestsUsed);
  return {
    DailyApiRequests: { Max: settings.apiRequestsMax, Remaining: remaining },
    DailyBulkApiBatches: { Max: 15_000, Remaining: 15_000 },
    DailyBulkV2QueryJobs: { Max: 10_000, Remaining: 10_000 },
    DailyStreamingApiEvents: { Max: 200_000, Remaining: 200_000 },
    HourlyPublishedPlatformEvents: { Max: 50_000, Remaining: 50_000 },
  };
}

function withLimitInfo(answer: Answer, { settings }: OrgState): Answer {
  const usage = `api-usage=${settings.apiRequestsUsed}/${settings.apiRequestsMax}`;
  return { ...answer, headers: { ...answer.headers, "sforce-limit-info": usage } };
}
