import { type Clock, systemClock } from "../core/clock.ts";
import { createLog, terminalLine } from "../core/log.ts";
import type { Environment } from "../policy/variables.ts";
import { Progress, ProgressDisplay, type Terminal } from "./progress.ts";
import { type RunOptions, type RunSurroundings, run } from "./run.ts";

export interface WatchedRunSurroundings {
  readonly environment: Environment;
  readonly terminal: Terminal;
  readonly stop: AbortSignal;
  readonly clock?: Clock;
}

/** `run --once` for somebody who watches. */
export function watchedRun(options: RunOptions, surroundings: WatchedRunSurroundings): Promise<number> {
  return watched(surroundings, (seen) => run(options, seen));
}

/** A collection that ends, for somebody who watches: a line of progress, above it what is wrong, and at the end what has been done. */
export async function watched(
  surroundings: WatchedRunSurroundings,
  collect: (surroundings: RunSurroundings) => Promise<number>,
): Promise<number> {
  const { environment, terminal, stop, clock = systemClock } = surroundings;
  const progress = new Progress(clock);
  const display = new ProgressDisplay(terminal, () => progress.line());
  const ended = new AbortController();
  const kept = display.keep(clock, ended.signal);
  const log = createLog(
    (level, message, fields) => display.print(terminalLine(new Date(clock.now()), level, message, fields)),
    () => "warn",
  );
  stop.addEventListener("abort", () => display.print(STOPPING), { once: true });
  try {
    return await collect({ environment, log, stop, observe: (fact) => progress.see(fact) });
  } finally {
    ended.abort();
    await kept;
    display.print(progress.outcome(stop.aborted));
  }
}

const STOPPING = "Stopping: what is under way is delivered and saved. Press Ctrl-C again to end at once.";
