import { buffer } from "node:stream/consumers";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { recordId } from "../salesforce_id.ts";
import { Draws } from "./draws.ts";
import { EVENT_TYPES, type GeneratedRows, rowsOfHour, Traffic } from "./traffic.ts";

const ORG_ID = recordId("00D", 1);
const DAY = Date.parse("2026-07-17T00:00:00Z");
const HOUR = 3_600_000;

function asked(eventType: string, more: Partial<GeneratedRows> = {}): GeneratedRows {
  return { eventType, interval: "Daily", logDate: DAY, rows: 3_000, lacking: 0, from: 0, duplicates: 0, ...more };
}

async function rowsOf(traffic: Traffic, rows: GeneratedRows): Promise<Record<string, string>[]> {
  return parse(await buffer(traffic.file(rows).body.open()), { columns: true, cast: false });
}

describe.each([...EVENT_TYPES.keys()])("%s", (eventType) => {
  test("says its length and rows truly; rows are strict CSV, distinct and of the day", async () => {
    const file = new Traffic("aquila", ORG_ID).file(asked(eventType, { rows: 1_500 }));
    const body = await buffer(file.body.open());
    expect(body.length).toBe(file.body.length);
    const records: Record<string, string>[] = parse(body, { columns: true, cast: false });
    expect(records).toHaveLength(1_500);
    expect(file.rows).toBe(1_500);
    expect(Object.keys(records[0] ?? {})).toEqual(file.header);
    expect(new Set(records.map((record) => JSON.stringify(record))).size).toBe(1_500);
    const wrong = records.filter(
      (record) =>
        record.EVENT_TYPE !== eventType ||
        !/^[\w-]{22}$/.test(record.REQUEST_ID ?? "") ||
        !/^20260717\d{6}\.\d{3}$|^2026-07-17T\d\d:\d\d:\d\d\.\d{3}\+0000$/.test(record.TIMESTAMP ?? "") ||
        !/^2026-07-17T\d\d:\d\d:\d\d\.\d{3}Z$/.test(record.TIMESTAMP_DERIVED ?? ""),
    );
    expect(wrong).toEqual([]);
  });

  test("has no cell outside its header", () => {
    const type = EVENT_TYPES.get(eventType);
    const known = new Set(type?.header);
    expect(known.size).toBe(type?.header.length);
    const { world } = new Traffic("aquila", ORG_ID);
    for (const integration of [undefined, world.integrations[0]]) {
      for (let serial = 0; serial < 50; serial++) {
        const person = integration ?? world.people[serial];
        if (person === undefined) {
          throw new Error("the world has fewer people than this test needs");
        }
        const actor = { person, integration, ip: person.home.ip, sessionKey: "s", loginKey: "l" };
        const cells = type?.row(new Draws(`cells/${serial}`), actor, world) ?? {};
        expect(Object.keys(cells).filter((column) => !known.has(column))).toEqual([]);
      }
    }
  });
});

describe("traffic", () => {
  test("is the same for the same seed and another for another", async () => {
    const text = async (seed: string) =>
      (await buffer(new Traffic(seed, ORG_ID).file(asked("Login")).body.open())).toString();
    expect(await text("a")).toBe(await text("a"));
    expect(await text("a")).not.toBe(await text("b"));
  });

  test("hourly files and the daily file share their rows; lacking rows are only in the daily one", async () => {
    const traffic = new Traffic("aquila", ORG_ID);
    const daily = await rowsOf(traffic, asked("RestApi"));
    const hourly: Record<string, string>[] = [];
    const lacking: Record<string, string>[] = [];
    for (let hour = DAY; hour < DAY + 24 * HOUR; hour += HOUR) {
      const file = asked("RestApi", { interval: "Hourly", logDate: hour, rows: rowsOfHour(3_000, hour) });
      hourly.push(...(await rowsOf(traffic, file)));
      lacking.push(...(await rowsOf(traffic, { ...file, lacking: 0.1 })));
    }
    expect(hourly).toEqual(daily);
    expect(lacking.length).toBeGreaterThan(2_650);
    expect(lacking.length).toBeLessThan(2_720);
    const all = new Set(daily.map((row) => JSON.stringify(row)));
    expect(lacking.every((row) => all.has(JSON.stringify(row)))).toBe(true);
  });

  test("a late second file holds exactly what the first one left out", async () => {
    const traffic = new Traffic("aquila", ORG_ID);
    const hour = asked("Login", { interval: "Hourly", logDate: DAY + 9 * HOUR });
    const first = await rowsOf(traffic, { ...hour, lacking: 0.3 });
    const second = await rowsOf(traffic, { ...hour, from: 1 - 0.3 });
    expect(second.length).toBeGreaterThan(0);
    expect([...first, ...second]).toEqual(await rowsOf(traffic, hour));
  });

  test("duplicates repeat whole rows", async () => {
    const rows = await rowsOf(new Traffic("aquila", ORG_ID), asked("Login", { duplicates: 5 }));
    expect(rows).toHaveLength(3_005);
    expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(3_000);
  });

  test("the hours' rows add up to the day's", () => {
    for (const rowsPerDay of [0, 1, 7, 100, 99_999]) {
      const hours = Array.from({ length: 24 }, (_, hour) => rowsOfHour(rowsPerDay, DAY + hour * HOUR));
      expect(hours.reduce((total, rows) => total + rows, 0)).toBe(rowsPerDay);
    }
  });

  test("every event type of one request tells the same user and time", async () => {
    const traffic = new Traffic("aquila", ORG_ID);
    const executions = new Map((await rowsOf(traffic, asked("ApexExecution"))).map((row) => [row.REQUEST_ID, row]));
    const callouts = await rowsOf(traffic, asked("ApexCallout", { rows: 500 }));
    expect(callouts).toHaveLength(500);
    const inExecutions = callouts.map(({ REQUEST_ID }) => executions.get(REQUEST_ID));
    expect(callouts.map((row) => [row.USER_ID, row.TIMESTAMP])).toEqual(
      inExecutions.map((row) => [row?.USER_ID, row?.TIMESTAMP]),
    );
  });

  test("rows have the habits of Salesforce's CSV", async () => {
    const traffic = new Traffic("aquila", ORG_ID);
    const logins = await rowsOf(traffic, asked("Login"));
    expect(logins.some((row) => row.CLIENT_IP === "Salesforce.com IP")).toBe(true);
    expect(logins.some((row) => row.BROWSER_TYPE?.includes("%20"))).toBe(true);
    expect(logins.some((row) => row.LOGIN_STATUS !== "LOGIN_NO_ERROR")).toBe(true);
    const exceptions = await rowsOf(traffic, asked("ApexUnexpectedException"));
    expect(exceptions.some((row) => row.STACK_TRACE?.includes("\n"))).toBe(true);
    expect(exceptions.some((row) => row.STACK_TRACE === "")).toBe(true);
    const callouts = (await buffer(traffic.file(asked("ApexCallout")).body.open())).toString();
    expect(callouts).toContain('"""https://');
  });

  test.each([
    ["passwordSpraying", "Login", 401],
    ["adminImpersonation", "LoginAs", 3],
    ["apiExport", "RestApi", 600],
    ["exceptionSurge", "ApexUnexpectedException", 500],
    ["appTheft", "ApiTotalUsage", 40],
    ["appTheft", "BulkApi2", 5],
    ["appTheft", "BulkApi", 60],
    ["appTheft", "BulkApiRequest", 1],
    ["calloutOutage", "ApexCallout", 60],
    ["limitRefusals", "ConcurrentLongRunningApexLimit", 40],
    ["oldClient", "ApiTotalUsage", 135],
  ] as const)("%s adds its rows to %s in its hour", async (kind, eventType, count) => {
    const plain = await rowsOf(new Traffic("aquila", ORG_ID), asked(eventType));
    const planted = await rowsOf(new Traffic("aquila", ORG_ID, [{ kind, at: DAY + 14 * HOUR }]), asked(eventType));
    const before = new Set(plain.map((row) => JSON.stringify(row)));
    const added = planted.filter((row) => !before.has(JSON.stringify(row)));
    expect(added).toHaveLength(count);
    expect(new Set(added.map((row) => JSON.stringify(row))).size).toBe(count);
    expect(added.every((row) => row.TIMESTAMP_DERIVED?.startsWith("2026-07-17T14:"))).toBe(true);
  });

  test("a stolen session logs in, asks, exports and logs out, under one session key and one login key", async () => {
    const traffic = new Traffic("aquila", ORG_ID, [{ kind: "stolenSession", at: DAY + 9 * HOUR }]);
    const types = ["Login", "RestApi", "BulkApi2", "Logout"];
    const all = (await Promise.all(types.map((type) => rowsOf(traffic, asked(type))))).flat();
    const story = all
      .filter(({ SESSION_KEY: key = "" }) => key.startsWith("Stolen"))
      .toSorted((a, b) => (a.TIMESTAMP_DERIVED ?? "").localeCompare(b.TIMESTAMP_DERIVED ?? ""));
    expect(story.map((row) => `${row.EVENT_TYPE} ${row.TIMESTAMP_DERIVED?.slice(11, 13)}`)).toEqual([
      "Login 09",
      ...Array.from({ length: 12 }, () => "RestApi 10"),
      "BulkApi2 11",
      "BulkApi2 12",
      "Logout 13",
    ]);
    for (const column of ["SESSION_KEY", "LOGIN_KEY", "USER_ID_DERIVED", "CLIENT_IP"]) {
      expect(new Set(story.map((row) => row[column])).size, column).toBe(1);
    }
  });
});
