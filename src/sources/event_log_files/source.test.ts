import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type MockOrg, startMockOrg } from "../../../_dev/deploy/docker/mock_org/mock_org.ts";
import { createMemoryCursors } from "../../../_dev/shared/testing/memory_cursors.ts";
import { createMemoryLedger } from "../../../_dev/shared/testing/memory_ledger.ts";
import { createSession } from "../../auth/session.ts";
import type { Clock } from "../../core/clock.ts";
import { asRunnerError, type RunnerError } from "../../core/errors.ts";
import { createHttp } from "../../core/http.ts";
import { silentLog } from "../../core/log.ts";
import { ApiBudget } from "../../org/api_budget.ts";
import { OrgClient } from "../../org/org_client.ts";
import type { Fact } from "../../reporting/facts.ts";
import type { Batch } from "../source.ts";
import { FileListing } from "./listing.ts";
import { EventLogFiles, type EventLogFilesOptions } from "./source.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 6, 20, 12);
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Time that only tests move. */
class TestClock implements Clock {
  time = NOW;
  now = () => this.time;
  random = () => 0;
  async sleep(ms: number): Promise<void> {
    this.time += ms;
  }
}

let org: MockOrg;
let clock: TestClock;
let facts: Fact[];
const http = createHttp();

beforeEach(async () => {
  clock = new TestClock();
  facts = [];
  org = await startMockOrg({
    certificate: publicKey.export({ type: "spki", format: "pem" }).toString(),
    now: clock.now,
  });
});
afterEach(() => org.close());

function client(key: KeyObject = privateKey): OrgClient {
  const session = createSession(
    {
      loginUrl: org.url,
      audience: "https://login.salesforce.com",
      clientId: org.clientId,
      username: org.username,
      key: async () => key,
      requestTimeout: 5_000,
    },
    { http, clock, log: silentLog },
  );
  return new OrgClient({ http, session, budget: new ApiBudget(100), apiVersion: "66.0", requestTimeout: 5_000, clock });
}

function source(more: Partial<EventLogFilesOptions> = {}): EventLogFiles {
  return new EventLogFiles({
    id: "login",
    client: client(),
    stream: {
      organizationName: "Acme",
      dataStream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" },
      tags: ["forwarded"],
      preserveOriginalEvent: false,
      agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
    },
    eventTypes: ["Login"],
    interval: "hourly+daily",
    initialLookback: 24 * HOUR,
    downloads: 2,
    ledger,
    tell: (fact) => facts.push(fact),
    clock,
    ...more,
  });
}

const never = new AbortController().signal;
const cursors = createMemoryCursors();
const ledger = createMemoryLedger();
afterEach(() => cursors.clear("login"));

interface Round {
  readonly requestIds: string[];
  readonly documents: readonly Record<string, never>[];
  readonly error: RunnerError | undefined;
}

/** One round whose batches are all acknowledged, or only the first `acknowledged` ones. */
async function round(from: EventLogFiles, acknowledged = Number.POSITIVE_INFINITY): Promise<Round> {
  const documents: Record<string, never>[] = [];
  let error: RunnerError | undefined;
  let batches = 0;
  try {
    const reading = from.read(await cursors.load("login"), never);
    for (;;) {
      const step = await reading.next();
      if (step.done) {
        error = step.value?.error;
        break;
      }
      if (batches === acknowledged) {
        await reading.return(undefined);
        break;
      }
      const batch = step.value;
      batches += 1;
      documents.push(...batch.events.map(({ json }) => JSON.parse(json)));
      await cursors.save("login", batch.whenDelivered.changes);
      batch.release?.();
      facts.push(...((batch.whenDelivered.facts ?? []) as Fact[]));
    }
  } catch (caught) {
    error = asRunnerError(caught);
  }
  const requestIds = documents.map((document) => valueAt(document, "salesforce.login.request.id")).sort();
  return { requestIds, documents, error };
}

function valueAt(document: unknown, path: string): string {
  let at = document;
  for (const name of path.split(".")) {
    at = (at as Record<string, unknown> | undefined)?.[name];
  }
  return String(at);
}

function rows(prefix: string, count: number): Record<string, string>[] {
  return Array.from({ length: count }, (_, n) => ({
    EVENT_TYPE: "Login",
    TIMESTAMP: "20260720080000.123",
    REQUEST_ID: `${prefix}${n}`,
    USER_ID: "0053000000Ank29",
  }));
}

const hourly = { eventType: "Login", logDate: "2026-07-20T08:00:00Z", interval: "Hourly" } as const;
const daily = { eventType: "Login", logDate: "2026-07-19T00:00:00Z" } as const;

describe("event log files", () => {
  test("gives hourly and daily files, each row once, and nothing in the next round", async () => {
    await org.given.logFile({ ...hourly, rows: rows("h", 3) });
    await org.given.logFile({ ...daily, rows: rows("d", 2) });
    await org.given.logFile({ ...daily, eventType: "Logout", rows: rows("other", 2) });
    const login = source();
    expect((await round(login)).requestIds).toEqual(["d0", "d1", "h0", "h1", "h2"]);
    expect(await round(login)).toMatchObject({ requestIds: [], error: undefined });
    expect(await round(source())).toMatchObject({ requestIds: [], error: undefined });
  });

  test("the last batch of a file says that it is the last, and no other does", async () => {
    const small = await org.given.logFile({ ...hourly, rows: rows("h", 3) });
    const large = await org.given.logFile({ ...daily, rows: rows("d", 2_500) });
    const batches: Batch[] = [];
    for await (const batch of source().read(new Map(), never)) {
      batches.push(batch);
      batch.release?.();
    }
    const lastOf = (id: string) => batches.filter(({ part }) => part === id).map(({ isLast = false }) => isLast);
    expect(lastOf(small.id)).toEqual([false, true]);
    expect(lastOf(large.id)).toEqual([...Array(lastOf(large.id).length - 1).fill(false), true]);
    expect(lastOf(large.id).length).toBeGreaterThan(2);
  });

  test("a document says what Salesforce said, and where it was", async () => {
    const file = await org.given.logFile({ ...hourly, rows: rows("h", 1) });
    const { documents } = await round(source());
    expect(documents[0]).toMatchObject({
      "@timestamp": "2026-07-20T08:00:00.123Z",
      event: {
        code: "Login",
        provider: "EventLogFile",
        dataset: "aquila_salesforce.login",
        module: "aquila_salesforce",
      },
      organization: { id: org.orgId, name: "Acme" },
      data_stream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" },
      salesforce: {
        instance_url: org.url,
        login: { user_id: "0053000000Ank29AAB" },
        collection: { primary: true, interval: "hourly", row: 1, file: { id: file.id, sequence: 1 } },
      },
      tags: ["forwarded"],
    });
    expect(valueAt(documents[0], "event.original")).toBe("undefined");
  });

  test("keeps the row's text where the stream asks for it", async () => {
    await org.given.logFile({ ...hourly, csv: 'EVENT_TYPE,REQUEST_ID,URI\nLogin,r1,"/a?sid=c ""b"""\n' });
    const keeping = source({
      stream: {
        organizationName: "Acme",
        dataStream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" },
        tags: [],
        preserveOriginalEvent: true,
        agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
      },
    });
    const { documents } = await round(keeping);
    const original = String(valueAt(documents[0], "event.original"));
    expect(JSON.parse(original)).toEqual({ EVENT_TYPE: "Login", REQUEST_ID: "r1", URI: '/a?sid=REDACTED "b"' });
  });

  test("reads a header in lower case as the same columns", async () => {
    const csv = (header: string) => `${header}\nLogin,r1,2026-07-17T09:22:41.123Z\n`;
    const header = "EVENT_TYPE,REQUEST_ID,TIMESTAMP_DERIVED";
    await org.given.logFile({ ...hourly, csv: csv(header.toLowerCase()) });
    expect((await round(source())).requestIds).toEqual(["r1"]);
    // Another file of the same hour: the row is known by its identity.
    await org.given.logFile({ ...hourly, csv: csv(header) });
    expect((await round(source())).requestIds).toEqual([]);
    expect(facts.filter(({ fact }) => fact === "file_done")).toHaveLength(2);
  });

  test("marks a row without a time of its own, and keeps and reports the id of another org", async () => {
    const csv =
      "EVENT_TYPE,REQUEST_ID,TIMESTAMP_DERIVED,ORGANIZATION_ID\nLogin,r1,soon,00D00000000000X\nLogin,r2,2026-07-17T09:22:41.123Z,\n";
    await org.given.logFile({ ...hourly, csv });
    const { documents } = await round(source());
    expect(documents.map((document) => String(valueAt(document, "salesforce.collection.estimated_time")))).toEqual([
      "true",
      "undefined",
    ]);
    expect(valueAt(documents[0], "salesforce.login.unmapped.ORGANIZATION_ID")).toBe("00D00000000000X");
    expect(valueAt(documents[0], "salesforce.login.unmapped.TIMESTAMP_DERIVED")).toBe("soon");
    expect(facts).toContainEqual(expect.objectContaining({ fact: "foreign_rows", count: 1 }));
  });

  test("knows the id of its own org with 15 characters and with 18, and no other", async () => {
    const own = org.orgId.slice(0, 15);
    const ids = [own, org.orgId, `${own.slice(0, 14)}${own.endsWith("9") ? 8 : 9}`, `${own}A`, "", own.slice(0, 14)];
    const lines = ids.map((id, at) => `Login,r${at},2026-07-17T09:22:41.123Z,${id}\n`);
    const csv = `EVENT_TYPE,REQUEST_ID,TIMESTAMP_DERIVED,ORGANIZATION_ID\n${lines.join("")}`;
    await org.given.logFile({ ...hourly, csv });
    const { documents } = await round(source());
    const kept = documents.map((document) => valueAt(document, "salesforce.login.unmapped.ORGANIZATION_ID"));
    expect(kept.map(String)).toEqual(["undefined", "undefined", ids[2], ids[3], "undefined", ids[5]]);
    expect(facts).toContainEqual(expect.objectContaining({ fact: "foreign_rows", count: 3 }));
  });

  test("goes on behind the last acknowledged row of a file", async () => {
    await org.given.logFile({ ...hourly, rows: rows("h", 2_500) });
    const first = await round(source(), 2);
    const acknowledged = first.requestIds.length;
    expect(acknowledged).toBeGreaterThanOrEqual(500);
    const second = await round(source());
    expect(second.requestIds).toHaveLength(2_500 - acknowledged);
    expect(new Set([...first.requestIds, ...second.requestIds]).size).toBe(2_500);
    expect(facts).toContainEqual(expect.objectContaining({ fact: "file_opened", skippedRows: acknowledged }));
  });

  test("equal rows of one file are different events, the same ones after a resumption", async () => {
    const twins = Array.from({ length: 1_200 }, () => rows("same", 1)[0] ?? {});
    await org.given.logFile({ ...hourly, rows: twins });
    const ids = (documents: readonly unknown[]) => documents.map((document) => valueAt(document, "event.id"));
    const whole = ids((await round(source())).documents);
    expect(new Set(whole).size).toBe(1_200);
    await cursors.clear("login");
    const parts = [...ids((await round(source(), 2)).documents), ...ids((await round(source())).documents)];
    expect(parts).toEqual(whole);
  });

  test("finds a late hourly file, a replaced daily file and a file of an earlier CreatedDate", async () => {
    await org.given.logFile({ ...hourly, rows: rows("h", 1) });
    const day = await org.given.logFile({ ...daily, rows: rows("d", 1) });
    const login = source();
    await round(login);
    clock.time += HOUR;
    await org.given.logFile({ ...hourly, rows: rows("late", 1) });
    await org.given.replacedLogFile(day.id, { rows: [...rows("d", 1), ...rows("more", 1)] });
    await org.given.logFile({
      ...hourly,
      logDate: "2026-07-20T03:00:00Z",
      createdDate: "2026-07-20T05:00:00Z",
      rows: rows("early", 1),
    });
    expect((await round(login)).requestIds).toEqual(["early0", "late0", "more0"]);
    expect((await round(login)).requestIds).toEqual([]);
  });

  test("collects what was made while the runner was away for weeks, once", async () => {
    await org.given.logFile({ ...hourly, rows: rows("h", 1) });
    await round(source());
    clock.time += 20 * 24 * HOUR;
    await org.given.logFile({ ...daily, logDate: "2026-07-25T00:00:00Z", rows: rows("away", 1) });
    await org.given.logFile({ ...daily, logDate: "2026-08-08T00:00:00Z", rows: rows("recent", 1) });
    expect((await round(source())).requestIds).toEqual(["away0", "recent0"]);
    expect((await round(source())).requestIds).toEqual([]);
  });

  test.each([
    ["hourly", ["h0"]],
    ["daily", ["d0"]],
  ] as const)("interval %s", async (interval, expected) => {
    await org.given.logFile({ ...hourly, rows: rows("h", 1) });
    await org.given.logFile({ ...daily, rows: rows("d", 1) });
    expect((await round(source({ interval }))).requestIds).toEqual(expected);
  });

  test("an org without hourly files is collected daily, and that is said once", async () => {
    await org.given.org({ hourlyFiles: false });
    await org.given.logFile({ ...daily, rows: rows("d", 1) });
    const login = source({ interval: "hourly" });
    expect((await round(login)).requestIds).toEqual(["d0"]);
    await round(login);
    expect(facts.filter(({ fact }) => fact === "no_hourly_files")).toHaveLength(1);
  });

  test("a file that is deleted, empty or has only its header is done", async () => {
    const gone = await org.given.logFile({ ...hourly, rows: rows("gone", 1) });
    await org.given.fault({ on: "logFile", match: gone.id, status: 404, times: 1 });
    await org.given.logFile({ ...hourly, csv: '"EVENT_TYPE","REQUEST_ID"\n' });
    await org.given.logFile({ ...hourly, csv: "" });
    await org.given.logFile({ ...hourly, rows: rows("h", 1) });
    const login = source();
    expect(await round(login)).toMatchObject({ requestIds: ["h0"], error: { code: "not_found" } });
    expect(facts.filter(({ fact }) => fact === "file_gone")).toEqual([]);
    await org.given.deletedLogFile(gone.id);
    clock.time += HOUR;
    expect(await round(login)).toMatchObject({ requestIds: [], error: undefined });
    expect(facts.filter(({ fact }) => fact === "file_gone")).toHaveLength(1);
    await org.given.forgottenRequests();
    await round(login);
    expect(await org.given.requests()).toHaveLength(1);
  });
});

describe("what is broken does not stop what is not", () => {
  test("ragged and broken rows go to the collector with number, reason and text; the file goes on", async () => {
    const csv = [
      "EVENT_TYPE,REQUEST_ID,URI",
      "Login,r1,/a",
      "Login,https://u:p@a.example/",
      'Login,"r3"x,/c',
      "Login,r4,/d,/e",
      "Login,r5,/f",
      "",
    ];
    await org.given.logFile({ ...hourly, csv: csv.join("\n") });
    const { documents, error } = await round(source());
    expect(error).toBeUndefined();
    const rejected = documents.filter((document) => valueAt(document, "event.code") === "row_rejected");
    expect(documents.length - rejected.length).toBe(2);
    expect(rejected.map((document) => valueAt(document, "salesforce.collection.row"))).toEqual(["2", "3", "4"]);
    expect(rejected.map((document) => valueAt(document, "salesforce.collector.text"))).toEqual([
      "Login,https://a.example/",
      'Login,"r3"x,/c',
      "Login,r4,/d,/e",
    ]);
    expect(valueAt(rejected[0], "salesforce.collector.reason")).toBe("the row has 2 cells, the header 3");
    expect(valueAt(rejected[0], "data_stream.dataset")).toBe("aquila_salesforce.collector");
    expect(facts).toContainEqual(
      expect.objectContaining({
        fact: "file_done",
        rows: 5,
        rejected: 3,
        newestEvent: Date.UTC(2026, 6, 20, 8),
      }),
    );
  });

  test.each<[string, object]>([
    ["server error", { status: 500 }],
    ["an answer that is cut", { cutAfterBytes: 40 }],
    ["an answer cut without a length", { cutAfterBytes: 40, withoutContentLength: true }],
    ["a clean answer that is too short", { shortBy: 20 }],
    ["a connection that is reset", { resetConnection: true }],
  ])("a file that fails (%s) is tried again later while the others go on", async (_, disturbance) => {
    const bad = await org.given.logFile({ ...hourly, rows: rows("bad", 3) });
    await org.given.logFile({ ...hourly, rows: rows("good", 2) });
    await org.given.fault({ on: "logFile", match: bad.id, ...disturbance });
    const login = source();
    const first = await round(login);
    expect(first.requestIds.filter((id) => id.startsWith("good"))).toEqual(["good0", "good1"]);
    expect(first.error?.next.do).not.toBe("giveUp");
    expect(facts).toContainEqual(expect.objectContaining({ fact: "file_failed", attempt: 1 }));

    await org.given.forgottenRequests();
    await round(login);
    expect((await org.given.requests()).filter(({ target }) => target.includes("LogFile/0AT"))).toEqual([]);

    await org.given.noFault();
    clock.time += HOUR;
    const last = await round(login);
    expect(last.error).toBeUndefined();
    const bads = [...first.requestIds, ...last.requestIds].filter((id) => id.startsWith("bad"));
    expect(bads.sort()).toEqual(["bad0", "bad1", "bad2"]);
  });

  test("HTML in the place of a file is no file", async () => {
    await org.given.logFile({ ...hourly, csv: "<html>\n<body>Maintenance</body>\n</html>\n" });
    const { error, documents } = await round(source());
    expect(error?.code).toBe("file_malformed");
    expect(documents).toEqual([]);
  });

  test("a refused login ends the round with its cause", async () => {
    await org.given.logFile({ ...hourly, rows: rows("h", 1) });
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const { error } = await round(source({ client: client(other) }));
    expect(error).toMatchObject({ code: "login_refused", fault: "configuration" });
  });
});

describe("a token that dies", () => {
  test.each([
    ["at the query", "query"],
    ["at the download", "logFile"],
  ] as const)("%s is renewed once and the round completes", async (_, on) => {
    await org.given.logFile({ ...hourly, rows: rows("h", 5) });
    await org.given.fault({ on, killToken: true, times: 1 });
    expect(await round(source())).toMatchObject({ requestIds: ["h0", "h1", "h2", "h3", "h4"], error: undefined });
    const logins = (await org.given.requests()).filter(({ target }) => target.includes("oauth2/token"));
    expect(logins).toHaveLength(2);
  });

  test("at the second page of the listing", async () => {
    await org.given.org({ pageSize: 200 });
    await Promise.all(
      Array.from({ length: 250 }, (_, n) =>
        org.given.logFile({ ...hourly, logDate: new Date(NOW - 5 * HOUR).toISOString(), rows: rows(`f${n}-`, 1) }),
      ),
    );
    await org.given.fault({ on: "page", killToken: true, times: 1 });
    const { requestIds, error } = await round(source());
    expect(error).toBeUndefined();
    expect(requestIds).toHaveLength(250);
  });
});

test("of the event types that a pattern brings, five hundred are read for ever, and files of others told", async () => {
  const listing = new FileListing({
    client: client(),
    eventTypes: ["*"],
    interval: "daily",
    tell: (fact) => facts.push(fact),
  });
  const record = (n: number) => ({
    Id: `0AT300000000${String(n % 502).padStart(3, "0")}`,
    EventType: `Type${n % 502}`,
    Interval: "Daily",
    Sequence: 0,
    LogDate: "2026-07-19T00:00:00.000Z",
    CreatedDate: "2026-07-20T01:00:00.000Z",
    LogFileLength: 1,
    LogFile: "/services/data/file",
  });
  const records = Array.from({ length: 2 * 502 }, (_, n) => record(n));
  await org.given.fault({ on: "query", body: { totalSize: records.length, done: true, records } });
  const range = { notBefore: NOW - 48 * HOUR, logDateFrom: NOW - 48 * HOUR, createdAfter: undefined };
  const files = await listing.list(range, NOW, never);
  expect(files.map(({ eventType }) => eventType)).toEqual(Array.from({ length: 500 }, (_, n) => `Type${n}`));
  expect(facts).toEqual(
    [500, 501].map((n) => ({ fact: "file_unusable", id: `0AT300000000${n}`, reason: `EventType is "Type${n}"` })),
  );
});
