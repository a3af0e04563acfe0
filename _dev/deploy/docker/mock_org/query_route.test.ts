import { describe, expect, test } from "vitest";
import type { LogFileSpec } from "./log_file_spec.ts";
import type { MockOrgOptions } from "./mock_org.ts";
import { loggedIn, queried, startedOrg, type TestOrg } from "./test_client.ts";

const rows = [{ EVENT_TYPE: "Login", TIMESTAMP: "20260717000001.000", USER_NAME: "ann@acme.example" }];

const FILES: readonly LogFileSpec[] = [
  { eventType: "Login", logDate: "2026-07-16T00:00:00Z", createdDate: "2026-07-17T03:00:00Z", rows },
  { eventType: "Login", logDate: "2026-07-17T00:00:00Z", createdDate: "2026-07-18T03:00:00Z", rows },
  {
    eventType: "Login",
    logDate: "2026-07-17T00:00:00Z",
    createdDate: "2026-07-17T04:00:00Z",
    interval: "Hourly",
    rows,
  },
  {
    eventType: "Login",
    logDate: "2026-07-17T00:00:00Z",
    createdDate: "2026-07-17T09:00:00Z",
    interval: "Hourly",
    rows,
  },
  { eventType: "API", logDate: "2026-07-17T01:00:00Z", createdDate: "2026-07-17T05:00:00Z", interval: "Hourly", rows },
];

async function orgWithFiles(options: MockOrgOptions = {}): Promise<TestOrg> {
  const org = await startedOrg(options);
  for (const file of FILES) {
    await org.given.logFile(file);
  }
  return org;
}

/** [query, what each row is: `type sequence` of the files, in order]. */
const ACCEPTED: readonly (readonly [string, string])[] = [
  ["SELECT EventType, Sequence FROM EventLogFile", "Login 0,Login 0"],
  [
    "SELECT EventType, Sequence FROM EventLogFile WHERE Interval = 'Hourly' ORDER BY CreatedDate, Id",
    "Login 1,API 1,Login 2",
  ],
  [
    "SELECT EventType, Sequence FROM EventLogFile WHERE Interval = 'hourly' ORDER BY CreatedDate DESC",
    "Login 2,API 1,Login 1",
  ],
  [
    "SELECT EventType, Sequence FROM EventLogFile WHERE Sequence >= 0 ORDER BY Sequence NULLS LAST, CreatedDate LIMIT 3",
    "Login 0,Login 0,Login 1",
  ],
  ["SELECT EventType, Sequence FROM EventLogFile WHERE Sequence != 0 AND EventType IN ('API', 'RestApi')", "API 1"],
  [
    "SELECT EventType, Sequence FROM EventLogFile WHERE Id > '0AT000000000000' AND EventType NOT IN ('API')",
    "Login 0,Login 0,Login 1,Login 2",
  ],
  [
    "select eventtype, sequence from eventlogfile where (CreatedDate > 2026-07-17T04:00:00.000Z OR (CreatedDate = 2026-07-17T04:00:00Z AND Id > '0ATHs0000000000')) AND interval='Hourly' order by createddate asc, id asc",
    "Login 1,API 1,Login 2",
  ],
  [
    "SELECT EventType, Sequence FROM EventLogFile WHERE Interval='Hourly' AND CreatedDate < 2026-07-17T07:00:00+02:00",
    "Login 1",
  ],
  ["SELECT EventType, Sequence FROM EventLogFile WHERE Interval='Hourly' AND NOT EventType LIKE 'log%'", "API 1"],
  ["SELECT EventType, Sequence FROM EventLogFile WHERE Interval='Hourly' AND (NOT (EventType LIKE 'L_gin'))", "API 1"],
  ["SELECT EventType, Sequence FROM EventLogFile WHERE LogDate = N_DAYS_AGO:4", "Login 0"],
  ["SELECT EventType, Sequence FROM EventLogFile WHERE LogDate >= LAST_N_DAYS:2", ""],
  [
    "SELECT EventType, Sequence FROM EventLogFile WHERE LogDate < LAST_N_DAYS:3 AND EventType = 'Log\\u0069n'",
    "Login 0",
  ],
  ["SELECT EventType, Sequence FROM EventLogFile ORDER BY LogDate DESC LIMIT 1 OFFSET 1", "Login 0"],
];

/** [query, error code, end of the message]. */
const REFUSED: readonly (readonly [string, string, string])[] = [
  [
    "SELECT Id FORM EventLogFile",
    "MALFORMED_QUERY",
    "\nSELECT Id FORM EventLogFile\n          ^\nERROR at Row:1:Column:11\nunexpected token: 'FORM'",
  ],
  ["SELECT Id FROM EventLogFile WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"],
  ["SELECT Id FROM EventLogFile WHERE Id", "MALFORMED_QUERY", "unexpected token: '<EOF>'"],
  ["SELECT Id FROM EventLogFile WHERE EventType = 'Login", "MALFORMED_QUERY", "unterminated string literal"],
  [
    "SELECT Id FROM EventLogFile WHERE EventType = 'a\\x'",
    "MALFORMED_QUERY",
    "Illegal escape sequence '\\x' in string literal",
  ],
  ["SELECT Id FROM EventLogFile WHERE EventType = Login", "MALFORMED_QUERY", "unexpected token: 'Login'"],
  [
    "SELECT Id FROM EventLogFile WHERE Id != null OR Id = null AND Sequence = 0",
    "MALFORMED_QUERY",
    "unexpected token: 'AND'",
  ],
  ["SELECT Id FROM EventLogFile LIMIT -1", "MALFORMED_QUERY", "unexpected token: '-1'"],
  ["SELECT Id, COUNT() FROM EventLogFile", "MALFORMED_QUERY", "COUNT() must be the only element in the SELECT list"],
  [
    "SELECT LogDate, COUNT(Id) FROM EventLogFile GROUP BY EventType",
    "MALFORMED_QUERY",
    "Field must be grouped or aggregated: LogDate",
  ],
  [
    "SELECT FIELDS(ALL) FROM EventLogFile",
    "MALFORMED_QUERY",
    "The SOQL FIELDS function must have a LIMIT of at most 200",
  ],
  [
    "SELECT Id FROM Account",
    "INVALID_TYPE",
    "Please reference your WSDL or the describe call for the appropriate names.",
  ],
  [
    "SELECT Id, Size FROM EventLogFile",
    "INVALID_FIELD",
    "Please reference your WSDL or the describe call for the appropriate names.",
  ],
  [
    "SELECT Id FROM EventLogFile WHERE LogDate > '2026-07-17T00:00:00Z'",
    "INVALID_FIELD",
    "value of filter criterion for field 'LogDate' must be of type dateTime and should not be enclosed in quotes",
  ],
  [
    "SELECT Id FROM EventLogFile WHERE LogDate > 2026-07-17",
    "INVALID_FIELD",
    "value of filter criterion for field 'LogDate' must be of type dateTime and should not be enclosed in quotes",
  ],
  [
    "SELECT Id FROM EventLogFile WHERE Sequence = '0'",
    "INVALID_FIELD",
    "must be of type int and should not be enclosed in quotes",
  ],
  [
    "SELECT Id FROM EventLogFile WHERE EventType = 5",
    "INVALID_FIELD",
    "must be of type string and should be enclosed in quotes",
  ],
  ["SELECT Id FROM EventLogFile WHERE LogDate LIKE 'x'", "INVALID_FIELD", "invalid operator on datetime field"],
  [
    "SELECT Id FROM EventLogFile WHERE LogFileFieldNames LIKE '%URI%'",
    "INVALID_FIELD",
    "field 'LogFileFieldNames' can not be filtered in a query call",
  ],
  [
    "SELECT Id FROM EventLogFile ORDER BY LogFile",
    "INVALID_FIELD",
    "field 'LogFile' can not be sorted in a query call",
  ],
  [
    "SELECT COUNT(Id) FROM EventLogFile GROUP BY LogDate",
    "INVALID_FIELD",
    "field 'LogDate' can not be grouped in a query call",
  ],
  ["SELECT Id FROM EventLogFile WHERE Id = '12'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: 12"],
  [
    "SELECT Id FROM LoginHistory WHERE Status = 'Success'",
    "INVALID_FIELD",
    "field 'Status' can not be filtered in a query call",
  ],
];

describe("query", () => {
  test.each(ACCEPTED)("%s", async (soql, expected) => {
    await using org = await orgWithFiles({ now: () => Date.parse("2026-07-20T12:00:00Z") });
    const { status, body } = await queried(org, soql);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.records.map((record) => `${record.EventType} ${record.Sequence}`).join()).toBe(expected);
    expect(body.totalSize).toBe(body.records.length);
  });

  test.each(REFUSED)("refuses %s", async (soql, errorCode, message) => {
    await using org = await orgWithFiles();
    const { status, body } = await queried(org, soql);
    expect(status).toBe(400);
    expect(body[0]?.errorCode).toBe(errorCode);
    expect(body[0]?.message.endsWith(message), body[0]?.message).toBe(true);
  });

  test("answers every column of a file as the REST API writes it", async () => {
    await using org = await orgWithFiles();
    const { body } = await queried(org, "SELECT FIELDS(ALL) FROM EventLogFile WHERE Interval = 'Hourly' LIMIT 1");
    const [record] = body.records;
    const url = `/services/data/v66.0/sobjects/EventLogFile/${record?.Id}`;
    expect(record).toMatchObject({
      attributes: { type: "EventLogFile", url },
      IsDeleted: false,
      CreatedDate: "2026-07-17T04:00:00.000+0000",
      LogDate: "2026-07-17T00:00:00.000+0000",
      EventType: "Login",
      Interval: "Hourly",
      Sequence: 1,
      LogFileContentType: ".csv",
      LogFileFieldNames: "EVENT_TYPE,TIMESTAMP,USER_NAME",
      LogFileFieldTypes: "String,String,String",
      LogFile: `${url}/LogFile`,
    });
    const get = await loggedIn(org);
    const download = await get(String(record?.LogFile));
    const text = await download.text();
    expect(text).toBe('"EVENT_TYPE","TIMESTAMP","USER_NAME"\n"Login","20260717000001.000","ann@acme.example"\n');
    expect(record?.LogFileLength).toBe(Buffer.byteLength(text));
  });

  test("groups and counts", async () => {
    await using org = await orgWithFiles();
    const soql =
      "SELECT EventType, COUNT(Id), MIN(LogDate) first FROM EventLogFile WHERE Sequence >= 0 GROUP BY EventType ORDER BY EventType";
    const { body } = await queried(org, soql);
    const attributes = { type: "AggregateResult" };
    expect(body.records).toEqual([
      { attributes, EventType: "API", expr0: 1, first: "2026-07-17T01:00:00.000+0000" },
      { attributes, EventType: "Login", expr0: 4, first: "2026-07-16T00:00:00.000+0000" },
    ]);
    const counted = await queried(org, "SELECT COUNT() FROM EventLogFile WHERE EventType = 'Login'");
    expect(counted.body).toEqual({ totalSize: 2, done: true, records: [] });
  });

  test("an org without hourly files has neither Interval nor Sequence", async () => {
    await using org = await orgWithFiles({ hourlyFiles: false });
    for (const column of ["Interval", "Sequence"]) {
      const { body } = await queried(org, `SELECT Id FROM EventLogFile WHERE ${column} != null`);
      expect(body[0]?.errorCode).toBe("INVALID_FIELD");
      expect(body[0]?.message).toContain(`No such column '${column}' on entity 'EventLogFile'.`);
    }
    expect((await queried(org, "SELECT Id FROM EventLogFile WHERE Id != null")).body.totalSize).toBe(2);
  });

  test("pages by locator, in the batch size asked for", async () => {
    await using org = await startedOrg();
    for (let day = 1; day <= 450; day++) {
      await org.given.logFile({ eventType: "Login", logDate: new Date(Date.UTC(2025, 0, day)).toISOString() });
    }
    const get = await loggedIn(org);
    const soql = encodeURIComponent("SELECT Id FROM EventLogFile ORDER BY Id");
    const sizes: number[] = [];
    const ids = new Set<unknown>();
    let path: string | undefined = `/services/data/v66.0/query?q=${soql}`;
    while (path !== undefined) {
      const response = await get(path, { "sforce-query-options": "batchSize=20" });
      const page = (await response.json()) as { records: { Id: string }[]; totalSize: number; nextRecordsUrl?: string };
      expect(page.totalSize).toBe(450);
      sizes.push(page.records.length);
      for (const { Id } of page.records) {
        ids.add(Id);
      }
      path = page.nextRecordsUrl;
    }
    expect(sizes).toEqual([200, 200, 50]);
    expect(ids.size).toBe(450);
    expect(await org.given.counters()).toMatchObject({ queries: 1, pages: 2 });
    const unknown = await get("/services/data/v66.0/query/01gunknown-200");
    expect(await unknown.json()).toEqual([{ message: "invalid query locator", errorCode: "INVALID_QUERY_LOCATOR" }]);
  });

  test("a file shows up when it is created, and a replaced one under a new id", async () => {
    let now = Date.parse("2026-07-18T02:00:00Z");
    await using org = await startedOrg({ now: () => now, tokenLifetimeMs: 86_400_000 });
    const first = await org.given.logFile({
      eventType: "Login",
      logDate: "2026-07-17T00:00:00Z",
      createdDate: "2026-07-18T03:00:00Z",
      rows,
    });
    const get = await loggedIn(org);
    const path = `/services/data/v66.0/sobjects/EventLogFile/${first.id}/LogFile`;
    expect((await get(path)).status).toBe(404);
    now += 3_600_000;
    expect((await get(path)).status).toBe(200);
    now += 3_600_000;
    const second = await org.given.replacedLogFile(first.id, { rows: [...rows, ...rows] });
    expect(second).toMatchObject({
      eventType: "Login",
      logDate: first.logDate,
      createdDate: "2026-07-18T04:00:00.000Z",
    });
    expect(second.id > first.id).toBe(true);
    expect((await get(path)).status).toBe(404);
    await org.given.deletedLogFile(second.id);
    expect((await queried(org, "SELECT Id FROM EventLogFile")).body.totalSize).toBe(0);
  });
});
