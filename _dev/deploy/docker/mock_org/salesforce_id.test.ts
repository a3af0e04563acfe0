import { expect, test } from "vitest";
import { recordId, to15, to18 } from "./salesforce_id.ts";

test("the checksum of an id tells the case of its letters", () => {
  expect(to18("001D000000IqhSL")).toBe("001D000000IqhSLIAZ");
  expect(to15("001D000000IqhSLIAZ")).toBe("001D000000IqhSL");
});

test("ids ascend with their serials", () => {
  const ids = [1, 9, 10, 35, 36, 61, 62, 4_000, 250_000].map((serial) => recordId("0AT", serial));
  expect(ids.every((id) => /^0AT\w{15}$/.test(id))).toBe(true);
  expect(ids.map(to15)).toEqual(ids.map(to15).toSorted());
});
