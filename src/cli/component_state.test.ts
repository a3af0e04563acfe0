import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { asRunnerError, type RunnerError } from "../core/errors.ts";
import { createLog } from "../core/log.ts";
import { openSqliteCursors } from "../cursors/sqlite_cursors.ts";
import { ComponentState } from "./component_state.ts";
import type { InputState } from "./wire_input.ts";

const STREAM = "login-1";
const SOURCE = `${STREAM}/event_log_files`;
const INPUT: Parameters<ComponentState["open"]>[0] = { id: "acme", streams: [{ id: STREAM }] };
const FILE = { source: SOURCE, id: "0AT000000000001", length: 700, created: Date.UTC(2026, 6, 19) };

let home: string;
let said: string[];
const log = createLog((_level, message) => said.push(message));

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "component-state-"));
  said = [];
});
afterEach(() => rmSync(home, { recursive: true }));

function workFolder(version = "elastic-agent-9.5.2-abc123", component = "aquila-salesforce-default"): string {
  const folder = join(home, "data", version, "run", component);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** What a version of the runner has left that kept its state where it worked. */
async function leaveState(folder: string, row: number, source = SOURCE): Promise<void> {
  const cursors = openSqliteCursors(folder);
  await cursors.save(source, [{ key: "file", value: { row } }]);
  cursors.close();
}

test.each([
  [
    "opt/Elastic/Agent/data/elastic-agent-9.5.2-a/run/aquila-salesforce-default",
    "opt/Elastic/Agent/data/aquila-salesforce",
  ],
  ["var/lib/elastic-agent/data/elastic-agent-9.5.2-a/run/x", "var/lib/elastic-agent/data/aquila-salesforce"],
  ["usr/share/elastic-agent/state/data/run/x", "usr/share/elastic-agent/state/data/aquila-salesforce"],
  ["var/lib/aquila-salesforce", "var/lib/aquila-salesforce"],
  ["data", "data"],
])("state lies beside the agent's versions, and where no agent is, in the folder itself: %s → %s", (work, folder) => {
  expect(new ComponentState(join(home, work), log).folder).toBe(join(home, folder));
  expect(said).toEqual([]);
});

function opened(work = workFolder(), owner = INPUT): Promise<InputState> {
  return new ComponentState(work, log).open(owner);
}

describe("the state of an input", () => {
  test("outlives the folder that the agent gives, its name and the agent's version", async () => {
    const first = await opened();
    await first.cursors.save(SOURCE, [{ key: "file", value: 7 }]);
    first.ledger.note(FILE, 0, 700, ["0123456789abcdef"]);
    first.close();
    rmSync(join(home, "data/elastic-agent-9.5.2-abc123"), { recursive: true });
    const next = await opened(workFolder("elastic-agent-9.6.0-def456", "aquila-salesforce-renamed"));
    expect([...(await next.cursors.load(SOURCE))]).toEqual([["file", 7]]);
    expect(next.ledger.noted({ file: FILE, rows: 700 })).toBe(700);
    next.close();
  });

  test("is waited for while another process, which delivers to another output, still has it", async () => {
    const former = await opened();
    await former.cursors.save(SOURCE, [{ key: "file", value: 1 }]);
    const renamed = workFolder(undefined, "aquila-salesforce-renamed");
    await expect(opened(renamed)).rejects.toMatchObject({ code: "state_unusable", next: { do: "retry" } });
    await former.cursors.save(SOURCE, [{ key: "file", value: 2 }]);
    former.close();
    const next = await opened(renamed);
    expect([...(await next.cursors.load(SOURCE))]).toEqual([["file", 2]]);
    next.close();
  });

  test("stays in the folder that the agent gives where nothing can be kept beside its versions, and that is said", () => {
    const work = workFolder();
    writeFileSync(join(home, "data/aquila-salesforce"), "a file");
    expect(new ComponentState(work, log).folder).toBe(work);
    expect(said).toEqual([expect.stringMatching(/\(EEXIST\).*which the agent deletes/)]);
  });

  test("that can't be opened is tried again, and says nothing of options of the command line", async () => {
    const state = new ComponentState(workFolder(), log);
    writeFileSync(join(state.folder, "acme"), "a file");
    const error = await state.open(INPUT).catch(asRunnerError);
    expect(error).toMatchObject({ code: "state_unusable", next: { do: "retry" } });
    expect((error as RunnerError).text).toMatch(/aquila-salesforce\/acme can't be used: .* agent's user/);
  });

  test("has a folder that only its user may look into, whatever its id", async () => {
    const state = new ComponentState(workFolder(), log);
    for (const id of ["../../up", "a/b", "", "x".repeat(300)]) {
      const one = await state.open({ ...INPUT, id });
      expect(state.cursors(id)).toBe(one.cursors);
      one.close();
      expect(state.cursors(id)).toBeUndefined();
    }
    const names = readdirSync(state.folder);
    expect(names).toHaveLength(4);
    for (const name of names) {
      expect(name).toMatch(/^[0-9a-f]{32}$/);
      expect(statSync(join(state.folder, name)).mode & 0o077).toBe(0);
    }
  });
});

describe("what an earlier version of the runner kept where it worked", () => {
  test.each([
    ["the folder of today", "elastic-agent-9.5.2-abc123", "aquila-salesforce-default"],
    ["that of another output", "elastic-agent-9.5.2-abc123", "aquila-salesforce-renamed"],
    ["that of the version before", "elastic-agent-9.4.3-fed321", "aquila-salesforce-default"],
  ])("is taken over from %s, once", async (_name, version, component) => {
    await leaveState(workFolder(version, component), 41);
    const state = await opened();
    expect([...(await state.cursors.load(SOURCE))]).toEqual([["file", { row: 41 }]]);
    await state.cursors.save(SOURCE, [{ key: "file", value: { row: 42 } }]);
    state.close();
    const again = await opened();
    expect([...(await again.cursors.load(SOURCE))]).toEqual([["file", { row: 42 }]]);
    again.close();
    expect(said).toEqual([expect.stringContaining("Took over the cursors")]);
  });

  test("is taken over where it was written last", async () => {
    const [older, newer] = [workFolder("elastic-agent-9.4.3-fed321"), workFolder(undefined, "aquila-salesforce-other")];
    await leaveState(newer, 2);
    await leaveState(older, 1);
    const past = new Date(Date.UTC(2026, 0, 1));
    for (const name of readdirSync(older)) {
      utimesSync(join(older, name), past, past);
    }
    const state = await opened();
    expect([...(await state.cursors.load(SOURCE))]).toEqual([["file", { row: 2 }]]);
    state.close();
  });

  test("is taken by each input for its own streams, also when all ask at once", async () => {
    const work = workFolder();
    await leaveState(work, 1);
    await leaveState(work, 2, "login-2/event_log_files");
    const component = new ComponentState(work, log);
    const states = await Promise.all(
      ["login-1", "login-2", "login-3"].map((id) => component.open({ id: `input-${id}`, streams: [{ id }] })),
    );
    const loaded = await Promise.all(states.map(({ cursors }, at) => cursors.load(`login-${at + 1}/event_log_files`)));
    expect(loaded.map((entries) => [...entries])).toEqual([[["file", { row: 1 }]], [["file", { row: 2 }]], []]);
    for (const state of states) {
      state.close();
    }
  });

  test("is waited for while the earlier version still runs, and nothing half is left of an attempt", async () => {
    const work = workFolder();
    await leaveState(work, 41);
    const running = openSqliteCursors(work);
    await expect(opened()).rejects.toMatchObject({ code: "state_unusable", next: { do: "retry" } });
    running.close();
    mkdirSync(join(home, "data/aquila-salesforce/acme.new/ledger"), { recursive: true });
    const state = await opened();
    expect([...(await state.cursors.load(SOURCE))]).toEqual([["file", { row: 41 }]]);
    expect(readdirSync(join(home, "data/aquila-salesforce"))).toEqual(["acme"]);
    state.close();
  });

  test("is passed over where it can't be read, and that is said; the next one is taken", async () => {
    await leaveState(workFolder("elastic-agent-9.4.3-fed321"), 41);
    writeFileSync(join(workFolder(), "cursors.sqlite"), "no database, but newer".repeat(100));
    const state = await opened();
    expect([...(await state.cursors.load(SOURCE))]).toEqual([["file", { row: 41 }]]);
    state.close();
    expect(said).toEqual([
      expect.stringMatching(/9\.5\.2.* can't be taken over: .*not a database/),
      expect.stringContaining("Took over the cursors"),
    ]);
  });

  test("is not given up because it can't be written anew: the input waits", async () => {
    await leaveState(workFolder(), 41);
    const state = new ComponentState(workFolder(), log);
    mkdirSync(state.folder, { recursive: true });
    // What is in the way can't be replaced by a folder, as on a full disk.
    symlinkSync("/proc/nowhere", join(state.folder, "acme"));
    await expect(state.open(INPUT)).rejects.toMatchObject({ code: "state_unusable" });
    rmSync(join(state.folder, "acme"));
    const later = await state.open(INPUT);
    expect([...(await later.cursors.load(SOURCE))]).toEqual([["file", { row: 41 }]]);
    later.close();
  });
});
