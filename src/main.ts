#!/usr/bin/env -S node --max-semi-space-size=2 --disable-sigusr1
import { setFlagsFromString } from "node:v8";
import { backfill } from "./cli/backfill.ts";
import { COMMANDS, helpText, parseCommand } from "./cli/commands.ts";
import { completionScript } from "./cli/completion.ts";
import { showCursors } from "./cli/cursors.ts";
import { EXIT_CODES, exitCodeOf } from "./cli/exit_codes.ts";
import { installComponent } from "./cli/install_component.ts";
import { installPackage } from "./cli/install_package.ts";
import { type RunSurroundings, run } from "./cli/run.ts";
import { releaseFolders, runnerProgram } from "./cli/runner_program.ts";
import { VERSION } from "./cli/version.ts";
import { watchComponent } from "./cli/watch_component.ts";
import { type EndingRunSurroundings, recorded, watched } from "./cli/watched_run.ts";
import { systemClock } from "./core/clock.ts";
import { asRunnerError } from "./core/errors.ts";
import { createLog, ecsLine, terminalLine, type WriteLine } from "./core/log.ts";

// A heap that grows in small steps: memory does not depend on the size of files. Said as a flag of Node, it costs time before this
// line is reached.
setFlagsFromString("--heap-growing-percent=20");

// Also where Node was started without its flags: its own answer to this signal is a port for a debugger.
process.on("SIGUSR1", () => {});

const writeLine: WriteLine = (level, message, fields) => {
  const line = process.stderr.isTTY ? terminalLine : ecsLine;
  process.stderr.write(`${line(new Date(), level, message, fields)}\n`);
};

const print = (line: string) => process.stdout.write(`${line}\n`);

/** Whether people with a terminal that shows colours are reading, and did not ask for none (https://no-color.org). */
function coloured(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && (process.env.NO_COLOR ?? "") === "" && process.env.TERM !== "dumb";
}

/** Who reads what is printed may leave at any time, as `head` does. What is still printed then is for nobody. */
const readerLeft = new AbortController();
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", ({ code }: NodeJS.ErrnoException) => {
    if (code !== "EPIPE") {
      process.exit(EXIT_CODES.failed.code);
    }
    if (stream === process.stdout) {
      readerLeft.abort(new Error("standard output is read no more"));
    }
  });
}

/** The first signal asks to stop, the second one ends the process at once. */
function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) {
      process.exit(EXIT_CODES.failed.code);
    }
    stop.abort(new Error(`stopped by ${signal}`));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return stop.signal;
}

/** Events that nobody reads any more are a reason to stop too. */
function stopCollecting(): AbortSignal {
  return AbortSignal.any([stopOnSignals(), readerLeft.signal]);
}

/** A collection that ends, with what people on a terminal or programs behind a pipe want to see of it. */
function untilItEnds(
  surroundings: EndingRunSurroundings,
  collect: (surroundings: RunSurroundings) => Promise<number>,
): Promise<number> {
  return process.stderr.isTTY
    ? watched({ ...surroundings, terminal: process.stderr }, collect)
    : recorded({ ...surroundings, writeLine }, collect);
}

async function main(): Promise<number> {
  const log = createLog(writeLine);
  try {
    const command = parseCommand(process.argv.slice(2));
    // What only one command needs, as certificates, gRPC or the client of Elasticsearch, is imported there: a runner that does
    // without it does not keep it in memory.
    switch (command.command) {
      case "help":
        process.stdout.write(helpText(command.about, process.stdout.columns));
        return 0;
      case "version":
        print(VERSION);
        return 0;
      case "init": {
        const { init } = await import("./cli/init.ts");
        return await init(command, { environment: process.env, print });
      }
      case "check": {
        const { check } = await import("./cli/check.ts");
        const { isTTY, columns } = process.stdout;
        const json = command.json || !isTTY;
        const surroundings = { environment: process.env, print, coloured: coloured(process.stdout), columns, log };
        return await check({ ...command, json }, { ...surroundings, stop: stopOnSignals() });
      }
      case "run": {
        const { logLevel } = command;
        const surroundings = { environment: process.env, stop: stopCollecting(), logLevel };
        return command.once
          ? await untilItEnds(surroundings, (seen) => run(command, seen))
          : await run(command, { ...surroundings, log: createLog(writeLine, () => logLevel ?? "info") });
      }
      case "backfill": {
        const surroundings = { environment: process.env, stop: stopCollecting(), logLevel: command.logLevel };
        return await untilItEnds(surroundings, (seen) => backfill(command, seen));
      }
      case "cursors":
        return await showCursors(command, { print, environment: process.env, columns: process.stdout.columns });
      case "agent": {
        const { agent } = await import("./cli/agent.ts");
        return await agent(command, { input: process.stdin, writeLine, stop: stopOnSignals() });
      }
      case "install-component": {
        const surroundings = { program: runnerProgram(import.meta.filename), print };
        return command.watch
          ? await watchComponent(command, { ...surroundings, clock: systemClock, stop: stopOnSignals() })
          : await installComponent(command, surroundings);
      }
      case "install-package":
        return await installPackage(command, {
          environment: process.env,
          print,
          releaseFolders: releaseFolders(import.meta.filename),
        });
      case "completion":
        process.stdout.write(completionScript(command.shell, COMMANDS));
        return EXIT_CODES.done.code;
    }
  } catch (caught) {
    const error = asRunnerError(caught);
    log.error(error.text);
    return exitCodeOf([error.code]);
  }
}

// A single executable is CommonJS, which has no await outside of functions. main itself never rejects.
void main().then((exitCode) => {
  process.exitCode = exitCode;
});
