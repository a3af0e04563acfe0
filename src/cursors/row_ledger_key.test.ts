import { expect, test } from "vitest";
import { keyOf, sextet, smallestKey, UPPER_HALVES } from "./row_ledger_key.ts";

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LENGTH = 20;

test("each character of an identity has six bits of its own", () => {
  const values = [...BASE64URL].map((one) => sextet(one.charCodeAt(0)));
  expect(values).toEqual(Array.from(values, (_, at) => at));
});

test("the first eleven characters make the key, each of them, and no others", () => {
  const keys = Array.from({ length: LENGTH }, (_, at) => keyOf(`${"A".repeat(at)}B${"A".repeat(LENGTH - at - 1)}`));
  expect(new Set(keys.slice(0, 11)).size).toBe(11);
  expect(new Set(keys.slice(11))).toEqual(new Set([keyOf("A".repeat(LENGTH))]));
});

test("keys lie between the smallest of their upper halves, in the order of those", () => {
  for (const one of BASE64URL) {
    const key = keyOf(one.repeat(LENGTH));
    expect(key).toBeGreaterThanOrEqual(smallestKey(0));
    expect(key).toBeLessThan(smallestKey(UPPER_HALVES));
  }
  const greatest = keyOf("_".repeat(LENGTH));
  expect(greatest).toBeGreaterThanOrEqual(smallestKey(UPPER_HALVES - 1));
  expect(keyOf(`B${"A".repeat(LENGTH - 1)}`)).toBe(smallestKey(UPPER_HALVES / 64));
});
