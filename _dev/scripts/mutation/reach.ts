/** Which places of a file a test reaches, from V8's coverage. Pure. */

/** As V8 counts: of each function its whole range first, then the blocks whose count differs. */
export interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
  }[];
}

type Range = readonly [start: number, end: number];

/** What of a file that was loaded did not run: functions never called, and blocks never entered of those that were. */
export interface Unreached {
  readonly functions: readonly Range[];
  readonly blocks: readonly Range[];
}

/** `function`: the function that the place is in was called, but it went another way. */
export type Reach = "place" | "function" | "nothing";

export function unreachedOf({ functions }: ScriptCoverage): Unreached {
  const unused = (ranges: ScriptCoverage["functions"][number]["ranges"]): Range[] =>
    ranges.filter(({ count }) => count === 0).map(({ startOffset, endOffset }) => [startOffset, endOffset]);
  return {
    functions: functions.flatMap(({ ranges }) => unused(ranges.slice(0, 1))),
    blocks: functions.flatMap(({ ranges }) => unused(ranges.slice(1))),
  };
}

/** The best that any of the processes of a test does. */
export function reachOf(offset: number, processes: readonly Unreached[]): Reach {
  const within = (ranges: readonly Range[]): boolean => ranges.some(([start, end]) => start <= offset && offset < end);
  const called = processes.filter(({ functions }) => !within(functions));
  if (called.length === 0) {
    return "nothing";
  }
  return called.some(({ blocks }) => !within(blocks)) ? "place" : "function";
}
