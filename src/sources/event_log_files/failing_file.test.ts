import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Fault } from "../../../_dev/deploy/docker/mock_org/faults.ts";
import { FileCollection } from "../../../_dev/shared/testing/file_collection.ts";
import { PARKED_AFTER } from "../part_failure.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 6, 20, 12);

function rows(...ids: string[]): Record<string, string>[] {
  return ids.map((id) => ({ EVENT_TYPE: "Login", TIMESTAMP: "20260720110000.123", REQUEST_ID: id }));
}

const hourly = { eventType: "Login", logDate: "2026-07-20T11:00:00Z", interval: "Hourly" } as const;

const LIMIT = [{ errorCode: "REQUEST_LIMIT_EXCEEDED", message: "TotalRequests Limit exceeded." }];
const FAULTS: [string, Omit<Fault, "on">][] = [
  ["401", { status: 401, body: [{ errorCode: "INVALID_SESSION_ID", message: "Session expired or invalid" }] }],
  ["403", { status: 403, body: "" }],
  ["403 of the request limit", { status: 403, body: LIMIT }],
  ["404", { status: 404, body: "<html>Maintenance</html>" }],
  ["410", { status: 410, body: "" }],
  ["429", { status: 429, body: "" }],
  ["500", { status: 500, body: "" }],
  ["503 that asks to wait 5 s", { status: 503, body: "", headers: { "retry-after": "5" } }],
  ["503 that asks to wait for ever", { status: 503, body: "", headers: { "retry-after": "99999999" } }],
  ["a body that stands still", { stallAfterBytes: 30 }],
  ["no header row", { body: "<html>\n<body>Maintenance</body>\n</html>\n" }],
];

let collection: FileCollection;
beforeEach(async () => {
  collection = await new FileCollection().open();
});
afterEach(() => collection.close());

/** Listings of a run in which no file fails. */
async function healthyListings(interval: number, time: number): Promise<number> {
  const healthy = await new FileCollection().open();
  healthy.start(interval);
  await healthy.pass(time);
  const listings = await healthy.listings();
  await healthy.close();
  return listings;
}

describe.each(FAULTS)("a file that always answers %s", { timeout: 60_000 }, (_, fault) => {
  test("keeps no newer file waiting and makes no further listing", { timeout: 60_000 }, async () => {
    const bad = await collection.org.given.logFile({ ...hourly, rows: rows("bad0", "bad1") });
    await collection.org.given.fault({ on: "logFile", match: bad.id, ...fault });
    if ("stallAfterBytes" in fault) {
      collection.requestTimeout = 1_000;
    }
    collection.start(MINUTE);
    const made = new Map<string, number>();
    for (let n = 0; n < 15; n += 1) {
      await collection.org.given.logFile({ ...hourly, rows: rows(`new${n}`) });
      made.set(`new${n}`, collection.clock.now());
      await collection.pass(20 * SECOND);
    }
    await collection.pass(2.2 * MINUTE);
    for (const [id, at] of made) {
      expect(collection.delivered.get(id), id).toBeLessThanOrEqual(at + 2.2 * MINUTE);
    }
    expect(await collection.listings()).toBe(await healthyListings(MINUTE, 5 * MINUTE + 2.2 * MINUTE));
    expect(collection.report).toMatchObject({ health: "degraded", message: expect.stringContaining(bad.id) });

    await collection.org.given.noFault();
    await collection.pass(HOUR + MINUTE);
    expect(collection.sent.filter((id) => id.startsWith("bad")).sort()).toEqual(["bad0", "bad1"]);
    expect(collection.report).toMatchObject({ health: "healthy", message: "" });
  });
});

test("a login that is refused while a file is read is the round's failure, and none of the file", async () => {
  collection.start(MINUTE);
  await collection.pass(MINUTE / 2);
  await collection.org.given.logFile({ ...hourly, rows: rows("a") });
  await collection.org.given.fault({ on: "logFile", killToken: true, times: 1 });
  await collection.org.given.fault({ on: "token", status: 400, body: { error: "invalid_grant" }, times: 1 });
  await collection.pass(MINUTE);
  expect(collection.report).toMatchObject({ health: "failed", errorCode: "login_refused" });
  await collection.pass(2 * HOUR);
  expect(collection.sent).toEqual(["a"]);
  expect(collection.report).toMatchObject({ health: "healthy", filesFailed: 0, roundsFailed: 1 });
});

describe("a file that goes on failing", () => {
  test("is parked, told, and tried once a day; the listing goes past it, and what is kept does not grow", {
    timeout: 60_000,
  }, async () => {
    const bad = await collection.org.given.logFile({ ...hourly, rows: rows("bad") });
    await collection.org.given.fault({ on: "logFile", match: bad.id, status: 500 });
    collection.start(10 * MINUTE);
    await collection.pass(2 * HOUR);
    expect(await collection.listings()).toBe(await healthyListings(10 * MINUTE, 2 * HOUR));
    await collection.pass(4 * HOUR);
    expect(collection.facts.filter(({ fact }) => fact === "file_parked")).toHaveLength(1);
    expect(await collection.downloadsOf(bad.id)).toBe(PARKED_AFTER);
    expect(collection.report).toMatchObject({
      health: "degraded",
      message: expect.stringMatching(/is parked.*cursors --retry/),
    });

    // The listing no longer reaches back to it: it is asked for by its id.
    for (let day = 1; day <= 6; day += 1) {
      await collection.org.given.logFile({
        ...hourly,
        logDate: iso(collection.clock.now() - HOUR),
        rows: rows(`d${day}`),
      });
      await collection.pass(DAY);
    }
    expect(await collection.downloadsOf(bad.id)).toBe(PARKED_AFTER + 6);
    expect([...collection.delivered.keys()].sort()).toEqual(["d1", "d2", "d3", "d4", "d5", "d6"]);
    const { files, createdAfter = 0 } = await collection.cursors.load("login").then((entries) => ({
      files: [...entries.keys()].filter((key) => key.startsWith("file:")),
      createdAfter: Number(entries.get("created_after")),
    }));
    expect(files).toContain(`file:${bad.id}`);
    expect(files.length).toBeLessThanOrEqual(6);
    expect(createdAfter).toBeGreaterThan(NOW + 3 * DAY);
    expect(collection.facts.filter(({ fact }) => fact === "file_gone")).toEqual([]);

    await collection.org.given.noFault();
    await collection.pass(DAY);
    expect(collection.sent.filter((id) => id === "bad")).toEqual(["bad"]);
    expect(collection.report.health).toBe("healthy");
  });

  test("is gone only when Salesforce no longer lists it, and that is told", async () => {
    const bad = await collection.org.given.logFile({ ...hourly, rows: rows("bad") });
    await collection.org.given.fault({ on: "logFile", match: bad.id, status: 404, body: "<html></html>" });
    collection.start(MINUTE);
    await collection.pass(5 * MINUTE);
    expect(collection.facts.filter(({ fact }) => fact === "file_gone")).toEqual([]);
    await collection.org.given.deletedLogFile(bad.id);
    await collection.pass(20 * MINUTE);
    expect(collection.facts.filter(({ fact }) => fact === "file_gone")).toEqual([
      { fact: "file_gone", file: expect.objectContaining({ id: bad.id, eventType: "Login" }) },
    ]);
    expect(collection.report.health).toBe("healthy");
  });

  test("many of them cost their own attempts, no listing and no login for each", { timeout: 60_000 }, async () => {
    for (let n = 0; n < 12; n += 1) {
      const bad = await collection.org.given.logFile({ ...hourly, rows: rows(`bad${n}`) });
      await collection.org.given.fault({ on: "logFile", match: bad.id, status: n % 2 === 0 ? 401 : 429, body: "" });
    }
    collection.start(MINUTE);
    await collection.pass(10 * MINUTE);
    await collection.org.given.logFile({ ...hourly, rows: rows("new") });
    await collection.pass(2.2 * MINUTE);
    expect(collection.delivered.has("new")).toBe(true);
    expect(await collection.listings()).toBe(await healthyListings(MINUTE, 12.2 * MINUTE));
    expect(await collection.org.given.counters()).toMatchObject({ logins: 1 });
  });
});

test("a refusal that the listing repeats is the org's: its round fails, and no file is blamed for it", async () => {
  await collection.org.given.logFile({ ...hourly, rows: rows("a") });
  await collection.org.given.fault({ on: "logFile", status: 403, body: "", times: 1 });
  await collection.org.given.fault({ on: "query", status: 403, body: "", after: 1, times: 1 });
  collection.start(MINUTE);
  await collection.pass(SECOND / 2);
  await collection.pass(40 * MINUTE);
  expect([...collection.delivered.keys()]).toEqual(["a"]);
  expect(collection.report.health).toBe("healthy");
});

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
