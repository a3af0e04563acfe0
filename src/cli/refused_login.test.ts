import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { stringify } from "yaml";
import { startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { authOf, PUBLIC_KEY } from "../../_dev/shared/testing/agent_policy.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import { createMemoryLedger } from "../../_dev/shared/testing/memory_ledger.ts";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { createLog } from "../core/log.ts";
import { openKeptEvents } from "../cursors/sqlite_kept_events.ts";
import { parsePolicy } from "../policy/parse_policy.ts";
import { collectOnce } from "../pump/schedule.ts";
import { knownDatasets } from "./known_datasets.ts";
import { sharedState, Wiring } from "./wire.ts";

const never = new AbortController().signal;

test("a refused login is logged once an org and attempt, and any other cause beside it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "refused-login-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const clock = new ManualClock(Date.UTC(2026, 6, 20, 12));
  await using org = await startMockOrg({ certificate: PUBLIC_KEY, now: () => clock.now() });
  await org.given.user({ username: org.username, active: false });
  const streams = ["login", "api", "apex"].map((name) => ({ data_stream: { dataset: `aquila_salesforce.${name}` } }));
  const inputOf = (id: string) => ({ id, type: "aquila-salesforce", auth: authOf(org), streams });
  const { inputs } = parsePolicy(
    stringify({ outputs: { default: { type: "file", path: folder } }, inputs: [inputOf("one"), inputOf("other")] }),
    { datasets: knownDatasets(), environment: {} },
  );
  let lines: string[] = [];
  const wiring = new Wiring({
    stateOf: sharedState({
      cursors: createMemoryCursors(),
      ledger: createMemoryLedger(),
      kept: openKeptEvents(folder),
    }),
    log: createLog((level, message, { input }) => lines.push(`${level} ${input}: ${message}`)),
    clock,
  });
  const runs = inputs.map((input) => wiring.run(input));
  const attempt = async () => {
    lines = [];
    const jobs = runs.flatMap((run) => run.jobs);
    await Promise.all(
      jobs.map(({ round, interval, tell }) =>
        collectOnce({ round: (scope) => round(scope, never, never), interval, tell, clock, stop: never }),
      ),
    );
    return jobs.length;
  };
  const refused = ["one", "other"].map((id) =>
    expect.stringMatching(`^error ${id}: Salesforce refused the login: inactive user\\. The user is deactivated`),
  );

  expect(await attempt()).toBe(6);
  expect(lines.toSorted()).toEqual(refused);
  // Whoever asks before the next login hears the same.
  await attempt();
  expect(lines).toEqual([]);
  clock.advance(24 * 3_600_000);
  await attempt();
  expect(lines.toSorted()).toEqual(refused);

  const [, job] = runs[0]?.jobs ?? [];
  lines = [];
  const error = new RunnerError("permission_missing", "The user may not read files.", { next: GIVE_UP });
  job?.tell({ fact: "round_failed", error, nextAttemptAt: clock.now() + 60_000 });
  expect(lines).toEqual(["error one: The user may not read files. Next attempt in 1m."]);
  await Promise.all(runs.map((run) => run.close()));
});
