/** Small wrong changes of a source text, each of which a test has to notice. Pure. */

import { createHash } from "node:crypto";
import { minifySync, parseSync, transformSync } from "rolldown/utils";

export interface Mutant {
  /** From 1. */
  readonly line: number;
  /** In characters from the beginning of the text. */
  readonly offset: number;
  /** What was written and what stands there now. */
  readonly from: string;
  readonly to: string;
  /** The whole changed text. */
  readonly text: string;
}

/** A slip that a person could make. The first group, if there is one, is what is replaced. */
const SLIPS: readonly (readonly [RegExp, string])[] = [
  [/ (&&) /g, "||"],
  [/ (\|\|) /g, "&&"],
  [/ (\?\?) /g, "&&"],
  [/ (===) /g, "!=="],
  [/ (!==) /g, "==="],
  [/ (<) /g, "<="],
  [/ (<=) /g, "<"],
  [/ (>) (?!=)/g, ">="],
  [/ (>=) /g, ">"],
  [/ (\+) (?=\d)/g, "-"],
  [/ (-) (?=\d)/g, "+"],
  [/ (\+=) /g, "-="],
  [/\b(true)\b/g, "false"],
  [/\b(false)\b/g, "true"],
  [/\b(Math\.min)\(/g, "Math.max"],
  [/\b(Math\.max)\(/g, "Math.min"],
  [/\bif \((!)/g, ""],
  [/^ +(await )(?=[a-z#.]+\()/gm, ""],
  [/^ +((?:this\.)?[a-zA-Z#.?]+\([^;\n]*\);)$/gm, ""],
  [/^ +(continue;)$/gm, ""],
  [/^ +(break;)$/gm, ""],
];

/** Where a slip would change no behaviour: comments, imports, types and texts. */
function isPassive(line: string): boolean {
  return /^\s*(\/\/|\*|\/\*|import\b|export (type|interface)|readonly\b|type\b|\|)/.test(line);
}

/** All slips that the text offers, in the order of their places. */
export function mutantsOf(text: string): readonly Mutant[] {
  const lines = text.split("\n");
  const starts: number[] = [];
  let at = 0;
  for (const line of lines) {
    starts.push(at);
    at += line.length + 1;
  }
  const found: { readonly index: number; readonly from: string; readonly to: string }[] = [];
  for (const [pattern, to] of SLIPS) {
    for (const match of text.matchAll(pattern)) {
      const from = match[1] ?? match[0];
      found.push({ index: match.index + match[0].indexOf(from), from, to });
    }
  }
  return found
    .toSorted((a, b) => a.index - b.index)
    .map(({ index, from, to }) => ({
      line: starts.findLastIndex((start) => start <= index) + 1,
      offset: index,
      from,
      to,
      text: text.slice(0, index) + to + text.slice(index + from.length),
    }))
    .filter(({ line }) => !isPassive(lines[line - 1] ?? "") && !isWithinText(lines[line - 1] ?? ""));
}

/** A line that is mostly a message. */
function isWithinText(line: string): boolean {
  return /^\s*[`"'].*[`"'][,;]?$/.test(line);
}

/** Those that mean something else to Node than the text: none in a comment, and none that can't be read. */
export function differing(original: string, mutants: readonly Mutant[]): readonly Mutant[] {
  const before = meaning(original);
  return mutants.filter(({ text }) => parseSync("a.ts", text).errors.length === 0 && meaning(text) !== before);
}

function meaning(text: string): string {
  return minifySync("a.js", transformSync("a.ts", text).code, { mangle: false }).code;
}

/** As many as wanted by lot, in the order in which they were drawn. Another text elsewhere changes nothing of it. */
export function drawn<T>(all: readonly T[], nameOf: (one: T) => string, seed: number): readonly T[] {
  const seen = new Map<string, number>();
  return all
    .map((one) => {
      const name = nameOf(one);
      const nth = (seen.get(name) ?? 0) + 1;
      seen.set(name, nth);
      return { one, lot: createHash("sha256").update(`${seed} ${nth} ${name}`).digest("hex") };
    })
    .toSorted((a, b) => (a.lot < b.lot ? -1 : 1))
    .map(({ one }) => one);
}
