import fc from "fast-check";
import { expect, test } from "vitest";
import { AnswerLengths } from "./kafka_answers.ts";

function answer(length: number, bytes = length): Buffer {
  const frame = Buffer.alloc(4 + bytes, 7);
  frame.writeInt32BE(length);
  return frame;
}

/** Whether all pieces are fine, cut anywhere. */
function areFine(bytes: Buffer, cuts: readonly number[]): boolean {
  const lengths = new AnswerLengths();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).every((end, at) => lengths.areFine(bytes.subarray(places[at], end)));
}

test("answers are as long as they may be, in whatever pieces they come", () => {
  const wrong = fc.constantFrom(-(2 ** 31), -1, 0, 3, 16 * 1024 * 1024 + 1, 2 ** 31 - 1);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 4, max: 50 })), fc.array(fc.nat()), wrong, (good, cuts, length) => {
      const all = Buffer.concat(good.map((one) => answer(one)));
      expect(areFine(all, cuts)).toBe(true);
      expect(areFine(Buffer.concat([all, answer(length, 9)]), cuts)).toBe(false);
    }),
  );
});
