import { expect, test } from "vitest";
import { EventBytes } from "./event_bytes.ts";

test("events read their text back, whatever the characters and however much it grows", () => {
  const bytes = new EventBytes();
  const texts = ["{}", '{"a":"é日本😀"}', `{"long":"${"x".repeat(600_000)}"}`, '{"b":1}'];
  const events = texts.map((text, n) => {
    const start = bytes.length;
    bytes.text(text);
    return bytes.event("logs-x-default", String(n), start);
  });
  expect(events.map(({ json }) => json)).toEqual(texts);
  expect(bytes.bytes.toString("utf8")).toBe(texts.join(""));
});

test("documents are copied from other bytes or from text", () => {
  const stored = new EventBytes();
  stored.text("before ");
  const start = stored.length;
  stored.text('{"é":1}');
  const event = stored.event("i", "1", start);
  const body = new EventBytes();
  body.document(event);
  body.text("\n");
  body.document({ index: "i", id: "2", json: '{"ü":2}' });
  expect(body.bytes.toString("utf8")).toBe('{"é":1}\n{"ü":2}');
  expect(body.length).toBe(Buffer.byteLength('{"é":1}\n{"ü":2}'));
});
