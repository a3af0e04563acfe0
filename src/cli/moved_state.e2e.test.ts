import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { installAssets } from "../../_dev/scripts/install_assets/install.ts";
import { describeOnCluster } from "../../_dev/shared/elasticsearch/describe_on_cluster.ts";
import { stateKey } from "../../_dev/shared/testing/state_key.ts";
import { onceEach, StoredRows } from "../../_dev/shared/testing/stored_rows.ts";
import { createLog } from "../core/log.ts";
import { run } from "./run.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const ROWS = 300;
const NAMESPACE = `moved${process.pid}`;
const STATE = `aquila-moved-state-${process.pid}`;

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

describeOnCluster("a host that had its state alone", (access) => {
  let folder: string;
  let org: MockOrg;
  let stored: StoredRows;
  let apiKey: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "moved-e2e-"));
    writeFileSync(join(folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    org = await startMockOrg({ certificate: publicKey.export({ type: "spki", format: "pem" }).toString() });
    stored = new StoredRows(access);
    await installAssets({ client: stored.client, packageRoot: ROOT });
    apiKey = await stateKey(access, STATE);
  });
  afterAll(async () => {
    await stored.client.indices.delete({ index: STATE, ignore_unavailable: true });
    await stored.client.close();
    await org.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const index = `logs-aquila_salesforce.login-${NAMESPACE}`;

  async function givenFile(hoursAgo: number): Promise<string> {
    const logDate = new Date(Date.now() - hoursAgo * 3_600_000);
    logDate.setUTCMinutes(0, 0, 0);
    const spec = { eventType: "Login", interval: "Hourly", logDate: logDate.toISOString() } as const;
    return (await org.given.logFile({ ...spec, generate: { rows: ROWS } })).id;
  }

  /** Collects once, on a host of this name. Gives what it logged. */
  async function collect(host: string, state: object): Promise<string[]> {
    const policy = join(folder, "policy.yml");
    const input = {
      id: "acme",
      type: "aquila-salesforce",
      data_stream: { namespace: NAMESPACE },
      organization: { name: "Acme" },
      auth: {
        login_url: org.url,
        client_id: org.clientId,
        username: org.username,
        private_key_path: join(folder, "key.pem"),
      },
      state,
      streams: [
        {
          id: `login-${NAMESPACE}`,
          data_stream: { dataset: "aquila_salesforce.login" },
          event_log_files: { event_types: ["Login"], interval: "hourly" },
        },
      ],
    };
    const outputs = { default: { type: "elasticsearch", hosts: [access.url], api_key: access.apiKey } };
    writeFileSync(policy, stringify({ outputs, inputs: [input] }), { mode: 0o600 });
    const messages: string[] = [];
    const log = createLog(
      (_level, message) => messages.push(message),
      () => "info",
    );
    const options = { policy, dataDirectory: join(folder, host), once: true };
    expect(await run(options, { environment: {}, log, stop: new AbortController().signal })).toBe(0);
    return messages;
  }

  const downloads = async () => (await org.given.requests()).filter(({ on }) => on === "logFile").length;

  test("takes it along into the shared state, where the next host goes on; a second host's own is given up", async () => {
    const shared = { store: "elasticsearch", index: STATE, api_key: apiKey };
    const first = await givenFile(8);
    await collect("a", { store: "local" });
    await collect("b", { store: "local" });
    await org.given.forgottenRequests();

    const second = await givenFile(7);
    expect((await collect("a", shared)).join("\n")).toMatch(
      /Moved the cursors of this host into the shared state: login-/,
    );
    const third = await givenFile(6);
    expect((await collect("b", shared)).join("\n")).toMatch(/Gave up the cursors that this host had alone, .*: login-/);
    expect(await downloads()).toBe(2);
    expect(await stored.files(index)).toEqual(new Map([first, second, third].map((id) => [id, onceEach(ROWS)])));
  });
});
