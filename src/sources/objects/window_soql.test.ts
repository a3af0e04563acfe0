import { describe, expect, test } from "vitest";
import { objectSoql } from "./window_soql.ts";

const NOON = Date.UTC(2026, 6, 17, 12);

describe("the records of an object", () => {
  const window = { after: NOON, to: NOON + 60_000 };

  test("a big object is asked by its index alone", () => {
    const query = { object: "LoginEvent", columns: ["EventDate", "UserId"], timeColumn: "EventDate", ...window };
    expect(objectSoql(query)).toBe(
      "SELECT EventDate, UserId FROM LoginEvent WHERE EventDate > 2026-07-17T12:00:00.000Z AND EventDate <= 2026-07-17T12:01:00.000Z",
    );
  });

  test("a standard object is asked oldest first", () => {
    const query = { object: "LoginHistory", columns: ["LoginTime", "Id"], timeColumn: "LoginTime", ...window };
    expect(objectSoql({ ...query, thenBy: "Id" })).toBe(
      "SELECT LoginTime, Id FROM LoginHistory WHERE LoginTime > 2026-07-17T12:00:00.000Z AND LoginTime <= 2026-07-17T12:01:00.000Z ORDER BY LoginTime ASC, Id ASC",
    );
  });
});
