import { afterEach, beforeEach, expect, test } from "vitest";
import type { FieldSpec } from "../../../_dev/deploy/docker/mock_org/given.ts";
import { HOUR, iso, login, MINUTE, NOW, ObjectRounds, valueAt } from "../../../_dev/shared/testing/object_rounds.ts";

let rounds: ObjectRounds;
beforeEach(async () => {
  rounds = new ObjectRounds();
  await rounds.start();
});
afterEach(() => rounds.close());

const factsOf = (kind: string) => rounds.facts.filter(({ fact }) => fact === kind);

async function requests(on: string) {
  return (await rounds.org.given.requests()).filter((request) => request.on === on && request.status !== 401);
}

test("a field that the catalogue does not know is asked for, kept as unmapped and reported once as drift", async () => {
  await rounds.org.given.field("LoginEvent", { name: "DeviceTrust" });
  await rounds.org.given.records("LoginEvent", [{ ...login("a", NOW - 20 * MINUTE), DeviceTrust: "managed" }]);
  const first = await rounds.round();
  expect(first.error).toBeUndefined();
  expect(valueAt(first.documents[0], "salesforce.login.unmapped")).toEqual({ DeviceTrust: "managed" });
  await rounds.round(rounds.source());
  expect((await requests("query")).filter(({ status }) => status !== 200)).toEqual([]);
  const drift = { fact: "unknown_columns", eventType: "LoginEvent", columns: ["DeviceTrust"] };
  expect(factsOf("unknown_columns")).toEqual([drift, drift]);
  expect(factsOf("column_left_out")).toEqual([]);
});

test("the object is described once a day, whatever is restarted", async () => {
  await rounds.round();
  for (let hour = 1; hour <= 23; hour += 1) {
    rounds.clock.advance(HOUR);
    await rounds.round();
  }
  expect(await requests("describe")).toHaveLength(1);
  await rounds.org.given.field("LoginEvent", { name: "DeviceTrust" });
  rounds.clock.advance(HOUR);
  const objects = rounds.source();
  for (const _ of ["after a day", "a minute later"]) {
    await rounds.round(objects);
    expect(await requests("describe")).toHaveLength(2);
    rounds.clock.advance(MINUTE);
  }
  expect((await requests("query")).at(-1)?.target).toContain("DeviceTrust");
});

test("another API version has other fields", async () => {
  await rounds.round();
  const kept = (await rounds.cursors.load("object")).get("described") as { apiVersion: string };
  await rounds.cursors.save("object", [{ key: "described", value: { ...kept, apiVersion: "65.0" } }]);
  await rounds.round();
  expect(await requests("describe")).toHaveLength(2);
});

test("what another organization was told counts for nothing", async () => {
  await rounds.org.given.field("LoginEvent", { name: "DeviceTrust" });
  await rounds.round();
  await rounds.start(2);
  await rounds.org.given.records("LoginEvent", [login("second", NOW - 30 * MINUTE)]);
  expect(await rounds.round()).toMatchObject({ names: ["second"], error: undefined });
  expect((await requests("query")).every(({ target }) => !target.includes("DeviceTrust"))).toBe(true);
});

test("a field that is hidden from the user is not asked for, which costs no refused query, and is said once", async () => {
  await rounds.org.given.user({ username: rounds.org.username, hiddenFields: ["LoginEvent.City"] });
  await rounds.org.given.records("LoginEvent", [login("a", NOW - 20 * MINUTE)]);
  const objects = rounds.source();
  expect(await rounds.round(objects)).toMatchObject({ names: ["a"], error: undefined });
  await rounds.round(objects);
  expect((await requests("query")).filter(({ status }) => status !== 200)).toEqual([]);
  expect(factsOf("column_left_out")).toEqual([{ fact: "column_left_out", object: "LoginEvent", column: "City" }]);
});

test.each<[string, FieldSpec]>([
  ["an address", { name: "Place", type: "address" }],
  ["a file", { name: "Body", type: "base64" }],
  ["a very long text", { name: "Story", type: "textarea", length: 131_072 }],
])("%s is not asked for", async (_what, spec) => {
  await rounds.org.given.field("LoginEvent", spec);
  await rounds.org.given.records("LoginEvent", [login("a", NOW - 20 * MINUTE)]);
  expect(await rounds.round()).toMatchObject({ names: ["a"], error: undefined });
  expect((await requests("query")).every(({ target }) => !target.includes(spec.name))).toBe(true);
  expect(factsOf("unknown_columns")).toEqual([]);
});

test("however many fields an object has, the query stays one that Salesforce takes", async () => {
  for (let n = 0; n < 900; n += 1) {
    await rounds.org.given.field("LoginEvent", { name: `A_field_with_a_name_that_is_rather_long_${n}__c` });
  }
  await rounds.org.given.records("LoginEvent", [login("a", NOW - 20 * MINUTE)]);
  expect(await rounds.round()).toMatchObject({ names: ["a"], error: undefined });
  const lengths = (await requests("query")).map(({ target }) => encodeURI(target).length);
  expect(Math.max(...lengths)).toBeLessThan(12_000);
  const asked = (await requests("query"))[0]?.target.match(/A_field_with/g) ?? [];
  expect(asked.length).toBeGreaterThan(100);
});

const fields = (...names: string[]) => names.map((name) => ({ name, type: "string" }));

test.each<[string, object, number]>([
  ["is refused", { status: 403, body: [{ errorCode: "INSUFFICIENT_ACCESS", message: "no" }] }, 0],
  ["is not there", { status: 404 }, 0],
  ["fails", { status: 500 }, 0],
  ["is no JSON", { body: "<html>" }, 0],
  ["is no description", { body: [] }, 0],
  ["is of another object", { body: { name: "Account", fields: fields("Name") } }, 0],
  [
    "has no end",
    {
      body: {
        name: "LoginEvent",
        fields: fields(
          ...Array(60_000)
            .keys()
            .map((n) => `Field_${n}`),
        ),
      },
    },
    0,
  ],
  ["has fields that can't be meant", { body: { name: "LoginEvent", fields: [null, 1, { name: "a b" }] } }, 1],
  ["names a field that the object has not", { body: { name: "LoginEvent", fields: fields("EventDate", "Made") } }, 1],
])("a description that %s does not stop collection", async (_how, fault, asMeant) => {
  await rounds.org.given.fault({ on: "describe", ...fault });
  await rounds.org.given.records("LoginEvent", [login("a", NOW - 20 * MINUTE)]);
  const objects = rounds.source();
  const { documents, error } = await rounds.round(objects);
  expect(error).toBeUndefined();
  expect(documents).toHaveLength(1);
  rounds.clock.advance(30 * MINUTE);
  await rounds.round(objects);
  expect(await requests("describe")).toHaveLength(1);
  expect(factsOf("description_unusable")).toHaveLength(1 - asMeant);
});

test("a description that failed is asked for again after an hour, and that is said once", async () => {
  await rounds.org.given.fault({ on: "describe", status: 500, times: 2 });
  const objects = rounds.source();
  for (const expected of [1, 2, 3, 3]) {
    await rounds.round(objects);
    expect(await requests("describe")).toHaveLength(expected);
    rounds.clock.advance(HOUR);
  }
  expect(factsOf("description_unusable")).toHaveLength(1);
});

test("a query that is refused for what the description brought is repeated without it", async () => {
  await rounds.org.given.field("LoginEvent", { name: "DeviceTrust" });
  const body = [{ errorCode: "MALFORMED_QUERY", message: "unexpected token" }];
  await rounds.org.given.fault({ on: "query", match: "DeviceTrust", status: 400, body });
  await rounds.org.given.records("LoginEvent", [login("a", NOW - 20 * MINUTE)]);
  const objects = rounds.source();
  expect(await rounds.round(objects)).toMatchObject({ names: ["a"], error: undefined });
  await rounds.round(objects);
  expect((await requests("query")).filter(({ status }) => status === 400)).toHaveLength(1);
  expect(factsOf("description_unusable")).toHaveLength(1);
});

test("near the end of the share of API calls no description is asked for", async () => {
  await rounds.org.given.org({ apiRequestsMax: 20 });
  const objects = rounds.source();
  for (let minute = 0; minute < 17; minute += 1) {
    await rounds.round(objects);
    rounds.clock.advance(MINUTE);
  }
  await rounds.cursors.save("object", [{ key: "described", value: undefined }]);
  expect((await rounds.round(objects)).error).toBeUndefined();
  expect(await requests("describe")).toHaveLength(1);
});

test("a record without an identity has the same one whatever it is asked for", async () => {
  const record = { ...login("a", NOW - 20 * MINUTE), EventIdentifier: null };
  await rounds.org.given.records("LoginEvent", [record]);
  const before = await rounds.round();
  await rounds.org.given.field("LoginEvent", { name: "DeviceTrust" });
  await rounds.cursors.clear("object");
  const after = await rounds.round();
  expect(valueAt(after.documents[0], "event.id")).toEqual(valueAt(before.documents[0], "event.id"));
});

test("the strength of the authentication is a field of its own; LoginHistory has it since version 67", async () => {
  const reference = "urn:oasis:names:tc:SAML:2.0:ac:classes:X509";
  await rounds.org.given.records("LoginEvent", [{ ...login("a", NOW - 20 * MINUTE), AuthContextClassRef: reference }]);
  const { documents } = await rounds.round();
  expect(valueAt(documents[0], "salesforce.login.auth.context_class_reference")).toBe(reference);
  await rounds.org.given.forgottenRequests();
  await rounds.org.given.records("LoginHistory", [{ LoginTime: iso(NOW - 20 * MINUTE) }]);
  await rounds.round(rounds.source({ id: "history", objectName: "LoginHistory" }));
  expect((await requests("query"))[0]?.target).not.toContain("AuthContextClassRef");
  expect(factsOf("column_left_out")).toEqual([]);
});

test.each([
  ["MALFORMED_QUERY", "query_refused"],
  ["INVALID_QUERY_FILTER_OPERATOR", "query_refused"],
])(
  "a query that is refused with %s whatever it asks for is repeated once, without what the description brought",
  async (errorCode, code) => {
    await rounds.org.given.field("LoginEvent", { name: "DeviceTrust" });
    await rounds.org.given.fault({ on: "query", status: 400, body: [{ errorCode, message: "unexpected token" }] });
    const objects = rounds.source();
    expect((await rounds.round(objects)).error).toMatchObject({ code });
    const asked = (await requests("query")).map(({ target }) => target.includes("DeviceTrust"));
    // The last one asks whether Salesforce answers for another window.
    expect(asked).toEqual([true, false, false]);
  },
);
