import { systemClock } from "../core/clock.ts";
import type { RunnerError } from "../core/errors.ts";
import { createLog, type LogLevel, terminalLine, type WriteLine } from "../core/log.ts";
import { Progress, ProgressDisplay, type Terminal } from "./progress.ts";
import type { RunSurroundings } from "./run.ts";

export interface EndingRunSurroundings extends Pick<RunSurroundings, "environment" | "stop" | "clock"> {
  readonly logLevel?: LogLevel | undefined;
}

/**
 * A collection that ends, for somebody who watches: a line of progress, above it what is wrong or else what `logLevel` asks for,
 * and at the end what has been done.
 */
export async function watched(
  surroundings: EndingRunSurroundings & { readonly terminal: Terminal },
  collect: (surroundings: RunSurroundings) => Promise<number>,
): Promise<number> {
  const { environment, terminal, stop, logLevel = "warn", clock = systemClock } = surroundings;
  const progress = new Progress(clock);
  const display = new ProgressDisplay(terminal, () => progress.line());
  const ended = new AbortController();
  const kept = display.keep(clock, ended.signal);
  const log = createLog(
    (level, message, fields) => display.print(terminalLine(new Date(clock.now()), level, message, fields)),
    () => logLevel,
  );
  stop.addEventListener("abort", () => display.print(STOPPING), { once: true });
  const { exitCode, errors } = await seenBy(progress, collect, { environment, log, stop }).finally(async () => {
    ended.abort();
    await kept;
  });
  display.print(progress.outcome(stop.aborted, errors));
  return exitCode;
}

/**
 * A collection that ends, for a program that reads its log: the last line is a record of what has been done, whatever the log
 * level. What keeps it from starting is thrown, without a record.
 */
export async function recorded(
  surroundings: EndingRunSurroundings & { readonly writeLine: WriteLine },
  collect: (surroundings: RunSurroundings) => Promise<number>,
): Promise<number> {
  const { environment, writeLine, stop, logLevel = "info", clock = systemClock } = surroundings;
  const progress = new Progress(clock);
  const log = createLog(writeLine, () => logLevel);
  const { exitCode, errors } = await seenBy(progress, collect, { environment, log, stop });
  const record = { ...progress.record(stop.aborted, errors), exit_code: exitCode };
  writeLine("info", progress.outcome(stop.aborted, errors).split("\n")[0] ?? "", record);
  return exitCode;
}

/** With what kept it from collecting everything. */
async function seenBy(
  progress: Progress,
  collect: (surroundings: RunSurroundings) => Promise<number>,
  surroundings: RunSurroundings,
): Promise<{ readonly exitCode: number; readonly errors: readonly RunnerError[] }> {
  let errors: readonly RunnerError[] = [];
  const exitCode = await collect({
    ...surroundings,
    observe: (fact) => progress.see(fact),
    ended: (all) => {
      errors = all;
    },
  });
  return { exitCode, errors };
}

const STOPPING = "Stopping: what is under way is delivered and saved. Press Ctrl-C again to end at once.";
