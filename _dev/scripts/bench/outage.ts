/**
 * The memory of one process with many orgs: while Elasticsearch refuses everything, and after it has taken everything. Seen from
 * outside the process. Usage: node outage.ts [ORGS…]
 */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { stringify } from "yaml";
import { type DemoOrg, startDemoOrg } from "../demo/demo_orgs.ts";
import { startBundle } from "./runner_process.ts";

const HOUR = 3_600_000;
/** An event type of each data stream that is on by default. */
const EVENT_TYPES = { login: "Login", apex: "ApexExecution", api: "RestApi" } as const;
/** As many as are read at once. */
const FILES_PER_STREAM = 4;
/** Rows of each file that can't be delivered: more than there is memory for. */
const ROWS_PER_FILE = 400_000;
/** Rows of each of an org's files where they are to be delivered. */
const ROWS_TO_DELIVER = 1_000;

/** Elasticsearch as far as bulk requests see it: it refuses all, or takes all and keeps nothing. */
class Endpoint {
  takes = false;
  events = 0;
  requests = 0;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunks.push(chunk);
    }
    this.requests += 1;
    response.setHeader("x-elastic-product", "Elasticsearch").setHeader("content-type", "application/json");
    if (!this.takes) {
      response.writeHead(503).end('{"error":"unavailable"}');
      return;
    }
    const events = actionsIn(gunzipSync(Buffer.concat(chunks)));
    this.events += events;
    const item = { create: { status: 201, _index: ".ds-logs-bench-000001" } };
    response.end(JSON.stringify({ errors: false, items: Array.from({ length: events }, () => item) }));
  }
}

/** Each action and each document is a line. */
function actionsIn(body: Buffer): number {
  let lines = 0;
  for (let at = body.indexOf(10); at !== -1; at = body.indexOf(10, at + 1)) {
    lines += 1;
  }
  return lines / 2;
}

function policyOf(orgs: number, { url, clientId, username, privateKeyPath }: DemoOrg, host: string): string {
  return stringify({
    // As for hosts that are not this machine.
    outputs: { default: { type: "elasticsearch", hosts: [host], api_key: "id:key", compression_level: 1 } },
    inputs: Array.from({ length: orgs }, (_, n) => ({
      id: `org-${n}`,
      type: "aquila-salesforce",
      organization: { name: `Org ${n}` },
      auth: { login_url: url, client_id: clientId, username, private_key_path: privateKeyPath },
      streams: Object.entries(EVENT_TYPES).map(([stream, eventType]) => ({
        id: `org-${n}-${stream}`,
        data_stream: { dataset: `aquila_salesforce.${stream}` },
        event_log_files: { event_types: [eventType], interval: "hourly", poll_interval: "1m" },
      })),
    })),
  });
}

function statusKibibytes(pid: number, name: string): number {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

const residentMebibytes = (pid: number) => Math.round(statusKibibytes(pid, "VmRSS") / 1_024);
const peakMebibytes = (pid: number) => Math.round(statusKibibytes(pid, "VmHWM") / 1_024);

/** A runner with so many orgs, each with files of so many rows. */
async function withRunner(
  orgs: number,
  rows: number,
  takes: boolean,
  act: (pid: number, endpoint: Endpoint) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-outage-"));
  const endpoint = new Endpoint();
  endpoint.takes = takes;
  const org = await startDemoOrg(folder, { name: "Outage", sandbox: false, serial: 4 });
  try {
    for (const eventType of Object.values(EVENT_TYPES)) {
      for (let file = 0; file < FILES_PER_STREAM; file += 1) {
        const logDate = new Date(Math.floor(Date.now() / HOUR - 6 - file) * HOUR).toISOString();
        await org.given.logFile({ eventType, interval: "Hourly", logDate, generate: { rows } });
      }
    }
    const policy = join(folder, "policy.yml");
    writeFileSync(policy, policyOf(orgs, org, await endpoint.start()), { mode: 0o600 });
    const runner = await startBundle(["run", "--policy", policy, "--data-dir", join(folder, "data")]);
    const ended = once(runner, "exit");
    try {
      await act(runner.pid ?? 0, endpoint);
    } finally {
      runner.kill("SIGKILL");
      await ended;
    }
  } finally {
    endpoint.close();
    await org.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function stuck(orgs: number, seconds: number, print: (line: string) => void): Promise<void> {
  await withRunner(orgs, ROWS_PER_FILE, false, async (pid, endpoint) => {
    await wait(seconds * 1_000);
    if (endpoint.requests === 0) {
      throw new Error("the runner has sent nothing");
    }
    const resident = residentMebibytes(pid);
    print(
      `outage: ${orgs} orgs while Elasticsearch answers 503, resident memory ${resident} MiB after ${seconds} s, ` +
        `at most ${peakMebibytes(pid)} MiB`,
    );
  });
}

async function collected(orgs: number, idleSeconds: number, print: (line: string) => void): Promise<void> {
  const rows = orgs * Object.keys(EVENT_TYPES).length * FILES_PER_STREAM * ROWS_TO_DELIVER;
  await withRunner(orgs, ROWS_TO_DELIVER, true, async (pid, endpoint) => {
    for (const deadline = Date.now() + 600_000; endpoint.events < rows; ) {
      if (Date.now() > deadline) {
        throw new Error(`${endpoint.events} of ${rows} rows`);
      }
      await wait(100);
    }
    const peak = peakMebibytes(pid);
    await wait(idleSeconds * 1_000);
    print(
      `outage: ${orgs} orgs, resident memory ${residentMebibytes(pid)} MiB ${idleSeconds} s after their first collection ` +
        `with a listing a minute, at most ${peak} MiB while it went on`,
    );
  });
}

/** One line per figure. */
async function benchOutage(print: (line: string) => void, orgs: readonly number[] = [1, 50, 200]): Promise<void> {
  for (const count of orgs) {
    await stuck(count, 40, print);
  }
  await collected(50, 150, print);
}

if (import.meta.main) {
  const orgs = process.argv.slice(2).map(Number);
  await benchOutage((line) => process.stdout.write(`${line}\n`), orgs.length === 0 ? undefined : orgs);
}
