import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { loggedIn, queried, startedOrg } from "./test_client.ts";
import { plannedFiles } from "./traffic/plan.ts";
import { writeTraffic } from "./traffic/write_traffic.ts";

const NOON = Date.parse("2026-07-18T12:30:00Z");
const now = () => NOON;

describe("traffic of an org", () => {
  test("plans whole hours and whole days up to now", () => {
    const files = plannedFiles({ rowsPerDay: { Login: 100, API: 10 }, late: 0.2 }, NOON, true);
    const of = (eventType: string, interval: string, sequence: number) =>
      files.filter((file) => file.eventType === eventType && file.interval === interval && file.sequence === sequence);
    expect(of("Login", "Daily", 0).map(({ logDate }) => new Date(logDate).toISOString())).toEqual([
      "2026-07-17T00:00:00.000Z",
    ]);
    expect(of("Login", "Hourly", 1)).toHaveLength(36);
    expect(of("Login", "Hourly", 2)).toHaveLength(36);
    expect(of("API", "Hourly", 1)).toHaveLength(36);
    expect(plannedFiles({ rowsPerDay: { Login: 100 } }, NOON, false).map(({ interval }) => interval)).toEqual([
      "Daily",
    ]);
  });

  test("serves files whose LogFileLength is the body's, as they have been made by now", async () => {
    await using org = await startedOrg({ now });
    const added = await org.given.traffic({ rowsPerDay: { Login: 2_000 }, lacking: 0.05 });
    expect(added.dailyRows).toEqual({ Login: 2_000 });
    const { body } = await queried(
      org,
      "SELECT LogFile, LogFileLength, CreatedDate FROM EventLogFile WHERE Interval = 'Hourly'",
    );
    expect(body.totalSize).toBe(33);
    const get = await loggedIn(org);
    let rows = 0;
    for (const { LogFile, LogFileLength } of body.records) {
      const text = await (await get(String(LogFile))).text();
      expect(Buffer.byteLength(text)).toBe(LogFileLength);
      rows += parse(text, { columns: true }).length;
    }
    expect(rows).toBeGreaterThan(1_900);
    expect(rows).toBeLessThan(added.hourlyRows.Login ?? 0);
  });

  test("serves everything at once where asked to", async () => {
    await using org = await startedOrg({ now: () => Date.parse("2026-07-18T00:10:00Z") });
    await org.given.traffic({ rowsPerDay: { Login: 2_400 }, madeByNow: true });
    expect((await queried(org, "SELECT Id FROM EventLogFile WHERE Sequence = 0")).body.totalSize).toBe(1);
    expect((await queried(org, "SELECT Id FROM EventLogFile WHERE Sequence = 1")).body.totalSize).toBe(24);
  });

  test("a file of any length is made as it is sent", async () => {
    await using org = await startedOrg();
    const file = await org.given.logFile({
      eventType: "RestApi",
      logDate: "2026-07-17T00:00:00Z",
      generate: { rows: 5_000_000 },
    });
    expect(file.length).toBeGreaterThan(2_000_000_000);
    const get = await loggedIn(org);
    const response = await get(`/services/data/v66.0/sobjects/EventLogFile/${file.id}/LogFile`, {
      "accept-encoding": "identity",
    });
    expect(response.headers.get("content-length")).toBe(String(file.length));
    await response.body?.cancel();
  });

  test("an hourly file holds exactly the rows asked for", async () => {
    await using org = await startedOrg();
    const { id } = await org.given.logFile({
      eventType: "Login",
      interval: "Hourly",
      logDate: "2026-07-17T09:00:00Z",
      generate: { rows: 250, duplicates: 2 },
    });
    const get = await loggedIn(org);
    const text = await (await get(`/services/data/v66.0/sobjects/EventLogFile/${id}/LogFile`)).text();
    expect(parse(text, { columns: true })).toHaveLength(252);
  });

  test.each(["LoginEvent", "LogoutEvent", "LoginAsEvent", "ApiEvent", "LoginHistory"])("fills %s", async (object) => {
    await using org = await startedOrg({ now });
    await org.given.traffic({ rowsPerDay: {}, until: "2026-07-18T00:00:00Z", recordsPerDay: { [object]: 48 } });
    const date = object === "LoginHistory" ? "LoginTime" : "EventDate";
    const soql = `SELECT ${date}, UserId FROM ${object} WHERE ${date} >= 2026-07-17T00:00:00Z AND ${date} < 2026-07-18T00:00:00Z`;
    const { body } = await queried(org, soql);
    expect(body.totalSize).toBe(48);
  });

  test("refuses types and objects that it can't make", async () => {
    await using org = await startedOrg();
    await expect(org.given.traffic({ rowsPerDay: { Nothing: 1 } })).rejects.toThrow(
      "no traffic for event type Nothing",
    );
    await expect(org.given.traffic({ rowsPerDay: {}, recordsPerDay: { User: 1 } })).rejects.toThrow(
      "no traffic for object User",
    );
  });

  test("written to disk, it comes back through a folder", async () => {
    const directory = mkdtempSync(join(tmpdir(), "traffic-"));
    try {
      const written = await writeTraffic(directory, { rowsPerDay: { Login: 300, ApexUnexpectedException: 50 } }, NOON);
      expect(written).toMatchObject({ files: 2, rows: 350 });
      await using org = await startedOrg({ now });
      const { files, skipped } = await org.given.folder(directory);
      expect(skipped).toEqual([]);
      expect(files.map(({ eventType, logDate }) => [eventType, logDate])).toEqual([
        ["ApexUnexpectedException", "2026-07-17T00:00:00.000Z"],
        ["Login", "2026-07-17T00:00:00.000Z"],
      ]);
      expect(files[1]?.length).toBe(statSync(join(directory, "Login-2026-07-17.csv")).size);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
