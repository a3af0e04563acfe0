/** Small wrong changes of a source text, each of which a test has to notice. Pure. */

export interface Mutant {
  /** From 1. */
  readonly line: number;
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
      from,
      to,
      text: text.slice(0, index) + to + text.slice(index + from.length),
    }))
    .filter(({ line }) => !isPassive(lines[line - 1] ?? "") && !isWithinText(lines[line - 1] ?? ""));
}

/** A line that is mostly a message. */
function isWithinText(line: string): boolean {
  return /^\s*[`"'].*[`"'],?$/.test(line);
}

/** A sample that is the same for the same seed: every n-th, from a place that the seed decides. */
export function sampleOf<T>(all: readonly T[], count: number, seed: number): readonly T[] {
  if (count >= all.length) {
    return all;
  }
  const step = all.length / count;
  const offset = (((seed * 2_654_435_761) >>> 0) / 2 ** 32) * step;
  return Array.from({ length: count }, (_, n) => all[Math.floor(offset + n * step)]).filter((one) => one !== undefined);
}
