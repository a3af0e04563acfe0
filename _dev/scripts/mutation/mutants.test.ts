import { expect, test } from "vitest";
import { differing, drawn, mutantsOf } from "./mutants.ts";

const SOURCE = [
  'import { a } from "./a.ts";',
  "// x < y && z",
  "export function f(x: number): boolean {",
  "  if (x < 3 && a(x)) {",
  "    tell(x);",
  "    return true;",
  "  }",
  "  return x + 1 === 2; // or x + 1 < 2",
  "}",
].join("\n");

test("changes code, one place at a time, and no line of comment or import", () => {
  const mutants = mutantsOf(SOURCE);
  expect(mutants.map(({ line, from, to }) => [line, from, to])).toEqual([
    [4, "<", "<="],
    [4, "&&", "||"],
    [5, "tell(x);", ""],
    [6, "true", "false"],
    [8, "+", "-"],
    [8, "===", "!=="],
    [8, "+", "-"],
    [8, "<", "<="],
  ]);
  for (const { text, offset, from } of mutants) {
    expect(text).not.toBe(SOURCE);
    expect(SOURCE.startsWith(from, offset)).toBe(true);
  }
});

test("a line that is a message changes nothing, whether more follows it or not", () => {
  expect(mutantsOf(["const a =", '  "Setup > 3 && 4";', "  [", '    "x < 3",', "  ];"].join("\n"))).toEqual([]);
});

test("a change of a comment behind code is none, nor is one that can't be read", () => {
  const mutants = mutantsOf(SOURCE);
  expect(differing(SOURCE, mutants)).toEqual(mutants.slice(0, 6));
  expect(differing(SOURCE, [{ line: 4, offset: 0, from: "", to: "", text: SOURCE.replace("x < 3", "x <") }])).toEqual(
    [],
  );
});

test("the lot falls the same way for the same seed, whatever else is in it, and tells equal names apart", () => {
  const all = Array.from({ length: 100 }, (_, n) => `name ${n}`);
  const draw = drawn(all, (name) => name, 7);
  expect(draw.toSorted()).toEqual(all.toSorted());
  expect(draw.slice(0, 10)).not.toEqual(drawn(all, (name) => name, 8).slice(0, 10));
  const fewer = all.filter((name) => name !== draw[3]);
  expect(drawn(fewer, (name) => name, 7)).toEqual(draw.filter((name) => name !== draw[3]));
  expect(drawn(["a", "a", "a"], (name) => name, 1)).toHaveLength(3);
});
