import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { createLog } from "../core/log.ts";
import { exposureOf } from "./file_exposure.ts";
import type { Policy } from "./policy.ts";
import { followPolicyFile, readText } from "./policy_file.ts";

let folder: string;
let path: string;
let clock: ManualClock;
let lines: string[];
let stop: AbortController;
let changed: () => void;
let watched: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "policy-file-"));
  path = join(folder, "policy.yml");
  clock = new ManualClock();
  lines = [];
  stop = new AbortController();
  watched = [];
  write("one");
});
afterEach(() => {
  stop.abort();
  rmSync(folder, { recursive: true });
});

function write(text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
}

/** A parser whose policies are told apart by their one warning. */
async function parse(text: string): Promise<Policy> {
  if (text.startsWith("bad")) {
    throw new RunnerError("policy_invalid", `${text} is wrong.`, { next: GIVE_UP });
  }
  return { inputs: [], brokenInputs: [], warnings: [text] };
}

function follow() {
  return followPolicyFile(
    path,
    {
      parse,
      clock,
      log: createLog((level, message) => lines.push(`${level}: ${message}`)),
      watchFolder: (name, report) => {
        watched.push(name);
        changed = report;
        return () => watched.push("closed");
      },
    },
    stop.signal,
  );
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !condition(); turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(condition()).toBe(true);
}

const asleep = () => until(() => clock.sleeping === 1);

/** Asks for the next policy; `isThere` tells when it has come. */
function pull(policies: AsyncGenerator<Policy>) {
  const state = { isThere: false };
  const next = policies.next().finally(() => {
    state.isThere = true;
  });
  return { next, state };
}

/** Moves the clock on as soon as the follower sleeps, and waits until it sleeps again or has given a policy. */
async function look(state: { readonly isThere: boolean }, ms = 10_000): Promise<void> {
  await asleep();
  clock.advance(ms);
  await until(() => clock.sleeping === 1 || state.isThere);
}

describe("following a file", () => {
  test("parses again when a file that the policy names has changed", async () => {
    let secret = "old";
    const surroundings = {
      parse,
      clock,
      log: createLog(() => {}),
      watchFolder: () => () => {},
      namedFiles: () => secret,
    };
    const policies = followPolicyFile(path, surroundings, stop.signal);
    await policies.next();
    const { next, state } = pull(policies);
    await look(state);
    expect(state.isThere).toBe(false);
    secret = "new";
    await look(state);
    expect((await next).value).toMatchObject({ warnings: ["one"] });
  });

  test("gives the first policy at once, and each changed one", async () => {
    const policies = follow();
    expect((await policies.next()).value.warnings).toEqual(["one"]);
    const { next, state } = pull(policies);
    await look(state);
    await look(state);
    write("two");
    await look(state);
    expect((await next).value.warnings).toEqual(["two"]);
    expect(lines).toEqual([`info: ${path} has changed: the new policy is taken over.`]);
  });

  test("looks soon after the folder reports a change", async () => {
    const policies = follow();
    await policies.next();
    const { next, state } = pull(policies);
    await asleep();
    write("two");
    changed();
    await until(() => clock.nextWake === clock.now() + 500);
    await look(state, 500);
    expect((await next).value.warnings).toEqual(["two"]);
    expect(watched).toEqual([folder]);
  });

  test("goes on with the policy from before if a new one can't be used, and says so once", async () => {
    const policies = follow();
    await policies.next();
    const { next, state } = pull(policies);
    write("bad one");
    await look(state);
    await look(state);
    await look(state);
    rmSync(path);
    await look(state);
    write("three");
    await look(state);
    expect((await next).value.warnings).toEqual(["three"]);
    expect(lines).toEqual([
      `error: ${path} has changed and can't be used; the policy from before goes on. bad one is wrong.`,
      expect.stringMatching(/^error: .*can't be read \(ENOENT\)/),
      expect.stringMatching(/^info: /),
    ]);
  });

  test("ends without an error when it is stopped, and stops watching", async () => {
    const policies = follow();
    await policies.next();
    const next = policies.next();
    await asleep();
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(watched).toEqual([folder, "closed"]);
  });

  test("fails at once if the first version can't be used", async () => {
    write("bad");
    await expect(follow().next()).rejects.toMatchObject({ code: "policy_invalid" });
    rmSync(path);
    await expect(follow().next()).rejects.toMatchObject({
      code: "policy_unreadable",
      cure: expect.stringContaining("--policy"),
    });
    expect(watched).toEqual([folder, "closed", folder, "closed"]);
  });

  test.each([
    ["that is not there", () => `${folder}/none.yml`, /no such file/],
    ["below a file", () => `${path}/policy.yml`, /no such file/],
    ["that is a folder", () => folder, /is a folder/],
  ])("a path %s is told with its cure", async (_what, given, cure) => {
    await expect(readText(given())).rejects.toMatchObject({
      code: "policy_unreadable",
      cure: expect.stringMatching(cure),
    });
  });

  test("warns of a file that others can read", async () => {
    chmodSync(path, 0o644);
    await follow().next();
    expect(lines).toEqual([expect.stringMatching(/^warn: .*policy\.yml is open to other users.*mode 644.*chmod 600/)]);
  });
});

test("watching with Node notices a change", async () => {
  const reports: string[] = [];
  const policies = followPolicyFile(
    path,
    { parse, clock, log: createLog((_level, message) => reports.push(message)) },
    stop.signal,
  );
  await policies.next();
  const { next, state } = pull(policies);
  await asleep();
  write("two");
  await until(() => clock.nextWake === clock.now() + 500);
  await look(state, 500);
  expect((await next).value.warnings).toEqual(["two"]);
});

describe("files that others can use", () => {
  test.each([
    [0o600, false],
    [0o400, false],
    [0o700, false],
    [0o640, true],
    [0o644, true],
    [0o606, true],
    [0o620, true],
  ])("mode %o", async (mode, isReported) => {
    chmodSync(path, mode);
    const warning = await exposureOf(path);
    expect(warning !== undefined).toBe(isReported);
    expect(warning ?? "").toContain(isReported ? mode.toString(8) : "");
  });

  test("a file that is not there is none", async () => {
    expect(await exposureOf(join(folder, "missing"))).toBeUndefined();
  });
});
