import { expect, test } from "vitest";
import { mutantsOf, sampleOf } from "./mutants.ts";

const SOURCE = [
  'import { a } from "./a.ts";',
  "// x < y && z",
  "export function f(x: number): boolean {",
  "  if (x < 3 && a(x)) {",
  "    tell(x);",
  "    return true;",
  "  }",
  "  return x + 1 === 2;",
  "}",
].join("\n");

test("changes code, one place at a time, and no comment or import", () => {
  expect(mutantsOf(SOURCE).map(({ line, from, to }) => [line, from, to])).toEqual([
    [4, "<", "<="],
    [4, "&&", "||"],
    [5, "tell(x);", ""],
    [6, "true", "false"],
    [8, "+", "-"],
    [8, "===", "!=="],
  ]);
  for (const { text } of mutantsOf(SOURCE)) {
    expect(text).not.toBe(SOURCE);
  }
});

test("the sample is spread over all, without repetition, and the same for the same seed", () => {
  const all = Array.from({ length: 100 }, (_, n) => n);
  const sample = sampleOf(all, 10, 7);
  expect(new Set(sample).size).toBe(10);
  expect(sample).toEqual(sampleOf(all, 10, 7));
  expect(Math.max(...sample) - Math.min(...sample)).toBeGreaterThan(80);
  expect(sampleOf(all, 200, 1)).toEqual(all);
});
