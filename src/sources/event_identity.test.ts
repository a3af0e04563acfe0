import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RowCells } from "../core/row_cells.ts";
import { compileRowIdentity, nthIdentity, recordIdentity } from "./event_identity.ts";

const ORG = "00D000000000001AAA";

function identityBy(organizationId: string, eventType: string, header: readonly string[]) {
  const identity = compileRowIdentity(organizationId, eventType, header);
  return (cells: readonly string[]) => identity(RowCells.of(cells));
}

describe("the identity of a row", () => {
  const identity = identityBy(ORG, "Login", ["A", "B", "C"]);

  test("hashes org, event type and the cells that are not empty, by the names of their columns", () => {
    const text = "00D000000000001AAA00000018Login00000005A00000001é日本😀\0\0\0\x0cB000000012\0\0\0\x01";
    const digest = createHash("sha256").update(text).digest("base64url");
    expect(identityBy(ORG, "Login", ["B", "C", "A"])(["2", "", "é日本😀"])).toBe(digest.slice(0, 20));
  });

  test("is 20 characters of base64url", () => {
    expect(identity(["1", "2", "3"])).toMatch(/^[A-Za-z0-9_-]{20}$/);
  });

  test("does not depend on the order of columns, nor on columns that are empty", () => {
    const other = identityBy(ORG, "Login", ["C", "NEW", "A", "B"]);
    expect(other(["3", "", "1", "2"])).toBe(identity(["1", "2", "3"]));
    expect(identityBy(ORG, "Login", ["A", "B"])(["1", "2"])).toBe(identity(["1", "2", ""]));
  });

  test.each([
    ["another cell", ORG, "Login", ["A", "B", "C"], ["1", "2", "4"]],
    ["a cell in another column", ORG, "Login", ["A", "C", "B"], ["1", "2", "3"]],
    ["a cell moved", ORG, "Login", ["A", "B", "C"], ["12", "", "3"]],
    ["another event type", ORG, "Logout", ["A", "B", "C"], ["1", "2", "3"]],
    ["another org", "00D000000000002AAA", "Login", ["A", "B", "C"], ["1", "2", "3"]],
    ["a new column with a value", ORG, "Login", ["A", "B", "C", "D"], ["1", "2", "3", "4"]],
  ])("differs for %s", (_, org, type, header, cells) => {
    expect(identityBy(org, type, header)(cells)).not.toBe(identity(["1", "2", "3"]));
  });

  test("no cell can imitate another column, whatever bytes it holds", () => {
    const imitating = (text: string) => [`1${text}2`, "", "3"];
    for (const text of ["\u001eB\u001f", "\0\0\0\x01B00000001", "B00000001", "00000001", "\0\0\0\x01"]) {
      expect(identity(imitating(text))).not.toBe(identity(["1", "2", "3"]));
    }
  });

  test("differs whenever a cell differs", () => {
    const row = fc.array(fc.stringMatching(/^[ABC01\0\x01\x1e\x1f]{0,4}$/), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(row, row, (a, b) => {
        expect(identity(a) === identity(b)).toBe(a.join("\n") === b.join("\n"));
      }),
    );
  });
});

test("the identity of a record depends on org, object and id", () => {
  const ids = [
    recordIdentity(ORG, "LoginEvent", "1"),
    recordIdentity(ORG, "LoginEvent", "2"),
    recordIdentity(ORG, "ApiEvent", "1"),
    recordIdentity("00D000000000002AAA", "LoginEvent", "1"),
  ];
  expect(new Set(ids).size).toBe(4);
  expect(recordIdentity(ORG, "LoginEvent", "1")).toBe(ids[0]);
  expect(recordIdentity(ORG, "LoginEvent00000010", "1")).not.toBe(recordIdentity(ORG, "LoginEvent", "000000101"));
  expect(nthIdentity(ids[0] ?? "", 2)).not.toBe(nthIdentity(ids[0] ?? "", 3));
});
