import { expect, test } from "vitest";
import { BATCH_MEMORY, Memory } from "./memory.ts";

const never = new AbortController().signal;

test("buffers are used again, empty", async () => {
  const memory = new Memory();
  const share = memory.share("org");
  await share.reading(never);
  const first = await share.batch(never);
  first.bytes.text("x");
  expect((await share.batch(never)).bytes).not.toBe(first.bytes);
  first.giveBack();
  const again = await share.body(5, never);
  expect(again.bytes).toBe(first.bytes);
  expect(again.bytes.length).toBe(0);
  first.giveBack();
  expect((await share.batch(never)).bytes, "given back twice, it would be given out twice").not.toBe(again.bytes);
});

test("what large rows have made grow is let go, and so is what a burst has needed", async () => {
  const memory = new Memory();
  const share = memory.share("org");
  for (let n = 0; n < 8; n += 1) {
    const held = await share.batch(never);
    held.bytes.text("x".repeat(14 * BATCH_MEMORY));
    held.giveBack();
  }
  expect(memory.kept).toBe(0);
  const [last, ...burst] = await Promise.all(Array.from({ length: 40 }, () => share.batch(never)));
  for (const { bytes, giveBack } of burst) {
    bytes.text("x".repeat(BATCH_MEMORY / 4));
    giveBack();
  }
  expect(memory.kept).toBeGreaterThan(0);
  expect(memory.kept).toBeLessThanOrEqual(12 * BATCH_MEMORY);
  last?.giveBack();
  expect(memory.taken).toBe(0);
  expect(memory.kept, "nothing goes on any more").toBe(0);
});

test("two hundred orgs of a stuck output have two thirds of the memory, and leave the rest to another output", async () => {
  const memory = new Memory();
  const end = new AbortController();
  const stuck = Array.from({ length: 200 }, (_, n) => memory.share(`org ${n}`, "stuck output"));
  const asked = stuck.flatMap((share) => Array.from({ length: 12 }, () => share.batch(end.signal)));
  const outcomes = Promise.allSettled(asked);
  const other = memory.share("another org", "another output");
  for (let n = 0; n < 10; n += 1) {
    (await other.batch(never)).giveBack();
  }
  expect(memory.taken / BATCH_MEMORY).toBe(43);
  end.abort(new Error("stopped"));
  for (const outcome of await outcomes) {
    if (outcome.status === "fulfilled") {
      outcome.value.giveBack();
    }
  }
  expect(memory.taken).toBe(0);
});
