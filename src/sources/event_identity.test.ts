import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RowCells } from "../core/row_cells.ts";
import { compileRowIdentity, Occurrences, recordIdentity } from "./event_identity.ts";

const ORG = "00D000000000001AAA";

function identityBy(organizationId: string, eventType: string, header: readonly string[]) {
  const identity = compileRowIdentity(organizationId, eventType, header);
  return (cells: readonly string[]) => identity(RowCells.of(cells));
}

describe("the identity of a row", () => {
  const identity = identityBy(ORG, "Login", ["A", "B", "C"]);

  test("hashes org, event type and the cells that are not empty, by the names of their columns", () => {
    const text = "00D000000000001AAA\u001eLogin\u001eA\u001fé日本😀\u001eB\u001f2\u001e";
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

  test("differs whenever a cell differs", () => {
    const row = fc.array(fc.stringMatching(/^[a-z0-9,.:" ]{0,4}$/), { minLength: 3, maxLength: 3 });
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
});

describe("Occurrences", () => {
  const id = (name: string) => recordIdentity(ORG, "Login", name);

  test("tells equal rows apart, the same way every time", () => {
    const read = () => {
      const occurrences = new Occurrences();
      return ["x", "y", "x", "x", "y"].map((name) => occurrences.distinguish(id(name)));
    };
    const first = read();
    expect(first[0]).toBe(id("x"));
    expect(first[1]).toBe(id("y"));
    expect(new Set(first).size).toBe(5);
    expect(read()).toEqual(first);
  });

  test("finds an equal row over the border of a generation, and keeps no more than two", () => {
    const occurrences = new Occurrences();
    const first = occurrences.distinguish(id("x"));
    for (let n = 0; n < 150_000; n += 1) {
      occurrences.distinguish(id(`row ${n}`));
    }
    const second = occurrences.distinguish(id("x"));
    const third = occurrences.distinguish(id("x"));
    expect(new Set([first, second, third]).size).toBe(3);
  });
});
