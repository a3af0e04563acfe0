import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createLog } from "../core/log.ts";
import { backfill } from "./backfill.ts";
import { run } from "./run.ts";

const NOW = Date.UTC(2026, 6, 20, 12);
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const clock = new ManualClock(NOW);

let org: MockOrg;
let folder: string;
let said: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "other-events-"));
  said = [];
  const certificate = publicKey.export({ type: "spki", format: "pem" }).toString();
  org = await startMockOrg({ certificate, now: () => clock.now() });
});
afterEach(async () => {
  await org.close();
  rmSync(folder, { recursive: true });
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

/** The program's way from a policy that lists these event types; how it ends. */
async function collected(eventTypes: readonly string[] | undefined, past?: readonly string[]): Promise<number> {
  const auth = {
    login_url: org.url,
    audience: "https://login.salesforce.com",
    client_id: org.clientId,
    username: org.username,
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
  };
  const files = { initial_lookback: "10d", ...(eventTypes === undefined ? {} : { event_types: eventTypes }) };
  const streams = [{ data_stream: { dataset: "aquila_salesforce.other" }, event_log_files: files }];
  const policy = {
    outputs: { default: { type: "file", path: join(folder, "out") } },
    inputs: [{ id: "acme", type: "aquila-salesforce", auth, names: "none", streams }],
  };
  writeFileSync(join(folder, "policy.yml"), stringify(policy), { mode: 0o600 });
  const options = { policy: join(folder, "policy.yml"), dataDirectory: join(folder, "data") };
  const log = createLog((_, message) => said.push(message));
  const surroundings = { environment: {}, log, stop: new AbortController().signal, clock };
  const range = { from: NOW - 10 * 86_400_000, to: NOW };
  return past === undefined
    ? await run({ ...options, once: true }, surroundings)
    : await backfill({ ...options, range, eventTypes: past }, surroundings);
}

/** Everything that was sent, each as often as it was. */
function sent(): readonly Sent[] {
  const path = join(folder, "out", "logs-aquila_salesforce.other-default.ndjson");
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const ROWS = 300;

/** A folder of files, each of a type with columns of its own. */
async function servedFolder(eventTypes: readonly string[]): Promise<void> {
  const files = join(folder, "files");
  mkdirSync(files);
  for (const eventType of eventTypes) {
    const header = `EVENT_TYPE,TIMESTAMP,REQUEST_ID,ORGANIZATION_ID,USER_ID,${eventType.toUpperCase()}_COUNT,TIMESTAMP_DERIVED,CLIENT_IP`;
    const rows = Array.from({ length: ROWS }, (_, n) => {
      const time = new Date(NOW - 4 * 86_400_000 + n * 1_000).toISOString();
      return `${eventType},${time.replaceAll(/[-:TZ]/g, "")},request${n},${org.orgId.slice(0, 15)},0053000000Ank29,${n},${time},203.0.113.${n % 250}`;
    });
    writeFileSync(join(files, `${eventType}.csv`), [header, ...rows, ""].join("\n"));
  }
  expect(await org.given.folder(files)).toMatchObject({ skipped: [] });
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
  expect(said.filter((line) => line.includes("COUNT") || line.includes("can't be one"))).toEqual([]);
});

test("names and narrower patterns bring theirs alone, without a word about the others", async () => {
  await servedFolder(OTHERS);
  expect(await collected(["Lightning*", "CspViolation"])).toBe(0);
  expect(new Set(sent().map(({ event }) => event.code))).toEqual(new Set(["CspViolation", "LightningError"]));
  expect(said.filter((line) => line.includes("VisualforceRequest"))).toEqual([]);
});

test("a past range is collected of types that a pattern stands for, by their names or by a narrower pattern", async () => {
  await servedFolder(OTHERS);
  expect(await collected(["*"], ["CspViolation", "Lightning*"])).toBe(0);
  expect(new Set(sent().map(({ event }) => event.code))).toEqual(new Set(["CspViolation", "LightningError"]));
  await expect(collected(["Lightning*"], ["CspViolation"])).rejects.toThrow("The policy does not collect CspViolation");
});

test("without names the data stream has all of them", async () => {
  await servedFolder(OTHERS);
  expect(await collected(undefined)).toBe(0);
  expect(sent()).toHaveLength(OTHERS.length * ROWS);
});

test("a type that another data stream has is refused, with the place where it belongs", async () => {
  expect(await collected(["*", "Login", "no name"])).not.toBe(0);
  const refusal = said.join("\n");
  expect(refusal).toContain('"Login" does not belong to this data stream; it belongs to aquila_salesforce.login');
  expect(refusal).toContain('"no name" does not belong to this data stream');
});

test("an org that names types without end gets as many as Salesforce could mean", async () => {
  const [header, time] = ["EVENT_TYPE,TIMESTAMP_DERIVED,CELL", new Date(NOW - 4 * 86_400_000).toISOString()];
  for (let n = 0; n < 502; n += 1) {
    const csv = `${header}\nType${n},${time},${n}\n`;
    await org.given.logFile({ eventType: `Type${n}`, logDate: time.slice(0, 10), csv });
  }
  expect(await collected(["*"])).toBe(0);
  expect(sent()).toHaveLength(500);
  expect(said.filter((line) => line.includes("can't be one"))).toHaveLength(2);
});
