import { expect, test } from "vitest";
import { anEvent } from "./sink.contract.ts";
import { addReceipts, EMPTY_RECEIPT, type Receipt } from "./sink.ts";

const event = anEvent("i", "1");
const refusal = (reason: string) => ({ event, type: "document_parsing_exception", reason });

test.each<[string, Receipt, Receipt, Receipt]>([
  ["nothing and nothing", EMPTY_RECEIPT, EMPTY_RECEIPT, { created: 0, existing: 0, refused: [] }],
  [
    "what both count, refused ones in their order",
    { created: 2, existing: 30, refused: [refusal("a")] },
    { created: 5, existing: 70, refused: [refusal("b")] },
    { created: 7, existing: 100, refused: [refusal("a"), refusal("b")] },
  ],
  [
    "what the first alone knows",
    { ...EMPTY_RECEIPT, refused: [refusal("a")], resent: 1, possiblyDoubled: 2, landedIn: { s: ["1"] } },
    EMPTY_RECEIPT,
    { ...EMPTY_RECEIPT, refused: [refusal("a")], resent: 1, possiblyDoubled: 2, landedIn: { s: ["1"] } },
  ],
  [
    "what the second alone knows",
    EMPTY_RECEIPT,
    { ...EMPTY_RECEIPT, refused: [refusal("b")], resent: 3, possiblyDoubled: 4, landedIn: { s: ["1"] } },
    { ...EMPTY_RECEIPT, refused: [refusal("b")], resent: 3, possiblyDoubled: 4, landedIn: { s: ["1"] } },
  ],
  [
    "what both know, each backing index once",
    { ...EMPTY_RECEIPT, resent: 1, possiblyDoubled: 2, landedIn: { s: ["1", "2"], t: ["5"] } },
    { ...EMPTY_RECEIPT, resent: 10, possiblyDoubled: 20, landedIn: { s: ["2", "3"], u: ["6"] } },
    { ...EMPTY_RECEIPT, resent: 11, possiblyDoubled: 22, landedIn: { s: ["1", "2", "3"], t: ["5"], u: ["6"] } },
  ],
])("a sum of receipts has %s", (_, a, b, sum) => {
  expect(addReceipts(a, b)).toEqual(sum);
});
