import { describe, expect, test } from "vitest";
import { DEFAULT_USERNAME } from "./mock_org.ts";
import { queried, startedOrg, type TestOrg } from "./test_client.ts";

async function orgWithLogins(): Promise<TestOrg> {
  const org = await startedOrg();
  const minutes = [1, 3, 2, 5, 4];
  await org.given.records(
    "LoginEvent",
    minutes.map((minute) => ({
      EventDate: `2026-07-17T10:0${minute}:00.500Z`,
      Status: "Success",
      Username: `user${minute}`,
    })),
  );
  return org;
}

const ACCEPTED: readonly (readonly [string, string])[] = [
  ["", "5 4 3 2 1"],
  ["ORDER BY EventDate DESC LIMIT 2", "5 4"],
  ["WHERE EventDate > 2026-07-17T10:01:00.500Z AND EventDate <= 2026-07-17T10:04:00.500Z", "4 3 2"],
  [
    "WHERE EventDate > 2026-07-17T10:02:00.500Z AND (EventDate <= 2026-07-17T10:03:00.500Z) ORDER BY EventDate DESC",
    "3",
  ],
  ["WHERE EventDate <= TODAY", "5 4 3 2 1"],
  ["WHERE EventDate = 2026-07-17T10:02:00.500Z AND EventIdentifier = 'none'", ""],
];

const REFUSED: readonly (readonly [string, string])[] = [
  ["ORDER BY EventDate", "BIG_OBJECT_UNSUPPORTED_OPERATION"],
  ["ORDER BY EventDate ASC", "BIG_OBJECT_UNSUPPORTED_OPERATION"],
  ["ORDER BY EventIdentifier DESC", "INVALID_FIELD"],
  ["WHERE Username = 'user1'", "INVALID_FIELD"],
  ["WHERE EventIdentifier = 'x'", "BIG_OBJECT_UNSUPPORTED_OPERATION"],
  ["WHERE EventDate <= 2026-07-17T10:02:00Z AND EventIdentifier = 'x'", "BIG_OBJECT_UNSUPPORTED_OPERATION"],
  ["WHERE EventDate != 2026-07-17T10:02:00Z", "BIG_OBJECT_UNSUPPORTED_OPERATION"],
  ["WHERE EventDate > 2026-07-17T10:02:00Z OR EventDate < 2026-07-17T10:01:00Z", "BIG_OBJECT_UNSUPPORTED_OPERATION"],
  ["WHERE NOT EventDate > 2026-07-17T10:02:00Z", "BIG_OBJECT_UNSUPPORTED_OPERATION"],
  ["WHERE EventDate > 2026-07-17T10:02:00Z GROUP BY EventDate", "INVALID_FIELD"],
  ["OFFSET 5", "BIG_OBJECT_UNSUPPORTED_OPERATION"],
];

describe("big objects", () => {
  test.each(ACCEPTED)("answer newest first: %s", async (clauses, expected) => {
    await using org = await orgWithLogins();
    const { status, body } = await queried(
      org,
      `SELECT EventDate, EventIdentifier, Username FROM LoginEvent ${clauses}`,
    );
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.records.map(({ Username }) => String(Username).slice(4)).join(" ")).toBe(expected);
  });

  test.each(REFUSED)("refuse %s with %s", async (clauses, errorCode) => {
    await using org = await orgWithLogins();
    const { status, body } = await queried(org, `SELECT EventDate FROM LoginEvent ${clauses}`);
    expect([status, body[0]?.errorCode]).toEqual([400, errorCode]);
  });

  test("refuse to count and to list all fields", async () => {
    await using org = await orgWithLogins();
    const counted = await queried(org, "SELECT COUNT() FROM LoginEvent");
    expect(counted.body[0]).toMatchObject({ message: "Aggregate functions not supported" });
    const all = await queried(org, "SELECT FIELDS(STANDARD) FROM LoginEvent");
    expect(all.body[0]?.errorCode).toBe("MALFORMED_QUERY");
  });

  test("time out when a window holds too many rows", async () => {
    await using org = await orgWithLogins();
    await org.given.org({ queryTimeoutRows: 2 });
    const window = (from: number) =>
      queried(
        org,
        `SELECT EventDate FROM LoginEvent WHERE EventDate >= 2026-07-17T10:0${from}:00Z AND EventDate < 2026-07-17T10:05:00Z`,
      );
    expect((await window(2)).body[0]).toMatchObject({ errorCode: "QUERY_TIMEOUT" });
    expect((await window(3)).body.totalSize).toBe(2);
  });

  test("have distinct identifiers; unknown fields are a mistake of the test", async () => {
    await using org = await orgWithLogins();
    const { body } = await queried(org, "SELECT EventIdentifier FROM LoginEvent");
    expect(new Set(body.records.map(({ EventIdentifier }) => EventIdentifier)).size).toBe(5);
    await expect(org.given.records("LoginEvent", [{ Nothing: 1 }])).rejects.toThrow("LoginEvent has no field Nothing");
  });
});

test("LoginHistory shows only one's own rows without Manage Users", async () => {
  await using org = await startedOrg();
  const own = await org.given.user({ username: DEFAULT_USERNAME });
  await org.given.records("LoginHistory", [
    { UserId: own.id, LoginTime: "2026-07-17T10:00:00Z", Status: "Success" },
    { UserId: "005000000000000AAA", LoginTime: "2026-07-17T11:00:00Z", Status: "Success" },
  ]);
  const soql = "SELECT Id, UserId FROM LoginHistory WHERE LoginTime > 2026-07-17T09:00:00Z ORDER BY LoginTime DESC";
  expect((await queried(org, soql)).body.totalSize).toBe(2);
  await org.given.user({ username: DEFAULT_USERNAME, permissions: ["ApiEnabled"] });
  expect((await queried(org, soql)).body.records).toMatchObject([{ UserId: own.id }]);
});
