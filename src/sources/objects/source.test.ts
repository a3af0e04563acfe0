import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  DAY,
  HOUR,
  iso,
  login,
  logins,
  MINUTE,
  NOW,
  numbers,
  ObjectRounds,
  STREAM,
  sorted,
  valueAt,
} from "../../../_dev/shared/testing/object_rounds.ts";
import { OBJECTS } from "../../catalog/catalog.ts";

let rounds: ObjectRounds;
beforeEach(async () => {
  rounds = new ObjectRounds();
  await rounds.start();
});
afterEach(() => rounds.close());

describe("the records of an object", () => {
  test("a document says what Salesforce said", async () => {
    await rounds.org.given.records("LoginEvent", [
      { ...login("Browser", NOW - 10 * MINUTE), EventIdentifier: "e1", UserId: "0053000000Ank29", LoginLatitude: 48.1 },
    ]);
    const { documents, error } = await rounds.round();
    expect(error).toBeUndefined();
    expect(documents).toEqual([
      {
        "@timestamp": "2026-07-20T11:50:00.000Z",
        event: {
          id: expect.stringMatching(/^[\w-]{20}$/),
          code: "LoginEvent",
          provider: "Object",
          dataset: "aquila_salesforce.login",
          module: "aquila_salesforce",
        },
        data_stream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" },
        organization: { id: rounds.org.orgId, name: "Acme" },
        salesforce: {
          instance_url: rounds.org.url,
          login: {
            application: "Browser",
            event_identifier: "e1",
            user_id: "0053000000Ank29AAB",
            geo: { latitude: 48.1 },
          },
          collection: { primary: true },
        },
        input: { type: "aquila-salesforce" },
        agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
        tags: ["forwarded"],
      },
    ]);
  });

  test("keeps the record where the stream asks for it, and says what is not primary", async () => {
    await rounds.org.given.records("LoginHistory", [{ LoginTime: iso(NOW - 10 * MINUTE), Application: "Browser" }]);
    const { documents } = await rounds.round(
      rounds.source({ objectName: "LoginHistory", primary: false, stream: { ...STREAM, preserveOriginalEvent: true } }),
    );
    expect(valueAt(documents[0], "salesforce.collection")).toEqual({ primary: false });
    const original = JSON.parse(String(valueAt(documents[0], "event.original")));
    expect(original).toMatchObject({ LoginTime: "2026-07-20T11:50:00.000+0000", Application: "Browser" });
    expect(original).not.toHaveProperty("attributes");
  });

  test.each(OBJECTS)("$name is asked only what Salesforce answers, page by page, each record once", async (object) => {
    await rounds.org.given.org({ pageSize: 200 });
    const times = Array.from({ length: 500 }, (_, n) => ({ [object.timeColumn]: iso(NOW - 50 * MINUTE + n * 5_000) }));
    await rounds.org.given.records(object.name, times);
    const objects = rounds.source({ objectName: object.name });
    const first = await rounds.round(objects);
    expect(first.error).toBeUndefined();
    expect(new Set(first.documents.map((document) => valueAt(document, "event.id"))).size).toBe(500);
    expect(await rounds.round(objects)).toMatchObject({ documents: [], error: undefined });
    expect(await rounds.round(rounds.source({ objectName: object.name }))).toMatchObject({
      documents: [],
      error: undefined,
    });
    expect((await rounds.org.given.requests()).filter(({ status }) => status !== 200)).toEqual([]);
  });

  test("LoginHistory comes oldest first, the big objects newest first within a window", async () => {
    const history = [1, 3, 2].map((n) => ({ LoginTime: iso(NOW - 40 * MINUTE + n * 1_000), Application: `${n}` }));
    await rounds.org.given.records("LoginHistory", history);
    await rounds.org.given.records("LoginEvent", logins(4, NOW - 40 * MINUTE, 1_000));
    expect((await rounds.round(rounds.source({ objectName: "LoginHistory" }))).names).toEqual(["1", "2", "3"]);
    await rounds.cursors.clear("object");
    expect((await rounds.round()).names).toEqual(["3", "2", "1", "0"]);
  });

  test("an org without records costs two queries at first and one in each later round", async () => {
    const objects = rounds.source();
    expect(await rounds.round(objects)).toMatchObject({ names: [], error: undefined });
    expect(await rounds.windowsAsked()).toEqual([
      { after: NOW - HOUR, to: NOW - 12 * MINUTE },
      { after: NOW - 12 * MINUTE, to: NOW - 2 * MINUTE },
    ]);
    for (let minute = 1; minute <= 3; minute += 1) {
      rounds.clock.advance(MINUTE);
      await rounds.org.given.forgottenRequests();
      expect(await rounds.round(objects)).toMatchObject({ names: [], error: undefined });
      const now = rounds.clock.now();
      expect(await rounds.windowsAsked()).toEqual([{ after: now - 13 * MINUTE, to: now - 2 * MINUTE }]);
    }
  });

  test("the cursor of another organization counts for nothing", async () => {
    await rounds.org.given.records("LoginEvent", [login("first", NOW - 20 * MINUTE)]);
    await rounds.round();
    await rounds.start(2);
    await rounds.org.given.records("LoginEvent", [login("second", NOW - 30 * MINUTE)]);
    expect((await rounds.round()).names).toEqual(["second"]);
    expect((await rounds.round()).names).toEqual([]);
  });
});

describe("time", () => {
  test("a record is read when it has settled", async () => {
    await rounds.org.given.records("LoginEvent", [login("young", NOW - MINUTE)]);
    const objects = rounds.source();
    expect((await rounds.round(objects)).names).toEqual([]);
    rounds.clock.advance(MINUTE);
    expect((await rounds.round(objects)).names).toEqual(["young"]);
  });

  test("a record that appears late is found, and nothing is repeated with it", async () => {
    await rounds.org.given.records("LoginEvent", logins(5, NOW - 11 * MINUTE, MINUTE));
    expect((await rounds.round()).names).toHaveLength(5);
    await rounds.org.given.records("LoginEvent", [login("late", NOW - 9 * MINUTE), login("later", NOW - 3 * MINUTE)]);
    rounds.clock.advance(2 * MINUTE);
    expect((await rounds.round()).names).toEqual(["later", "late"]);
    expect((await rounds.round()).names).toEqual([]);
  });

  test("what appeared late is also found after a standstill", async () => {
    await rounds.org.given.records("LoginEvent", logins(5, NOW - 11 * MINUTE, MINUTE));
    await rounds.round();
    await rounds.org.given.records("LoginEvent", [login("late", NOW - 9 * MINUTE), login("new", NOW + HOUR)]);
    rounds.clock.advance(5 * HOUR);
    expect((await rounds.round()).names).toEqual(["late", "new"]);
    expect((await rounds.round()).names).toEqual([]);
  });

  test.each(["LoginEvent", "LoginHistory"])("%s: records of one moment at a border come once", async (objectName) => {
    const timeColumn = objectName === "LoginEvent" ? "EventDate" : "LoginTime";
    const borders = [NOW - 12 * MINUTE, NOW - 2 * MINUTE, NOW - MINUTE, NOW];
    const around = borders.flatMap((border) => [border - 1, border, border, border, border + 1]);
    await rounds.org.given.records(
      objectName,
      around.map((ms, n) => ({ [timeColumn]: iso(ms), Application: `${n}` })),
    );
    const names: string[] = [];
    for (let minute = 0; minute < 6; minute += 1) {
      names.push(...(await rounds.round(rounds.source({ objectName }))).names);
      rounds.clock.advance(MINUTE);
    }
    expect(sorted(names)).toEqual(numbers(around.length));
  });

  test("weeks without records are passed in few, growing windows", async () => {
    await rounds.org.given.records("LoginEvent", [login("old", NOW - 29 * DAY), login("new", NOW - DAY)]);
    expect((await rounds.round(rounds.source({ initialLookback: 30 * DAY }))).names).toEqual(["old", "new"]);
    const asked = await rounds.windowsAsked();
    expect(asked.length).toBeLessThan(40);
    expect(Math.max(...asked.map(({ after, to }) => to - after))).toBe(DAY);
  });
});

describe("what the org lacks", () => {
  test("a column is left out, said once, and the rest is collected", async () => {
    await rounds.org.given.records("LoginEvent", [login("a", NOW - 20 * MINUTE)]);
    for (const column of ["PolicyOutcome", "Subdivision"]) {
      const message = `\nSELECT ${column}\n       ^\nERROR at Row:1:Column:8\nNo such column '${column}' on entity 'LoginEvent'.`;
      await rounds.org.given.fault({
        on: "query",
        match: column,
        status: 400,
        body: [{ errorCode: "INVALID_FIELD", message }],
      });
    }
    const objects = rounds.source();
    expect(await rounds.round(objects)).toMatchObject({ names: ["a"], error: undefined });
    await rounds.round(objects);
    expect(rounds.facts.filter(({ fact }) => fact === "column_left_out")).toEqual([
      { fact: "column_left_out", object: "LoginEvent", column: "PolicyOutcome" },
      { fact: "column_left_out", object: "LoginEvent", column: "Subdivision" },
    ]);
  });

  test("without its time there is no object", async () => {
    const message = "No such column 'EventDate' on entity 'LoginEvent'.";
    await rounds.org.given.fault({ on: "query", status: 400, body: [{ errorCode: "INVALID_FIELD", message }] });
    expect((await rounds.round()).error).toMatchObject({ code: "column_unknown", next: { do: "giveUp" } });
  });

  test("an object that is not shown is an error of the configuration that says what is missing", async () => {
    await rounds.org.given.user({ username: rounds.org.username, permissions: ["ApiEnabled", "ViewEventLogFiles"] });
    const { error } = await rounds.round();
    expect(error).toMatchObject({ code: "object_unknown", fault: "configuration", next: { do: "giveUp" } });
    expect(error?.text).toContain("'View Real-Time Event Monitoring Data'");
    expect(error?.text).toContain("Shield");
    expect(error?.text).toContain("enable storage of LoginEvent in Setup > Event Manager");
  });

  test("an object that the catalogue does not have is a defect", () => {
    expect(() => rounds.source({ objectName: "Account" })).toThrow(TypeError);
  });
});
