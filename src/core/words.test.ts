import fc from "fast-check";
import { expect, test } from "vitest";
import { EventBytes } from "./event_bytes.ts";
import { RowCells } from "./row_cells.ts";
import { piece } from "./words.ts";

test("parts, pieces and text stand one behind the other, whatever their lengths", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 300 }).filter((one) => one.isWellFormed());
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text, text)), (rows) => {
      const bytes = new EventBytes();
      for (const [before, cell, behind] of rows) {
        const cells = RowCells.of(["x", cell, "y"]);
        bytes.part(piece(before), cells.words, cells.starts[1] as number, cells.ends[1] as number, piece(behind));
        bytes.piece(piece(before));
        bytes.text(cell);
      }
      expect(bytes.bytes.toString()).toBe(rows.map(([a, b, c]) => a + b + c + a + b).join(""));
    }),
  );
});
