import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { randomNumbers } from "../../_dev/shared/faults/random_numbers.ts";
import { cursorDocument, cursorDocumentId, readCursorDocument } from "./cursor_document.ts";

const ORG = "00D000000000001AAA";
const written = (entries: ReadonlyMap<string, string>) =>
  cursorDocument(ORG, { source: "login/event_log_files", term: 3, entries }, "host-a", "2026-07-17T09:00:00.000Z");

test("says for people whose it is, and gives back what was written to the last digit and name", () => {
  const entries = new Map([
    ["watermark", '"2026-07-17T09:00:00.000Z"'],
    ["", "1.10"],
    ["a.b", '{"constructor":[null,9007199254740991]}'],
  ]);
  const document = written(entries);
  expect(document).toMatchObject({ org: ORG, source: "login/event_log_files", term: 3, owner: "host-a" });
  const read = readCursorDocument("id", JSON.parse(JSON.stringify(document)));
  expect(read).toMatchObject({ source: "login/event_log_files", term: 3 });
  expect([...read.entries]).toEqual([...entries].map(([key, text]) => [key, JSON.stringify(JSON.parse(text))]));
});

test("the files of four days of a busy org, of 70 types, are packed into a fraction of the bound", () => {
  const entries = new Map(
    Array.from({ length: 4 * 24 * 70 }, (_, n) => {
      const file = { eventType: `Type${n % 70}`, interval: "hourly", length: n * 7_919, logDate: n * 3_600_000 };
      return [`file:0AT${n * 104_729}AAA`, JSON.stringify({ ...file, created: n * 3_600_123, rows: n, done: true })];
    }),
  );
  const document = written(entries);
  expect(document).not.toHaveProperty("entries");
  expect(JSON.stringify(document).length).toBeLessThan(300_000);
  expect(readCursorDocument("id", document).entries).toEqual(entries);
});

test("the 36,000 files of a first run, whose numbers have nothing in common, go through", () => {
  const random = randomNumbers(1);
  const upTo = (most: number) => Math.floor(random() * most);
  const entries = new Map(
    Array.from({ length: 36_000 }, (_, n) => {
      const rows = upTo(3_000);
      const file = { eventType: `Type${n % 70}`, interval: "hourly", length: upTo(900_000), logDate: n * 3_600_000 };
      const id = `file:0AT${(1e9 + n * 37 + upTo(30)).toString(36).padStart(12, "0")}AAA`;
      return [id, JSON.stringify({ ...file, created: n * 60_000 + upTo(60_000), rows, lacked: rows, done: true })];
    }),
  );
  const read = readCursorDocument("id", written(entries)).entries;
  expect([...read].join() === [...entries].join()).toBe(true);
});

test("beyond its bound it is refused, and nothing is cut off", () => {
  const entries = new Map([["noise", JSON.stringify(randomBytes(3_000_000).toString("base64"))]]);
  expect(() => written(entries)).toThrow(expect.objectContaining({ code: "state_unusable" }));
});

test.each([
  ["another program's", { cursor: 1 }],
  ["no object", "text"],
  ["nothing", null],
  ["a term that is none", { source: "a", term: -1, entries: "{}" }],
  ["a term that none can follow", { source: "a", term: Number.MAX_SAFE_INTEGER, entries: "{}" }],
  ["entries in a place that is not known", { source: "a", term: 1, version: 2, files: {} }],
  ["entries that are no JSON", { source: "a", term: 1, entries: "{" }],
  ["entries that are a list", { source: "a", term: 1, entries: "[1]" }],
  ["packed entries that are not packed", { source: "a", term: 1, packed: "aGVsbG8=" }],
])("a document that can't be read is told, never taken for an empty one: %s", (_what, value) => {
  expect(() => readCursorDocument("00D|a", value)).toThrow(expect.objectContaining({ code: "state_unusable" }));
});

test("ids keep to what Elasticsearch takes, and apart", () => {
  expect(cursorDocumentId(ORG, "login/event_log_files")).toBe(`${ORG}|login/event_log_files`);
  const long = ["ü".repeat(300), `${"ü".repeat(299)}x`].map((source) => cursorDocumentId(ORG, source));
  expect(new Set(long).size).toBe(2);
  expect(long.every((id) => Buffer.byteLength(id) <= 512 && id.startsWith(ORG))).toBe(true);
  const longest = "x".repeat(512 - Buffer.byteLength(`${ORG}|`));
  expect(cursorDocumentId(ORG, longest)).toBe(`${ORG}|${longest}`);
});
