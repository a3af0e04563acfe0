import { type Answer, json, Refusal } from "./answer.ts";
import { checkBigObjectQuery } from "./big_object_rules.ts";
import { logFileRecord } from "./log_file.ts";
import type { OrgState, User } from "./org_state.ts";
import type { QueryResult } from "./query_results.ts";
import type { SObject, SObjectRecord } from "./sobject.ts";
import { checkQuery, unsupportedObject } from "./soql_check.ts";
import { evaluate } from "./soql_evaluate.ts";
import { parseSoql } from "./soql_parser.ts";
import type { Condition, Query } from "./soql_query.ts";

const SMALLEST_BATCH = 200;
const LARGEST_BATCH = 2_000;

/** `GET /services/data/vNN.0/query?q=…`: the first page. */
export function queryRoute(
  soql: string | null,
  queryOptions: string | undefined,
  version: string,
  user: User,
  org: OrgState,
): Answer {
  if (soql === null || soql === "") {
    throw new Refusal(400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null");
  }
  org.counters.queries++;
  const query = parseSoql(soql);
  const type = org.sObject(query.from.name, user);
  if (type === undefined) {
    throw unsupportedObject(query);
  }
  checkQuery(query, type);
  if (type.bigObject) {
    checkBigObjectQuery(query, type);
  }
  const found = evaluate(query, type, candidates(query, type, version, user, org), org.now());
  if ((type.bigObject || type.name === "LoginHistory") && found.size > org.settings.queryTimeoutRows) {
    throw new Refusal(400, "QUERY_TIMEOUT", "Your query request was running for too long.");
  }
  const url = (id: unknown) => `/services/data/v${version}/sobjects/${type.name}/${String(id)}`;
  const row = (record: SObjectRecord) => ({
    attributes: found.aggregate
      ? { type: "AggregateResult" }
      : { type: type.name, url: url(record.Id ?? "000000000000000AAA") },
    ...Object.fromEntries(found.columns.map((column) => answered(column, record[column] ?? null))),
  });
  const result = { size: found.size, pageSize: batchSize(queryOptions, org), row, records: found.records };
  const paged = found.records.length > result.pageSize ? org.results.keep(result) : { ...result, locator: "" };
  return page(paged, 0, version, org);
}

/** A column of a record; one of a related record comes inside of that, or null in its place. */
function answered(column: string, value: SObjectRecord[string]): [string, unknown] {
  const [name = "", related] = column.split(".");
  if (related === undefined) {
    return [name, value];
  }
  return [name, value === null ? null : { attributes: { type: name }, [related]: value }];
}

/** `GET /services/data/vNN.0/query/<locator>-<row>`: a further page. */
export function queryPageRoute(name: string, version: string, org: OrgState): Answer {
  org.counters.pages++;
  const { result, from } = org.results.page(name);
  return page(result, from, version, org);
}

function page(result: QueryResult, from: number, version: string, { settings }: OrgState): Answer {
  const to = Math.min(from + result.pageSize, result.records.length);
  const broken = settings.brokenApplication;
  if (broken !== undefined && result.records.slice(from, to).some(({ Application }) => Application === broken)) {
    throw new Refusal(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId: 1-2 (3)");
  }
  const records = result.records.slice(from, to).map(result.row);
  if (to >= result.records.length) {
    return json(200, { totalSize: result.size, done: true, records });
  }
  const nextRecordsUrl = `/services/data/v${version}/query/${result.locator}-${to}`;
  return json(200, { totalSize: result.size, done: false, nextRecordsUrl, records });
}

/** Sizes outside 200 to 2,000 are brought into that range; an org may be set to smaller pages for tests of paging. */
function batchSize(queryOptions: string | undefined, org: OrgState): number {
  const asked = /batchSize\s*=\s*(\d+)/i.exec(queryOptions ?? "")?.[1];
  if (asked === undefined) {
    return org.settings.pageSize;
  }
  return Math.min(Math.max(Number(asked), SMALLEST_BATCH), LARGEST_BATCH, org.settings.pageSize);
}

/** The records that the query is evaluated over, already reduced to what this user and this manner of query see. */
function candidates(query: Query, type: SObject, version: string, user: User, org: OrgState): readonly SObjectRecord[] {
  switch (type.name) {
    case "EventLogFile":
      return logFileRecords(query, version, user, org);
    case "Organization":
      return [organizationRecord(org)];
    case "User":
      return [...[...org.users.values()].map(userRecord), ...(org.records.get(type.name) ?? [])].filter(
        ({ Id }) => user.permissions.includes("ViewAllUsers") || Id === user.id,
      );
    case "LoginHistory": {
      const all = org.records.get(type.name) ?? [];
      const seesAll = user.permissions.includes("ManageUsers") || user.permissions.includes("MonitorLoginHistory");
      return seesAll ? all : all.filter((record) => record.UserId === user.id);
    }
    default:
      return org.records.get(type.name) ?? [];
  }
}

/**
 * Where a query names neither Interval nor Sequence, an org with hourly files answers the daily ones only, but both kinds as soon as
 * the query filters on Id.
 */
function logFileRecords(query: Query, version: string, user: User, org: OrgState): SObjectRecord[] {
  const filtered = new Set(fieldsIn(query.where).map((name) => name.toLowerCase()));
  const both = org.settings.hourlyFiles && ["interval", "sequence", "id"].some((name) => filtered.has(name));
  const now = org.now();
  const records: SObjectRecord[] = [];
  for (const file of org.logFiles.values()) {
    if (file.createdDate <= now && (both || file.interval === "Daily")) {
      records.push(logFileRecord(file, version, user.id));
    }
  }
  return records;
}

function fieldsIn(condition: Condition | undefined): string[] {
  if (condition === undefined) {
    return [];
  }
  switch (condition.kind) {
    case "and":
    case "or":
      return condition.terms.flatMap(fieldsIn);
    case "not":
      return fieldsIn(condition.term);
    default:
      return [condition.field.name];
  }
}

function organizationRecord(org: OrgState): SObjectRecord {
  return {
    Id: org.orgId,
    Name: org.settings.name,
    OrganizationType: org.settings.edition,
    IsSandbox: org.settings.sandbox,
    InstanceName: org.settings.instanceName,
  };
}

function userRecord(user: User): SObjectRecord {
  return {
    Id: user.id,
    Username: user.username,
    Name: user.name,
    Email: user.username,
    IsActive: user.active,
    UserType: "Standard",
    ProfileId: null,
    CreatedDate: "2024-01-01T00:00:00.000+0000",
  };
}
