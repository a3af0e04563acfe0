/**
 * The recipe "Add a source kind" of CONTRIBUTING.md, followed: a kind that is made up, and the line in `kinds.ts` that a mock
 * adds. Everything else is the product as it is.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { streamSettings } from "../../_dev/scripts/manifests/package_variables.ts";
import { authOf, PUBLIC_KEY } from "../../_dev/shared/testing/agent_policy.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { expectedCallsADay } from "../cli/check/api_calls.ts";
import { check } from "../cli/check.ts";
import { showCursors } from "../cli/cursors.ts";
import { InputReports } from "../cli/input_reports.ts";
import { knownDatasets } from "../cli/known_datasets.ts";
import { openState } from "../cli/open_state.ts";
import { Progress } from "../cli/progress.ts";
import { Wiring } from "../cli/wire.ts";
import { createLog } from "../core/log.ts";
import { parsePolicy } from "../policy/parse_policy.ts";

vi.mock("./kinds.ts", async (original) => {
  const { KINDS } = await original<typeof import("./kinds.ts")>();
  const { BELLS } = await import("../../_dev/shared/testing/made_up_kind.ts");
  return { KINDS: [...KINDS, BELLS] };
});

const NOW = Date.UTC(2026, 6, 20, 12);
const clock = new ManualClock(NOW);
const never = new AbortController().signal;
let org: MockOrg;
let folder: string;
const fromFolder = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "made-up-kind-"));
  org = await startMockOrg({ certificate: PUBLIC_KEY, now: () => clock.now() });
});
afterAll(async () => {
  await org.close();
  rmSync(folder, { recursive: true });
});

function policy(settings: object): string {
  const auth = authOf(org);
  const stream = {
    id: "login-1",
    data_stream: { dataset: "aquila_salesforce.login" },
    event_log_files: { enabled: false },
  };
  const input = { id: "input-1", type: "aquila-salesforce", auth, streams: [{ ...stream, bells: settings }] };
  return stringify({ outputs: { default: { type: "file", path: fromFolder("out") } }, inputs: [input] });
}

function read(settings: object) {
  return parsePolicy(policy(settings), { datasets: knownDatasets(), environment: {} });
}

interface Stored {
  readonly event: { readonly code: string; readonly provider: string };
  readonly salesforce: { readonly collector?: object };
}

function stored(dataset: string): Stored[] {
  const path = join(folder, "out", `logs-aquila_salesforce.${dataset}-default.ndjson`);
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("its settings are read, with defaults, and what is wrong in them is told by its path", () => {
  expect(read({ enabled: true, loudness: "high" }).inputs[0]?.streams[0]?.sources.bells).toEqual({
    enabled: true,
    names: ["Big"],
    loudness: "high",
    pollInterval: 180_000,
  });
  const problems = (settings: object) => read(settings).brokenInputs.flatMap(({ error }) => error.text.split("\n"));
  expect(problems({ enabled: true, bells: ["Bigg"] })[0]).toMatch(/bells\.bells: "Bigg" .*did you mean Big\?/);
  expect(problems({ enabled: true, loudnes: "high" })[0]).toMatch(/bells\.loudnes: .*did you mean loudness\?/);
});

test("Fleet asks for them where the stream has its names, and nowhere else", () => {
  const asked = (stream: string) => streamSettings(stream).map(({ variable }) => variable);
  expect(asked("login").filter(({ name }) => name.startsWith("bells_"))).toMatchObject([
    { name: "bells_enabled", show_user: true },
    { name: "bells_bells", description: expect.stringContaining("Possible: Big, Small.") },
    { name: "bells_loudness", options: [{ value: "low" }, { value: "high" }] },
    { name: "bells_poll_interval", default: "3m" },
  ]);
  expect(asked("apex").filter(({ name }) => name.startsWith("bells_"))).toEqual([]);
});

test("it is collected, told, shown by cursors and tried again", async () => {
  const [input] = read({ enabled: true, bells: ["Big", "Small"] }).inputs;
  if (input === undefined) {
    throw new Error("the policy has no input");
  }
  const said: string[] = [];
  const log = createLog(
    (_, message) => said.push(message),
    () => "info",
  );
  const reports = new InputReports();
  const progress = new Progress(clock);
  const state = openState(fromFolder("data"));
  const observe = (...told: Parameters<InputReports["observe"]>) => {
    reports.observe(...told);
    progress.see(told[0]);
  };
  const run = async (range?: { from: number; to: number }) => {
    const surroundings = { ...state, log, clock, observe, ...(range === undefined ? {} : { range }) };
    const one = new Wiring(surroundings).run(input);
    for (const job of one.jobs) {
      await job.round("everything", never, never);
    }
    await one.close();
    return one.jobs.map(({ interval }) => interval);
  };
  expect(await run()).toEqual([180_000, 180_000]);
  await run({ from: NOW - 1_000, to: NOW });
  state.close();

  // The second run is a backfill with cursors of its own, so that it gives the same events.
  expect(stored("login").map(({ event }) => [event.code, event.provider])).toContainEqual(["Small", "Bell"]);
  expect(said).toContain("Big has rung 1 times.");
  expect(reports.standings("input-1").map(({ name }) => name)).toContain("login Small");
  expect(reports.of("input-1")["login-1/bells/Big"]).toMatchObject({ rowsRejected: 1 });
  expect(progress.record(false, [])).toMatchObject({ rows: 4 });
  const rung = stored("collector").filter(({ event }) => event.code === "bell_rung");
  expect(rung[0]?.salesforce.collector).toMatchObject({ event_type: "Big", source: "the bell Big" });

  const printed: string[] = [];
  const options = { dataDirectory: fromFolder("data"), reset: undefined, retry: undefined, json: false };
  await showCursors(options, { print: (line) => printed.push(line) });
  expect(printed.filter((line) => line.startsWith("login-1"))).toEqual([
    expect.stringMatching(/^login-1 · the bell Big of 00D\w+: complete up to 2026-07-20.*; rung 1 times$/),
    expect.stringMatching(/^login-1 · the bell Small of /),
  ]);
  expect(printed.some((line) => /failed: The crack of Big, 2 attempts/.test(line))).toBe(true);
  await showCursors({ ...options, retry: "Big-crack" }, { print: () => {} });
  await expect(showCursors({ ...options, retry: "Huge-crack" }, { print: () => {} })).rejects.toThrow(/Huge-crack/);
});

test("check looks at it, and counts its calls", async () => {
  writeFileSync(fromFolder("policy.yml"), policy({ enabled: true }), { mode: 0o600 });
  const printed: string[] = [];
  const around = { environment: {}, print: (line: string) => printed.push(line), coloured: false, stop: never };
  await check({ policy: fromFolder("policy.yml"), json: true }, around);
  expect(printed.join("\n")).toMatch(/Big of 00D\w+ can be heard.*about 3 a day/s);
  const streams = read({ enabled: true }).inputs[0]?.streams ?? [];
  expect([expectedCallsADay(streams), expectedCallsADay(streams, { bells: 3 })]).toEqual([100, 3]);
});
