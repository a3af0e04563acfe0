import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
  readonly event: { readonly code: string; readonly id: string };
  readonly salesforce: {
    readonly other: {
      readonly user_id: string;
      readonly request_id: string;
      readonly client: { readonly ip: string };
      readonly unmapped: Readonly<Record<string, string>>;
    };
  };
}

function streams(eventTypes: readonly string[] | undefined): readonly object[] {
  const files = { initial_lookback: "10d", ...(eventTypes === undefined ? {} : { event_types: eventTypes }) };
  return [{ data_stream: { dataset: "aquila_salesforce.other" }, event_log_files: files }];
}

const collected = (eventTypes?: readonly string[]) => program.collected(streams(eventTypes));
const backfilled = (eventTypes: readonly string[], past: readonly string[]) =>
  program.backfilled(streams(eventTypes), past);
const sent = () => program.sent<Sent>("other");

const ROWS = 300;

/** A folder of files, each of a type with columns of its own. */
async function servedFolder(eventTypes: readonly string[]): Promise<void> {
  const files = join(program.folder, "files");
  mkdirSync(files);
  for (const eventType of eventTypes) {
    const header = `EVENT_TYPE,TIMESTAMP,REQUEST_ID,ORGANIZATION_ID,USER_ID,${eventType.toUpperCase()}_COUNT,TIMESTAMP_DERIVED,CLIENT_IP`;
    const rows = Array.from({ length: ROWS }, (_, n) => {
      const time = new Date(NOW - 4 * 86_400_000 + n * 1_000).toISOString();
      return `${eventType},${time.replaceAll(/[-:TZ]/g, "")},request${n},${program.org.orgId.slice(0, 15)},0053000000Ank29,${n},${time},203.0.113.${n % 250}`;
    });
    writeFileSync(join(files, `${eventType}.csv`), [header, ...rows, ""].join("\n"));
  }
  expect(await program.org.given.folder(files)).toMatchObject({ skipped: [] });
}

const OTHERS = ["VisualforceRequest", "CspViolation", "LightningError"];

test("a pattern brings every row of every type that no data stream has, once, and each cell of it", async () => {
  await servedFolder([...OTHERS, "Login"]);
  expect(await collected(["*"])).toBe(0);
  expect(await collected(["*"])).toBe(0);
  const events = sent();
  expect(new Set(events.map(({ event }) => event.id)).size).toBe(OTHERS.length * ROWS);
  expect(events).toHaveLength(OTHERS.length * ROWS);
  for (const eventType of OTHERS) {
    const own = events.filter(({ event }) => event.code === eventType).map(({ salesforce }) => salesforce.other);
    expect(own.map(({ unmapped }) => unmapped)).toEqual(
      Array.from({ length: ROWS }, (_, n) => ({ [`${eventType.toUpperCase()}_COUNT`]: String(n) })),
    );
    expect(own.every(({ user_id }) => user_id === "0053000000Ank29AAB")).toBe(true);
    expect(own.map(({ request_id }) => request_id)).toEqual(Array.from({ length: ROWS }, (_, n) => `request${n}`));
    expect(own.map(({ client }) => client.ip)).toEqual(Array.from({ length: ROWS }, (_, n) => `203.0.113.${n % 250}`));
  }
  expect(program.said.filter((line) => line.includes("COUNT") || line.includes("can't be one"))).toEqual([]);
});

test("names and narrower patterns bring theirs alone, without a word about the others", async () => {
  await servedFolder(OTHERS);
  expect(await collected(["Lightning*", "CspViolation"])).toBe(0);
  expect(new Set(sent().map(({ event }) => event.code))).toEqual(new Set(["CspViolation", "LightningError"]));
  expect(program.said.filter((line) => line.includes("VisualforceRequest"))).toEqual([]);
});

test("a past range is collected of types that a pattern stands for, by their names or by a narrower pattern", async () => {
  await servedFolder(OTHERS);
  expect(await backfilled(["*"], ["CspViolation", "Lightning*"])).toBe(0);
  expect(new Set(sent().map(({ event }) => event.code))).toEqual(new Set(["CspViolation", "LightningError"]));
  await expect(backfilled(["Lightning*"], ["CspViolation"])).rejects.toThrow(
    "The policy does not collect CspViolation",
  );
});

test("without names the data stream has all of them", async () => {
  await servedFolder(OTHERS);
  expect(await collected()).toBe(0);
  expect(sent()).toHaveLength(OTHERS.length * ROWS);
});

test("a type that another data stream has is refused, with the place where it belongs", async () => {
  expect(await collected(["*", "Login", "no name"])).not.toBe(0);
  const refusal = program.said.join("\n");
  expect(refusal).toContain('"Login" does not belong to this data stream; it belongs to aquila_salesforce.login');
  expect(refusal).toContain('"no name" does not belong to this data stream');
});

test("an org that names types without end gets as many as Salesforce could mean", async () => {
  const [header, time] = ["EVENT_TYPE,TIMESTAMP_DERIVED,CELL", new Date(NOW - 4 * 86_400_000).toISOString()];
  for (let n = 0; n < 502; n += 1) {
    const csv = `${header}\nType${n},${time},${n}\n`;
    await program.org.given.logFile({ eventType: `Type${n}`, logDate: time.slice(0, 10), csv });
  }
  expect(await collected(["*"])).toBe(0);
  expect(sent()).toHaveLength(500);
  expect(program.said.filter((line) => line.includes("can't be one"))).toHaveLength(2);
});
