import { expect, it } from "vitest";
import { isSalesforceId, toId18 } from "./salesforce_id.ts";

it.each([
  ["0053000000Ank29", "0053000000Ank29AAB"],
  ["0H4RM00000000Kr", "0H4RM00000000Kr0AI"],
  ["0013000000I3zJA", "0013000000I3zJAAAZ"],
  ["aaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaAAA"],
  ["AAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAA555"],
  ["00590000000I1SNIA0", "00590000000I1SNIA0"],
  ["not-an-id-of-15", "not-an-id-of-15"],
  ["", ""],
])("%j becomes %j", (id, expected) => {
  expect(toId18(id)).toBe(expected);
});

it.each([
  ["0053000000Ank29", true],
  ["00590000000I1SNIA0", true],
  ["0053000000Ank2", false],
  ["0053000000Ank29A", false],
  ["0053000000Ank-9", false],
])("%j is an id: %j", (text, expected) => {
  expect(isSalesforceId(text)).toBe(expected);
});
