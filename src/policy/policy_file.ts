import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "../core/clock.ts";
import { asRunnerError, GIVE_UP, RunnerError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { exposureOf } from "./file_exposure.ts";
import type { Policy } from "./policy.ts";

/** Calls `changed` for every change in a folder until the function it returns is called. */
export type WatchFolder = (folder: string, changed: () => void) => () => void;

export interface PolicyFileSurroundings {
  readonly parse: (text: string) => Promise<Policy>;
  readonly clock: Clock;
  readonly log: Log;
  readonly watchFolder?: WatchFolder;
  /** What stands in the other files that the policy names, as one text; when it changes, the policy is parsed again. */
  readonly namedFiles?: () => string;
}

/** Some file systems report no changes, so the file is also looked at regularly; Elastic Agent does so every 10 seconds too. */
const LOOK_EVERY_MS = 10_000;

/** An editor may write a file in several steps. */
const WRITING_MS = 500;

/**
 * The policy in a file, and every later version of it, until the signal aborts. Rejects with `policy_unreadable` or
 * `policy_invalid` if the first version can't be used; a later one that can't be used is reported in the log, and what runs
 * goes on. The same text is never given twice in a row.
 */
export async function* followPolicyFile(
  path: string,
  surroundings: PolicyFileSurroundings,
  signal: AbortSignal,
): AsyncGenerator<Policy> {
  const { parse, clock, log, watchFolder = watchWithNode, namedFiles = () => "" } = surroundings;
  let wake = new AbortController();
  const stopWatching = watchFolder(dirname(path), () => wake.abort());
  try {
    let text = await readText(path);
    let complaint: string | undefined;
    const first = await parse(text);
    let named = namedFiles();
    await reportExposure(path, first, log);
    yield first;

    while (await changedOrTime(clock, wake.signal, signal)) {
      wake = new AbortController();
      try {
        const newText = await readText(path);
        const newNamed = namedFiles();
        if (newText === text && newNamed === named) {
          complaint = undefined;
          continue;
        }
        const policy = await parse(newText);
        text = newText;
        named = newNamed;
        complaint = undefined;
        log.info(`${path} has changed: the new policy is taken over.`);
        await reportExposure(path, policy, log);
        yield policy;
      } catch (error) {
        const { text: reason } = asRunnerError(error);
        if (reason !== complaint) {
          complaint = reason;
          log.error(`${path} has changed and can't be used; the policy from before goes on. ${reason}`);
        }
      }
    }
  } finally {
    stopWatching();
  }
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: "There is no such file: check the path after --policy.",
  ENOTDIR: "There is no such file: check the path after --policy.",
  EISDIR: "It is a folder: name the file in it.",
};

/** The text of a policy file. Rejects with `policy_unreadable`. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new RunnerError("policy_unreadable", `The policy file ${path} can't be read (${code}).`, {
      next: GIVE_UP,
      cure: UNREADABLE[code ?? ""] ?? "Check its permissions.",
    });
  }
}

/** True when it is time to look at the file again, false when the signal has aborted. */
async function changedOrTime(clock: Clock, changed: AbortSignal, signal: AbortSignal): Promise<boolean> {
  await clock.sleep(LOOK_EVERY_MS, AbortSignal.any([changed, signal])).catch(() => {});
  if (changed.aborted) {
    await clock.sleep(WRITING_MS, signal).catch(() => {});
  }
  return !signal.aborted;
}

/** Warns of a policy and of private keys that other users of this machine can read. */
export async function reportExposure(path: string, policy: Policy, log: Log): Promise<void> {
  const keys = policy.inputs.flatMap(({ auth }) => (auth.privateKeyPath === undefined ? [] : [auth.privateKeyPath]));
  for (const file of new Set([path, ...keys])) {
    const warning = await exposureOf(file);
    if (warning !== undefined) {
      log.warn(warning);
    }
  }
}

/** Where a folder can't be watched, looking regularly is enough. */
const watchWithNode: WatchFolder = (folder, changed) => {
  try {
    const watcher = watch(folder, { persistent: false }, changed);
    watcher.on("error", () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => {};
  }
};
