import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { installAssets } from "../../_dev/scripts/install_assets/install.ts";
import { attachCluster, type Cluster, openCluster } from "../../_dev/shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../_dev/shared/elasticsearch/describe_on_cluster.ts";
import { type RunnerProcess, startRunner } from "../../_dev/shared/testing/runner_process.ts";
import { onceEach, StoredRows } from "../../_dev/shared/testing/stored_rows.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** Rows of the event log files, in three files. `ROWS=300000 npx vitest run --project e2e src/cli/run` for a longer look. */
const ROWS_PER_FILE = Math.ceil(Number(process.env.ROWS ?? 24_000) / 3);

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

describeOnCluster("the runner as a process, into Elasticsearch", (access) => {
  let folder: string;
  let org: MockOrg;
  let stored: StoredRows;
  let namespace = "";
  let serial = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "run-e2e-"));
    writeFileSync(join(folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    org = await startMockOrg({ certificate: publicKey.export({ type: "spki", format: "pem" }).toString() });
    stored = new StoredRows(access);
    await installAssets({ client: stored.client, packageRoot: ROOT });
  });
  afterAll(async () => {
    await org.close();
    await stored.client.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    serial += 1;
    namespace = `run${process.pid}x${serial}`;
    await org.given.noFault();
    for (const { id } of await org.given.logFiles()) {
      await org.given.deletedLogFile(id);
    }
  });

  const index = () => `logs-aquila_salesforce.login-${namespace}`;

  async function givenFiles(): Promise<string[]> {
    const ids: string[] = [];
    for (const hoursAgo of [8, 7, 6]) {
      const logDate = new Date(Date.now() - hoursAgo * 3_600_000);
      logDate.setUTCMinutes(0, 0, 0);
      const spec = { eventType: "Login", interval: "Hourly", logDate: logDate.toISOString() } as const;
      ids.push((await org.given.logFile({ ...spec, generate: { rows: ROWS_PER_FILE } })).id);
    }
    return ids;
  }

  function args(url = access.url, apiKey = access.apiKey): string[] {
    const policy = join(folder, `${namespace}.yml`);
    const text = stringify({
      outputs: { default: { type: "elasticsearch", hosts: [url], api_key: apiKey } },
      inputs: [
        {
          id: "acme",
          type: "aquila-salesforce",
          data_stream: { namespace },
          organization: { name: "Acme" },
          auth: {
            login_url: org.url,
            client_id: org.clientId,
            username: org.username,
            private_key_path: join(folder, "key.pem"),
          },
          streams: [
            {
              id: `login-${namespace}`,
              data_stream: { dataset: "aquila_salesforce.login" },
              event_log_files: { event_types: ["Login"], interval: "hourly", poll_interval: "5s" },
            },
          ],
        },
      ],
    });
    writeFileSync(policy, text, { mode: 0o600 });
    return ["run", "--policy", policy, "--data-dir", join(folder, `data-${namespace}`)];
  }

  /** Waits while the runner lives. */
  async function until(condition: () => Promise<boolean>, runner: RunnerProcess): Promise<void> {
    let ended: number | NodeJS.Signals | undefined;
    void runner.ended.then((outcome) => {
      ended = outcome;
    });
    while (!(await condition())) {
      if (ended !== undefined) {
        throw new Error(`the runner ended (${ended}): ${JSON.stringify(runner.log().slice(-5))}`);
      }
      await sleep(50);
    }
  }

  async function expectEachRowOnce(ids: readonly string[], rows: StoredRows = stored): Promise<void> {
    const files = await rows.files(index());
    expect(files).toEqual(new Map(ids.map((id) => [id, onceEach(ROWS_PER_FILE)])));
  }

  test("kill -9 in the middle, then a restart: every row is there once", async () => {
    const ids = await givenFiles();
    const first = startRunner(args());
    await until(async () => (await stored.count(index())) > ROWS_PER_FILE / 2, first);
    first.child.kill("SIGKILL");
    expect(await first.ended).toBe("SIGKILL");
    const before = await stored.count(index());
    expect(before).toBeLessThan(3 * ROWS_PER_FILE);

    const second = startRunner([...args(), "--once"]);
    expect(await second.ended).toBe(0);
    await expectEachRowOnce(ids);
    const resumed = second.log().map(({ message }) => String(message));
    expect(resumed.some((message) => message.startsWith("Going on with"))).toBe(true);

    const third = startRunner([...args(), "--once"]);
    expect(await third.ended).toBe(0);
    await expectEachRowOnce(ids);
  });

  test("SIGTERM in the middle, then a restart: every row is there once, and none was sent twice", async () => {
    const ids = await givenFiles();
    const first = startRunner(args());
    await until(async () => (await stored.count(index())) > ROWS_PER_FILE / 2, first);
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    const second = startRunner([...args(), "--once"]);
    expect(await second.ended).toBe(0);
    await expectEachRowOnce(ids);
  });

  test("a token that dies between the query and the download is renewed once and the run completes", async () => {
    const ids = await givenFiles();
    await org.given.forgottenRequests();
    await org.given.fault({ on: "logFile", killToken: true, times: 1 });
    const runner = startRunner([...args(), "--once"]);
    expect(await runner.ended).toBe(0);
    await expectEachRowOnce(ids);
    const logins = (await org.given.requests()).filter(({ on }) => on === "token");
    expect(logins).toHaveLength(2);
  });

  test("Elasticsearch goes away in the middle and comes back: the runner waits, says why, and loses nothing", async () => {
    const own: Cluster = await openCluster({ name: `run-e2e-${process.pid}`, lifetime: "process" });
    const rows = new StoredRows(own);
    try {
      await installAssets({ client: rows.client, packageRoot: ROOT });
      const ids = await givenFiles();
      const runner = startRunner([...args(own.url, own.apiKey), "--once"]);
      await until(async () => (await rows.count(index())) > ROWS_PER_FILE / 2, runner);
      const node = attachCluster(own.folder ?? "");
      await node.stop();
      await until(async () => runner.log().some(({ message }) => String(message).includes("can't be reached")), runner);
      await node.restart();
      expect(await runner.ended).toBe(0);
      await expectEachRowOnce(ids, rows);
    } finally {
      await rows.client.close();
      await own.stop();
    }
  });
});
