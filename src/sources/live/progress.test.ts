import fc from "fast-check";
import { expect, test } from "vitest";
import type { CursorEntries, CursorValue } from "../../cursors/cursor.ts";
import { firstLiveChanges, heardChanges, readLiveCursor, soundReplayId } from "./progress.ts";

const NOW = Date.UTC(2026, 6, 20, 12);
const ORG = "00D5e000000HEcPEAW";
const entries = (values: Record<string, CursorValue>): CursorEntries => new Map(Object.entries(values));

test("every replay id is read as it was saved", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 256 }), (id) => {
      const saved = new Map<string, CursorValue>([["organization", ORG]]);
      for (const { key, value } of heardChanges(id, NOW)) {
        saved.set(key, value as CursorValue);
      }
      const { cursor, damaged } = readLiveCursor(saved, ORG, NOW);
      expect(Buffer.from(cursor.replayId ?? []).equals(id)).toBe(true);
      expect([cursor.heardAt, damaged]).toEqual([NOW, []]);
    }),
  );
});

test.each<[string, number, boolean]>([
  ["none", 0, false],
  ["an ordinary one", 10, true],
  ["the longest", 256, true],
  ["one that no server gives", 257, false],
])("a replay id: %s", (_, length, isSound) => {
  expect(soundReplayId(new Uint8Array(length)) !== undefined).toBe(isSound);
});

test.each<[string, CursorEntries, readonly string[]]>([
  ["no base64", entries({ organization: ORG, replay: "?!" }), ["replay"]],
  ["a number", entries({ organization: ORG, replay: 7 }), ["replay"]],
  ["nothing", entries({ organization: ORG, replay: "" }), ["replay"]],
  ["too long", entries({ organization: ORG, replay: "A".repeat(1_000) }), ["replay"]],
  ["heard in the future", entries({ organization: ORG, replay: "AAAA", heard: NOW + 60_001 }), ["heard"]],
  ["nothing, heard a moment ahead", entries({ organization: ORG, replay: "AAAA", heard: NOW + 60_000 }), []],
  ["heard at no time", entries({ organization: ORG, heard: "now" }), ["heard"]],
])("an entry that can't be meant: %s", (_, saved, damaged) => {
  expect(readLiveCursor(saved, ORG, NOW).damaged).toEqual(damaged);
});

test("entries of another organization are none, and are replaced", () => {
  const foreign = entries({ organization: "00D000000000001AAA", replay: "AAAA", heard: NOW });
  const { cursor, damaged } = readLiveCursor(foreign, ORG, NOW);
  expect([cursor.replayId, cursor.heardAt, damaged]).toEqual([undefined, undefined, []]);
  expect(firstLiveChanges(foreign, cursor)).toEqual([
    { key: "organization", value: undefined },
    { key: "replay", value: undefined },
    { key: "heard", value: undefined },
    { key: "organization", value: ORG },
  ]);
  expect(firstLiveChanges(entries({ organization: ORG }), cursor)).toEqual([]);
});

test("without a replay id the one before stays", () => {
  expect(heardChanges(undefined, NOW)).toEqual([{ key: "heard", value: NOW }]);
});
