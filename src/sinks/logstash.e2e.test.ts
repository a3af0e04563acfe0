import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { installAssets } from "../../_dev/scripts/install_assets/install.ts";
import { adminClientOptions } from "../../_dev/shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../_dev/shared/elasticsearch/describe_on_cluster.ts";
import {
  buildReceiver,
  LumberjackReceiver,
  receiverUnavailable,
} from "../../_dev/shared/fake_logstash/lumberjack_receiver.ts";
import { writeAsDocumented } from "../../_dev/shared/testing/queue_reader.ts";
import { startRunner } from "../../_dev/shared/testing/runner_process.ts";

const ROOT = join(import.meta.dirname, "../..");
const FILES = 5;
const ROWS = 3_000;
/** Events that may be sent again for each kill: the windows under way, of a batch each. */
const UNDER_WAY = 2 * 2_048;

const unavailable = receiverUnavailable();
const suite = unavailable === undefined ? describeOnCluster : skipped;

function skipped(name: string): void {
  describe(name, () => test.skip(`not tested: ${unavailable}`));
}

suite("Logstash's protocol as Elastic itself receives it", (access) => {
  const client = new Client(adminClientOptions(access));
  const namespace = `lumberjack${process.pid}`;
  let folder: string;
  let program: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "logstash-"));
    program = buildReceiver(folder);
    await installAssets({ client, packageRoot: ROOT });
  });
  afterAll(async () => {
    await client.close();
    rmSync(folder, { recursive: true });
  });

  test("receiver and runner are killed again and again: every event is there, and in Elasticsearch once by its _id", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await using org = await startMockOrg({
      certificate: publicKey.export({ type: "spki", format: "pem" }).toString(),
    });
    for (let n = 1; n <= FILES; n += 1) {
      const logDate = new Date(Date.now() - (n + 4) * 3_600_000).toISOString();
      await org.given.logFile({ eventType: "Login", interval: "Hourly", logDate, generate: { rows: ROWS } });
    }
    const host = `127.0.0.1:${await freePort()}`;
    const key = join(folder, "app.key");
    writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    const policy = join(folder, "policy.yml");
    const inputs = [
      {
        id: "acme",
        type: "aquila-salesforce",
        data_stream: { namespace },
        auth: { login_url: org.url, client_id: org.clientId, username: org.username, private_key_path: key },
        streams: [{ data_stream: { dataset: "aquila_salesforce.login" } }],
      },
    ];
    const outputs = { default: { type: "logstash", hosts: [host], compression_level: 3 } };
    writeFileSync(policy, stringify({ outputs, inputs }), { mode: 0o600 });

    const receiver = new LumberjackReceiver(program, host);
    await receiver.start();
    const start = () => startRunner(["run", "--once", "--policy", policy, "--data-dir", join(folder, "data")]);
    let runner = start();
    const logins = () => receiver.received.filter(({ event }) => (event as { code?: string }).code === "Login");
    const total = FILES * ROWS;
    const kills = ["receiver", "runner", "receiver", "runner", "receiver"];
    try {
      for (const [n, killed] of kills.entries()) {
        await expect.poll(() => logins().length, { timeout: 240_000 }).toBeGreaterThan(((n + 1) * total) / 10);
        if (killed === "receiver") {
          await receiver.kill();
          await receiver.start();
        } else {
          runner.child.kill("SIGKILL");
          await runner.ended;
          runner = start();
        }
      }
      expect(await runner.ended, JSON.stringify(runner.log().at(-1))).toBe(0);
    } finally {
      runner.child.kill("SIGKILL");
      await receiver.kill();
    }

    const sent = logins();
    expect(new Set(sent.map((document) => document["@metadata"]._id)).size).toBe(total);
    expect(sent.length - total).toBeLessThanOrEqual(kills.length * UNDER_WAY);
    const name = `logs-aquila_salesforce.login-${namespace}`;
    await writeAsDocumented(client, sent);
    await client.indices.refresh({ index: name });
    expect((await client.count({ index: name })).count).toBe(total);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
