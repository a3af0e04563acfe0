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
