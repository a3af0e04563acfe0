import dns from "node:dns";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Fault } from "../../deploy/docker/mock_org/faults.ts";
import { installAssets } from "../../scripts/install_assets/install.ts";
import { describeOnCluster } from "../elasticsearch/describe_on_cluster.ts";
import { StoredRows } from "../testing/stored_rows.ts";
import type { BulkFate } from "./bulk_gate.ts";
import { FaultScene } from "./fault_scene.ts";
import { HurriedClock } from "./hurried_clock.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
/** A wait of 15 minutes takes three seconds. */
const SPEED = 300;

const LIMIT = [{ errorCode: "REQUEST_LIMIT_EXCEEDED", message: "TotalRequests Limit exceeded." }];
const DEAD_SESSION = [{ errorCode: "INVALID_SESSION_ID", message: "Session expired or invalid" }];
const HTML = "<html><head><title>Maintenance</title></head><body>Back soon</body></html>";

interface RemoteFault {
  readonly name: string;
  readonly faults: readonly Fault[];
  /** What the runner says on the way. */
  readonly says?: RegExp;
  /** Logins that it takes. */
  readonly logins?: number;
  /**
   * The wait is longer than a single run waits: it ends with 1, unless another part's wait has moved the test's clock past it,
   * and the next one brings the rest.
   */
  readonly waitsLong?: true;
}

const SALESFORCE: readonly RemoteFault[] = [
  { name: "token dies before the query", faults: [{ on: "query", killToken: true, times: 1 }], logins: 2 },
  { name: "token dies before the second page", faults: [{ on: "page", killToken: true, times: 1 }], logins: 2 },
  { name: "token dies before a download", faults: [{ on: "logFile", killToken: true, after: 2, times: 1 }], logins: 2 },
  {
    name: "token dies in the middle of a download that is cut",
    faults: [{ on: "logFile", killToken: true, cutAfterBytes: 300, times: 1 }],
    logins: 2,
    says: /tried again/,
  },
  {
    name: "401 to a download, while the session lives",
    faults: [{ on: "logFile", status: 401, body: DEAD_SESSION, times: 1 }],
    logins: 1,
    says: /tried again/,
  },
  {
    name: "body cut with Content-Length",
    faults: [{ on: "logFile", cutAfterBytes: 300, times: 2 }],
    says: /cut|early/,
  },
  {
    name: "body cut without Content-Length",
    faults: [{ on: "logFile", cutAfterBytes: 300, withoutContentLength: true, times: 2 }],
    says: /cut|early/,
  },
  {
    name: "short but clean 200",
    faults: [{ on: "logFile", shortBy: 700, times: 2 }],
    says: /ended after \d+ of \d+ bytes/,
  },
  {
    name: "connection reset at query and download",
    faults: [
      { on: "query", resetConnection: true, times: 1 },
      { on: "logFile", resetConnection: true, times: 1 },
    ],
    says: /connection was cut/,
  },
  {
    name: "403 request limit at the query",
    faults: [{ on: "query", status: 403, body: LIMIT, times: 1 }],
    says: /no API calls left/,
    waitsLong: true,
  },
  {
    name: "403 request limit at a download",
    faults: [{ on: "logFile", status: 403, body: LIMIT, times: 1 }],
    says: /no API calls left/,
    waitsLong: true,
  },
  {
    name: "429 with Retry-After",
    faults: [{ on: "query", status: 429, headers: { "retry-after": "120" }, times: 1 }],
    says: /slow down.*Next attempt in (2m|1m 5\ds)/,
  },
  { name: "500 to a query", faults: [{ on: "query", status: 500, times: 1 }], says: /status 500/ },
  { name: "502 to a page", faults: [{ on: "page", status: 502, body: HTML, times: 1 }], says: /status 502/ },
  { name: "503 to downloads", faults: [{ on: "logFile", status: 503, body: HTML, times: 3 }], says: /status 503/ },
  { name: "HTML instead of JSON", faults: [{ on: "query", body: HTML, times: 1 }], says: /no JSON/ },
  {
    name: "an empty list with an error status",
    faults: [{ on: "query", status: 500, body: [], times: 1 }],
    says: /500/,
  },
  { name: "HTML instead of a token", faults: [{ on: "token", body: HTML, times: 1 }] },
  { name: "login host is down at the start", faults: [{ on: "token", status: 503, times: 3 }], says: /503/ },
];

interface OutputFault {
  readonly name: string;
  /** The fate of the n-th bulk request. */
  readonly fate: (bulk: number) => BulkFate;
  readonly says?: RegExp;
}

const overloaded = {
  answer: { status: 429, body: '{"error":{"reason":"rejected execution of coordinating operation"}}' },
};

const ELASTICSEARCH: readonly OutputFault[] = [
  { name: "429", fate: (bulk) => (bulk <= 3 ? overloaded : "pass"), says: /busy and asks to wait/ },
  {
    name: "503 from a proxy",
    fate: (bulk) =>
      bulk <= 2 ? { answer: { status: 503, body: HTML, headers: { "content-type": "text/html" } } } : "pass",
    says: /failed \(status 503, a web page\).*sent again/,
  },
  { name: "slow", fate: () => ({ delayMs: 60 }) },
  { name: "drops connections", fate: (bulk) => (bulk % 4 === 1 ? { drop: "before" } : "pass"), says: /sent again/ },
  { name: "stores events and drops the connection", fate: (bulk) => (bulk % 4 === 1 ? { drop: "after" } : "pass") },
  {
    name: "another service answers with 200",
    fate: (bulk) =>
      bulk <= 2 ? { answer: { status: 200, body: HTML, headers: { "content-type": "text/html" } } } : "pass",
    says: /server is not Elasticsearch.*sent again/,
  },
];

describeOnCluster("faults of Salesforce and Elasticsearch: every row is there once", (access) => {
  let rows: StoredRows;
  let serial = 0;

  beforeAll(async () => {
    rows = new StoredRows(access);
    await installAssets({ client: rows.client, packageRoot: ROOT });
  });
  afterAll(() => rows.client.close());

  /** Runs the test in a scene of its own: 10 pages of listing, 4 of records. */
  async function inScene(act: (scene: FaultScene) => Promise<void>): Promise<void> {
    serial += 1;
    const scene = await FaultScene.open({
      rows,
      access,
      namespace: `faults${process.pid}x${serial}`,
      rowsPerDay: 1_500,
      records: 18,
      clock: new HurriedClock(SPEED),
      org: { pageSize: 5 },
    });
    try {
      await act(scene);
    } finally {
      await scene.close();
    }
  }

  async function expectEachOnce(scene: FaultScene): Promise<void> {
    expect(await scene.found()).toEqual({ ...scene.expected, doubled: 0 });
  }

  test.each(SALESFORCE)("Salesforce: $name", async ({ faults, says, logins, waitsLong }) => {
    await inScene(async (scene) => {
      for (const fault of faults) {
        await scene.org.given.fault(fault);
      }
      const first = await scene.collect();
      const ended = waitsLong && first === 1 ? await scene.collect() : first;
      expect(ended, scene.log.join("\n")).toBe(0);
      await expectEachOnce(scene);
      const { faults: struck, logins: made } = await scene.org.given.counters();
      expect(struck).toBe(faults.reduce((sum, { times = 0 }) => sum + times, 0));
      if (logins !== undefined) {
        expect(made).toBe(logins);
      }
      if (says !== undefined) {
        expect(scene.log.join("\n")).toMatch(says);
      }
    });
  });

  test.each(ELASTICSEARCH)("Elasticsearch: $name", async ({ fate, says }) => {
    await inScene(async (scene) => {
      scene.gate.fate = ({ number }) => fate(number);
      expect(await scene.collect()).toBe(0);
      await expectEachOnce(scene);
      if (says !== undefined) {
        expect(scene.log.join("\n")).toMatch(says);
      }
    });
  });

  test("Elasticsearch rolls the data stream over in between: what was acknowledged is not sent again", async () => {
    await inScene(async (scene) => {
      let rolledOver: Promise<unknown> | undefined;
      scene.gate.fate = ({ number }) => {
        if (number === 8) {
          rolledOver = rows.client.indices.rollover({ alias: scene.index });
        }
        return "pass";
      };
      expect(await scene.collect()).toBe(0);
      expect(await rolledOver).toMatchObject({ rolled_over: true });
      expect(await scene.collect()).toBe(0);
      await expectEachOnce(scene);
      expect(scene.gate.sentAgain).toBe(0);
    });
  });

  test("Elasticsearch refuses single documents: they are set aside, all others are there", async () => {
    await inScene(async (scene) => {
      const refused = new Set<string>();
      scene.gate.fate = () => ({
        refuse: (document) => {
          const { id } = document.event as { id: string };
          const isRefused = id.startsWith("0") || id.startsWith("A");
          if (isRefused) {
            refused.add(id);
          }
          return isRefused;
        },
      });
      expect(await scene.collect()).toBe(0);
      expect(refused.size).toBeGreaterThan(0);
      const found = await scene.found();
      const { rows: all, records } = scene.expected;
      expect([found.rows + found.records, found.doubled]).toEqual([all + records - refused.size, 0]);
      const index = `logs-aquila_salesforce.collector-${scene.namespace}`;
      await rows.client.indices.refresh({ index });
      const { count } = await rows.client.count({ index, query: { term: { "event.code": "event_refused" } } });
      expect(count).toBe(refused.size);
    });
  });

  test("the machine's clock is ten minutes off", async () => {
    await inScene(async (scene) => {
      await scene.org.given.org({ clockOffsetMs: 10 * 60_000 });
      expect(await scene.collect(), scene.log.join("\n")).toBe(0);
      await expectEachOnce(scene);
    });
  });

  test("the name server fails", async () => {
    await inScene(async (scene) => {
      const { port } = new URL(scene.org.url);
      const loginUrl = `http://localhost:${port}`;
      await scene.org.given.org({ instanceUrl: loginUrl });
      const lookup = dns.lookup;
      let failures = 0;
      const broken = vi.spyOn(dns, "lookup").mockImplementation(((host: string, ...more: never[]) => {
        const answer = more.at(-1) as unknown as (error: Error) => void;
        if (host === "localhost" && failures < 3) {
          failures += 1;
          answer(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: "ENOTFOUND" }));
          return;
        }
        (lookup as (...all: unknown[]) => void)(host, ...more);
      }) as unknown as typeof dns.lookup);
      try {
        expect(await scene.collect({ loginUrl }), scene.log.join("\n")).toBe(0);
      } finally {
        broken.mockRestore();
      }
      expect(failures).toBe(3);
      expect(scene.log.join("\n")).toMatch(/can't be resolved/);
      await expectEachOnce(scene);
    });
  });

  test("two runners on one data directory: the later one is told, the earlier one goes on", async () => {
    await inScene(async (scene) => {
      const ends = await Promise.allSettled([scene.collect(), scene.collect()]);
      const [collected, told] = ends.toSorted((one, other) => one.status.localeCompare(other.status));
      expect(collected).toEqual({ status: "fulfilled", value: 0 });
      expect(told).toMatchObject({ status: "rejected", reason: { code: "data_directory_locked" } });
      await expectEachOnce(scene);
    });
  });

  test("every call says whose it is", async () => {
    await inScene(async (scene) => {
      expect(await scene.collect()).toBe(0);
      const calls = (await scene.org.given.requests()).filter(({ on }) => on !== "token");
      const requestIds = calls.map(({ headers }) => headers["x-sfdc-request-id"]);
      expect(new Set(requestIds).size).toBe(calls.length);
      for (const { headers } of calls) {
        expect(headers).toMatchObject({
          "user-agent": expect.stringMatching(/^aquila-salesforce\/\d/),
          "sforce-call-options": "client=aquila-salesforce",
          "x-sfdc-request-id": expect.stringMatching(/^[0-9a-f]{32}$/),
        });
      }
    });
  });
});
