import fc from "fast-check";
import { expect, test } from "vitest";
import { IDENTITY_LENGTH } from "./event.ts";
import { EventBytes } from "./event_bytes.ts";

test("events read their text back, whatever the characters and however much it grows", () => {
  const bytes = new EventBytes();
  const ids = ["A", "B", "C", "D"].map((letter) => letter.repeat(IDENTITY_LENGTH));
  const values = ["", "é日本😀", "x".repeat(600_000), "1"];
  const texts = values.map((value, n) => `{"a":"${value}","id":"${ids[n]}"}`);
  const events = texts.map((text) => {
    const start = bytes.length;
    bytes.text(text);
    return bytes.event("logs-x-default", start, bytes.length - IDENTITY_LENGTH - '"}'.length);
  });
  expect(events.map(({ id }) => id)).toEqual(ids);
  expect(events.map(({ json }) => json)).toEqual(texts);
  expect(bytes.bytes.toString("utf8")).toBe(texts.join(""));
});

test("documents are copied from other bytes or from text", () => {
  const stored = new EventBytes();
  stored.text("before ");
  const start = stored.length;
  stored.text('{"é":"abcdefghijklmnopqrst"}');
  const event = stored.event("i", start, stored.length - '"}'.length - IDENTITY_LENGTH);
  const body = new EventBytes();
  body.document(event);
  body.text("\n");
  body.document({ index: "i", id: "2", json: '{"ü":2}' });
  body.identity(event);
  body.identity({ index: "i", id: "2", json: "{}" });
  expect(body.bytes.toString("utf8")).toBe(`{"é":"abcdefghijklmnopqrst"}\n{"ü":2}abcdefghijklmnopqrst2`);
  expect(body.length).toBe(Buffer.byteLength(`{"é":"abcdefghijklmnopqrst"}\n{"ü":2}abcdefghijklmnopqrst2`));
});

test("times are written as by Date, whatever was written before", () => {
  const bytes = new EventBytes();
  fc.assert(
    fc.property(fc.integer({ min: -1e13, max: 1e14 }), fc.nat(86_400_000), (first, later) => {
      bytes.clear();
      const times = [first, first + later, first];
      for (const time of times) {
        bytes.time(time);
      }
      expect(bytes.bytes.toString()).toBe(times.map((time) => new Date(time).toISOString()).join(""));
    }),
    {
      examples: [
        [0, 86_399_999],
        [-1, 1],
      ],
    },
  );
});

test("a time beyond all dates is the nearest one", () => {
  const bytes = new EventBytes();
  bytes.time(Number.NaN);
  bytes.time(Number.POSITIVE_INFINITY);
  bytes.time(Number.NaN);
  expect(bytes.bytes.toString()).toBe(`1970-01-01T00:00:00.000Z+275760-09-13T00:00:00.000Z1970-01-01T00:00:00.000Z`);
});

test("whole numbers are written in decimal", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const bytes = new EventBytes();
      bytes.wholeNumber(value);
      expect(bytes.bytes.toString()).toBe(String(value));
    }),
    { examples: [[0], [9], [10], [99], [100], [Number.MAX_SAFE_INTEGER]] },
  );
});
