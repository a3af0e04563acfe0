import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventBytes } from "../core/event_bytes.ts";
import {
  AnswerReader,
  compressedHead,
  documentFramesLength,
  windowFrame,
  writeDocumentFrames,
} from "./lumberjack_frames.ts";
import { anEvent } from "./sink.contract.ts";

const SENDER = { version: "1.2.3" };

test("a window and a compressed frame begin with their number, big endian", () => {
  expect([...windowFrame(0x01020304)]).toEqual([0x32, 0x57, 1, 2, 3, 4]);
  expect([...compressedHead(300)]).toEqual([0x32, 0x43, 0, 0, 1, 44]);
});

test("documents have sequences from 1 on, their length, and the metadata that Beats give", () => {
  const events = [anEvent("logs-a-b", "x1", { message: "ü€" }), anEvent("logs-a-b", "x2")];
  const bytes = new EventBytes();
  bytes.text("before");
  writeDocumentFrames(events, SENDER, bytes);
  let at = "before".length;
  events.forEach(({ id, json }, n) => {
    expect(bytes.bytes.toString("latin1", at, at + 2)).toBe("2J");
    expect(bytes.bytes.readUInt32BE(at + 2)).toBe(n + 1);
    const end = at + 10 + bytes.bytes.readUInt32BE(at + 6);
    expect(JSON.parse(bytes.slice(at + 10, end))).toEqual({
      "@metadata": { beat: "aquila-salesforce", type: "_doc", version: "1.2.3", _id: id, op_type: "create" },
      ...JSON.parse(json),
    });
    at = end;
  });
  expect(bytes.length).toBe(at);
  expect(documentFramesLength(events, SENDER)).toBeGreaterThanOrEqual(at - "before".length);
});

describe("answers", () => {
  const answer = (sequence: number) => [0x32, 0x41, ...new Uint8Array(new Uint32Array([sequence]).buffer).reverse()];

  test("are read out of whatever pieces they come in", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(2 ** 31)),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (all, sizes) => {
          const bytes = Uint8Array.from(all.flatMap(answer));
          const reader = new AnswerReader();
          const read: number[] = [];
          for (let at = 0, n = 0; at < bytes.length; n += 1) {
            const size = sizes[n % sizes.length] ?? 1;
            read.push(...reader.read(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(read).toEqual(all);
        },
      ),
    );
  });

  test.each([
    ["HTTP", "HTTP/1.1 400 Bad Request\r\n"],
    ["version 1", "1A\0\0\0\x01"],
    ["another frame", "2W\0\0\0\x01"],
    ["one wrong byte", "x"],
    ["a wrong one behind a right one", "2A\0\0\0\x01X"],
  ])("that are none are refused: %s", (_, text) => {
    const read = () => new AnswerReader().read(Buffer.from(text, "latin1"));
    expect(read).toThrow(expect.objectContaining({ code: "answer_unreadable" }));
  });
});
