import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CsvRows } from "./csv_rows.ts";

interface Read {
  rows: string[][];
  plain: boolean[][];
  texts: string[];
  broken: Array<{ reason: string; text: string }>;
  replaced: number;
}

function read(chunks: readonly Uint8Array[], complete = true): Read {
  const result: Read = { rows: [], plain: [], texts: [], broken: [], replaced: 0 };
  const csv = new CsvRows(
    (cells, text) => {
      result.rows.push([...cells]);
      result.plain.push(cells.plain.slice(0, cells.length));
      result.texts.push(text());
    },
    (reason, text) => result.broken.push({ reason, text }),
  );
  for (const chunk of chunks) {
    csv.push(chunk);
  }
  if (complete) {
    csv.end();
  }
  result.replaced = csv.replacedCharacters;
  return result;
}

const bytes = (text: string) => Buffer.from(text, "utf8");

function cut(whole: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < whole.length; at += size) {
    chunks.push(whole.subarray(at, at + size));
  }
  return chunks;
}

describe("CsvRows", () => {
  test.each<[string, string, string[][]]>([
    [
      "quoted cells",
      '"a","b"\n"c","d"\n',
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "bare cells",
      "a,b\nc,d\n",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "CR LF",
      '"a","b"\r\n"c","d"\r\n',
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "no end of the last line",
      '"a","b"\n"c","d"',
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "no end of a bare last line",
      "a,b\nc,d",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    ["a carriage return alone at the very end", '"a","b"\r\n"c"\r', [["a", "b"], ["c"]]],
    ["a byte order mark", '\ufeff"a","b"\n', [["a", "b"]]],
    ["doubled quotes", '"""x""","a ""b"" c",""""\n', [['"x"', 'a "b" c', '"']]],
    [
      "line breaks in cells",
      '"a\nb","c\r\nd"\n"e","f"\n',
      [
        ["a\nb", "c\r\nd"],
        ["e", "f"],
      ],
    ],
    ["commas in cells", '"a,b",","\n', [["a,b", ","]]],
    [
      "empty cells",
      '"",""\n,\n',
      [
        ["", ""],
        ["", ""],
      ],
    ],
    ["an empty last cell", "a,\n", [["a", ""]]],
    ["one empty quoted cell", '""\n', [[""]]],
    ["blank lines", '\n"a"\n\n\r\n"b"\n\n', [["a"], ["b"]]],
    [
      "characters beyond ASCII",
      '"é","日本","😀"\n"x","y","z"\n',
      [
        ["é", "日本", "😀"],
        ["x", "y", "z"],
      ],
    ],
    ["line separators that are none", '"a\u2028b","c\u0085d"\n', [["a\u2028b", "c\u0085d"]]],
    ["nothing", "", []],
    ["a mark alone", "\ufeff", []],
  ])("reads %s, wherever the chunks end", (_, text, rows) => {
    for (const size of [1, 2, 3, 7, 1_000]) {
      const result = read(cut(bytes(text), size));
      expect(result.rows).toEqual(rows);
      expect(result.broken).toEqual([]);
    }
  });

  test.each<[string, string, string[][], string]>([
    ["text behind a closing quote", '"a"b,"c"\n"d","e"\n', [["d", "e"]], "text follows a closing quote"],
    ["a quote in a bare cell", 'a"b,c\n"d","e"\n', [["d", "e"]], "a quote stands inside an unquoted cell"],
    ["a lone carriage return", '"a"\rb\n"d","e"\n', [["d", "e"]], "a carriage return stands outside of quotes"],
    ["a quote never closed", '"a","b\n"d","e"\n', [["d", "e"]], "text follows a closing quote"],
    ["a last quote never closed", '"d","e"\n"a","b\n', [["d", "e"]], "a quote is opened and never closed"],
  ])("passes over a row with %s and goes on behind its line", (_, text, rows, reason) => {
    for (const size of [1, 4, 1_000]) {
      const result = read(cut(bytes(text), size));
      expect(result.rows).toEqual(rows);
      expect(result.broken[0]?.reason).toBe(reason);
    }
  });

  test("a cut download gives no half row", () => {
    expect(read([bytes('"a","b"\n"c","d')], false).rows).toEqual([["a", "b"]]);
    expect(read([bytes('"a","b"\n"c","d"')], false).rows).toEqual([["a", "b"]]);
  });

  test("every character means what it means wherever in a cell it stands", () => {
    for (let code = 0; code < 0x500; code += 1) {
      const character = String.fromCharCode(code);
      const cells = Array.from({ length: 9 }, (_, before) => "~".repeat(before) + character + "~\u007f".repeat(2));
      const quoted = cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",");
      const result = read([bytes(`${quoted}\n`)]);
      expect(result.rows).toEqual([cells]);
      expect(result.plain).toEqual([cells.map((cell) => JSON.stringify(cell) === `"${cell}"`)]);
    }
  });

  test("plain is true where JSON needs no escape", () => {
    const result = read([bytes('"a","b"\n"a\\b","c"\n"a\nb",c\n"""a""","c"\na\tb,"c"\n"é",c\\\n')]);
    const unescaped = result.rows.map((row) => row.map((cell) => JSON.stringify(cell) === `"${cell}"`));
    expect(result.plain).toEqual(unescaped);
    expect(unescaped).toEqual([
      [true, true],
      [false, true],
      [false, true],
      [false, true],
      [false, true],
      [true, false],
    ]);
  });

  test("gives the row's text as it stands in the file", () => {
    const lines = ['"a","b ""c"""', "d,e", '"f\ng","h"'];
    expect(read([bytes(`${lines.join("\r\n")}\r\n`)]).texts).toEqual(lines);
  });

  test.each([[[0xff, 0xc3]], [[0xff, 0xe2, 0x80]]])(
    "counts bytes that are no UTF-8 and keeps the rest of the cell, wherever the chunks end: %j",
    (broken) => {
      const whole = Buffer.concat([bytes('"a'), Buffer.from(broken), bytes('b","c"\n"d","e"\n')]);
      for (const size of [1, 3, 4, 5, 100]) {
        const result = read(cut(whole, size));
        expect(result.rows).toEqual([
          ["a\ufffd\ufffdb", "c"],
          ["d", "e"],
        ]);
        expect(result.replaced).toBe(2);
      }
    },
  );

  test("reads a cell of several megabytes", () => {
    const long = "x".repeat(5_000_000);
    const result = read(cut(bytes(`"a","${long}"\n"b","c"\n`), 65_536));
    expect(result.rows.map((row) => row.map((cell) => cell.length))).toEqual([
      [1, long.length],
      [1, 1],
    ]);
  });

  test("an opened quote swallows at most 16 MiB, not the file", () => {
    const filler = `${"x".repeat(1_023)}\n`.repeat(17 * 1_024);
    const result = read(cut(bytes(`"a","b\n${filler}`), 1 << 20));
    expect(result.broken[0]).toEqual({ reason: "the row does not end within 16 MiB", text: '"a","b' });
    expect(result.rows).toHaveLength(17 * 1_024);
  });
});

const cell = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }).filter((text) => text.isWellFormed() && !text.includes("\ufffd")),
  fc.constantFrom("", '"', '""', ",", "\n", "\r\n", "\r", "a,b", '"x"', "Salesforce.com IP", "\\", "\ufeff", "é"),
);
const table = fc
  .integer({ min: 1, max: 6 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }));
const quoted = (rows: readonly string[][], lineEnd: string) =>
  rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(",")).join(lineEnd);

describe("CsvRows against csv-parse", () => {
  test("reads what was written, as csv-parse does", () => {
    fc.assert(
      fc.property(
        table,
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        (rows, end, open, size) => {
          const text = quoted(rows, end) + (open ? "" : end);
          const result = read(cut(bytes(text), size));
          expect(result.rows).toEqual(rows);
          expect(result.rows).toEqual(
            parse(text, { bom: true, relax_column_count: true, record_delimiter: ["\n", "\r\n"] }),
          );
          expect(result.texts).toEqual(rows.map((row) => quoted([row], "")));
        },
      ),
      { numRuns: 400 },
    );
  });

  test("agrees with csv-parse on damaged text wherever csv-parse takes it", () => {
    let compared = 0;
    fc.assert(
      fc.property(
        table,
        fc.array(fc.tuple(fc.nat(), fc.constantFrom('"', ",", "\n", "", "x")), { maxLength: 3 }),
        fc.integer({ min: 1, max: 40 }),
        (rows, wounds, size) => {
          let text = `${quoted(rows, "\n")}\n`;
          for (const [place, put] of wounds) {
            const at = place % (text.length + 1);
            text = text.slice(0, at) + put + text.slice(at + (put === "" ? 1 : 0));
          }
          const result = read(cut(bytes(text), size));
          let expected: string[][];
          try {
            expected = parse(text, {
              bom: true,
              relax_column_count: true,
              skip_empty_lines: true,
              record_delimiter: ["\n", "\r\n"],
            });
          } catch {
            return;
          }
          compared += 1;
          if (result.broken.length === 0) {
            expect(result.rows).toEqual(expected);
          }
        },
      ),
      { numRuns: 600 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  test("good rows around a broken one all come out", () => {
    const safe = fc.array(fc.stringMatching(/^[a-z0-9 ]{0,8}$/), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(safe),
        fc.array(safe),
        fc.constantFrom('"a"b","c"', 'a"b', '"x" ,"y"'),
        fc.integer({ min: 1, max: 40 }),
        (before, after, wound, size) => {
          const text = [
            ...before.map((row) => quoted([row], "")),
            wound,
            ...after.map((row) => quoted([row], "")),
          ].join("\n");
          const result = read(cut(bytes(text), size));
          expect(result.rows).toEqual([...before, ...after]);
          expect(result.broken).toHaveLength(1);
        },
      ),
    );
  });
});
