import { afterEach, beforeEach, expect, test } from "vitest";
import { ProgramRun } from "../../_dev/shared/testing/program_run.ts";

const NOW = Date.UTC(2026, 6, 20, 12);

let program: ProgramRun;

beforeEach(async () => {
  program = await ProgramRun.open(NOW);
});
afterEach(async () => {
  await program[Symbol.asyncDispose]();
});

interface Sent {
  readonly salesforce: { readonly setup_audit_trail: { readonly display: string } };
}

const collected = () => program.collected([{ data_stream: { dataset: "aquila_salesforce.setup_audit_trail" } }]);
const sent = () => program.sent<Sent>("setup_audit_trail");

const change = (number: number, time: number) => ({
  Action: "PermSetAssign",
  CreatedById: "0053000000Ank29AAB",
  CreatedDate: new Date(time).toISOString(),
  Display: `change ${number}`,
});

/** Seven changes a second, so that every border of two pages lies among changes of one second. */
test("50,000 changes come each once, though pages end between changes of the same second", {
  timeout: 120_000,
}, async () => {
  const begin = NOW - 3 * 3_600_000;
  const changes = Array.from({ length: 50_000 }, (_, n) => change(n, begin + Math.floor(n / 7) * 1_000));
  await program.org.given.records("SetupAuditTrail", changes);
  expect(await collected()).toBe(0);
  const { pages } = await program.org.given.counters();
  expect(pages).toBeGreaterThan(20);
  const texts = sent().map(({ salesforce }) => salesforce.setup_audit_trail.display);
  expect(texts).toHaveLength(50_000);
  expect(new Set(texts).size).toBe(50_000);

  // Late ones in a second that is done, and the next process.
  await program.org.given.records("SetupAuditTrail", [change(50_000, NOW - 150_000), change(50_001, NOW - 150_000)]);
  program.clock.advance(60_000);
  expect(await collected()).toBe(0);
  expect(await collected()).toBe(0);
  expect(sent()).toHaveLength(50_002);
});

test("an integration user who may not see Setup is told what to assign", async () => {
  await program.org.given.user({ username: program.org.username, permissions: ["ApiEnabled", "ViewEventLogFiles"] });
  expect(await collected()).toBe(2);
  expect(program.said.join("\n")).toContain("'View Setup and Configuration'");
});
