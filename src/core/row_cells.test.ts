import fc from "fast-check";
import { expect, test } from "vitest";
import { RowCells } from "./row_cells.ts";

const LONG = "ä".repeat(6_000);

test("each cell is its text and nothing else, whatever was there before", () => {
  const cells = new RowCells();
  const cell = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "plain", 'a "quote"', "\n", LONG, "\ud83d", "\ude00"),
  );
  fc.assert(
    fc.property(fc.array(cell), (texts) => {
      cells.fill(texts);
      expect([...cells]).toEqual(texts.map((text) => text.toWellFormed()));
      expect(cells.plain.slice(0, cells.length)).toEqual(
        texts.map((text) => JSON.stringify(text.toWellFormed()) === `"${text.toWellFormed()}"`),
      );
    }),
  );
});
