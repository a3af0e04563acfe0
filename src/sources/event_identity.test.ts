import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EVENT_TYPES } from "../catalog/catalog.ts";
import { RowCells } from "../core/row_cells.ts";
import { compileRowIdentity, nthIdentity, recordIdentity } from "./event_identity.ts";

const ORG = "00D000000000001AAA";

function identityBy(organizationId: string, eventType: string, header: readonly string[]) {
  const identity = compileRowIdentity(organizationId, eventType, header);
  return (cells: readonly string[]) => identity(RowCells.of(cells));
}

function code(column: string): Buffer {
  return createHash("sha256").update(column).digest().subarray(0, 4);
}

describe("the identity of a row", () => {
  const identity = identityBy(ORG, "Login", ["A", "B", "C"]);

  test("hashes org, event type and the cells that are not empty, by the names of their columns", () => {
    const cells = ["é日本😀", code("A"), "\0\0\0\x0c", "2", code("B"), "\0\0\0\x01"].map((part) => Buffer.from(part));
    const hash = createHash("sha256").update("00D000000000001AAA00000018Login00000005");
    const digest = hash.update(Buffer.concat(cells)).digest("base64url");
    expect(identityBy(ORG, "Login", ["B", "C", "A"])(["2", "", "é日本😀"])).toBe(digest.slice(0, 20));
  });

  test("tells all columns of the catalogue from each other", () => {
    const names = new Set(EVENT_TYPES.flatMap(({ columns, home }) => [...columns, ...Object.keys(home.columns)]));
    const ids = [...names].map((name) => identityBy(ORG, "Login", [name])(["x"]));
    expect(new Set(ids).size).toBe(names.size);
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
    const names = Array.from({ length: 100 }, (_, n) => `COLUMN_${n}`);
    const [one = "", two = ""] = names.filter((name) => code(name).every((byte) => byte < 0x80));
    const of = identityBy(ORG, "Login", [one, two]);
    for (const text of [
      `${code(one)}\0\0\0\x01`,
      `${code(one)}`,
      "\0\0\0\x01",
      `\0\0\0\x01${code(two)}`,
      one,
      "\u001e",
    ]) {
      expect(of(["", `1${text}2`])).not.toBe(of(["1", "2"]));
      expect(of([`1${text}2`, ""])).not.toBe(of(["1", "2"]));
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
