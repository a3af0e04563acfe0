import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { BulkEndpoint } from "../../_dev/shared/fake_elasticsearch/bulk_endpoint.ts";
import { authOf, PUBLIC_KEY } from "../../_dev/shared/testing/agent_policy.ts";
import { createLog } from "../core/log.ts";
import { backfill } from "./backfill.ts";
import { showCursors } from "./cursors.ts";
import { run } from "./run.ts";

const REFUSAL = { status: 400, type: "document_parsing_exception", reason: "failed to parse" };

let folder: string;
let org: MockOrg;
let elasticsearch: BulkEndpoint;
let policy: string;
let said: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "aquila-refused-"));
  said = [];
  org = await startMockOrg({ certificate: PUBLIC_KEY });
  elasticsearch = new BulkEndpoint();
  await elasticsearch.start();
  const logDate = new Date(Math.floor(Date.now() / 3_600_000 - 6) * 3_600_000).toISOString();
  await org.given.logFile({ eventType: "Login", interval: "Hourly", logDate, generate: { rows: 50 } });
  const auth = authOf(org);
  const streams = [
    { id: "login", data_stream: { dataset: "aquila_salesforce.login" } },
    { id: "collector", data_stream: { dataset: "aquila_salesforce.collector" } },
  ];
  policy = join(folder, "policy.yml");
  const outputs = { default: { type: "elasticsearch", hosts: [elasticsearch.url] } };
  const inputs = [{ id: "acme", type: "aquila-salesforce", auth, streams }];
  writeFileSync(policy, stringify({ outputs, inputs }), { mode: 0o600 });
});
afterEach(async () => {
  await Promise.all([org.close(), elasticsearch.close()]);
  rmSync(folder, { recursive: true });
});

const dataDirectory = () => join(folder, "data");

function surroundings() {
  said = [];
  const log = createLog((level, message) => said.push(`${level} ${message}`));
  return { environment: {}, log, stop: new AbortController().signal };
}

const once = () => run({ policy, dataDirectory: dataDirectory(), once: true }, surroundings());

async function cursors(more: { kept?: boolean; discardKept?: string; json?: boolean } = {}): Promise<string[]> {
  const lines: string[] = [];
  const options = { dataDirectory: dataDirectory(), reset: undefined, retry: undefined, json: false, ...more };
  await showCursors(options, { print: (line) => lines.push(line) });
  return lines;
}

const logins = () => elasticsearch.documents.filter(({ index }) => index.includes(".login-"));

test("a single run whose refused events have no place ends with 1 and keeps them whole; the next one sends them", async () => {
  elasticsearch.refuse(() => REFUSAL);
  expect(await once()).toBe(1);
  expect(elasticsearch.documents).toEqual([]);
  const warned = said.filter((line) => line.startsWith("warn"));
  expect(warned.filter((line) => line.includes("refuses an event of logs-aquila_salesforce.login"))).toHaveLength(1);
  expect(warned.filter((line) => line.includes("are kept in the data directory, because"))).toHaveLength(1);
  expect(warned.filter((line) => line.includes("50 are kept in the data directory, the first"))).toHaveLength(1);

  expect(await cursors()).toContainEqual(expect.stringMatching(/^ {2}kept: 50 events .*failed to parse$/));
  expect(JSON.parse((await cursors({ json: true }))[0] ?? "")).toMatchObject({ kept: { events: 50 } });
  const texts = (await cursors({ kept: true })).map((line) => JSON.parse(line));
  expect(texts).toHaveLength(50);
  expect(texts[0]).toMatchObject({
    source: "login/event_log_files",
    data_stream: "logs-aquila_salesforce.login-default",
    reason: "document_parsing_exception: failed to parse",
    document: { event: { code: "Login" } },
  });

  expect(await once()).toBe(1);
  expect(await cursors({ kept: true })).toHaveLength(50);

  elasticsearch.refuse(() => undefined);
  expect(await once()).toBe(0);
  expect(logins()).toHaveLength(50);
  expect(elasticsearch.repeated).toBe(0);
  expect(said).toContain("info 50 events that were kept are in Elasticsearch now.");
  expect(await cursors({ kept: true })).toEqual([]);
});

test("what a backfill could not place ends it with 1, and is sent by the next run", async () => {
  elasticsearch.refuse(() => REFUSAL);
  const day = 86_400_000;
  const range = { from: Math.floor(Date.now() / day) * day - day, to: Math.floor(Date.now() / day) * day + day };
  const options = { policy, range, eventTypes: undefined, dataDirectory: dataDirectory() };
  expect(await backfill(options, surroundings())).toBe(1);
  expect(await cursors()).toEqual([
    expect.stringContaining("login · EventLogFile"),
    expect.stringContaining("kept: 50"),
  ]);
  elasticsearch.refuse(() => undefined);
  expect(await once()).toBe(0);
  expect(logins()).toHaveLength(50);
  expect(await cursors({ kept: true })).toEqual([]);
});

test("what is refused but reported has a place: the run ends well, with one warning", async () => {
  elasticsearch.refuse((index) => (index.includes(".login-") ? REFUSAL : undefined));
  expect(await once()).toBe(0);
  expect(said.filter((line) => line.startsWith("warn"))).toEqual([
    expect.stringContaining("refuses an event of logs-aquila_salesforce.login-default"),
  ]);
  const reports = elasticsearch.documents.filter(({ document }) => JSON.stringify(document).includes("event_refused"));
  expect(reports).toHaveLength(50);
  expect(await cursors({ kept: true })).toEqual([]);
});

test("--discard-kept gives up the kept events of a stream, and names those there are", async () => {
  elasticsearch.refuse(() => REFUSAL);
  await once();
  await expect(cursors({ discardKept: "logins" })).rejects.toMatchObject({
    code: "usage",
    text: "There are no kept events of a stream logins. Did you mean login?",
  });
  expect(await cursors({ discardKept: "login" })).toEqual(["Gave up 50 kept events of login."]);
  expect(await cursors({ kept: true })).toEqual([]);
});
