/** A runner and the queue that it sends to are killed again and again; then everything has to be there, and no more twice than promised. */
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@elastic/elasticsearch";
import { expect } from "vitest";
import { stringify } from "yaml";
import { startMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import { type QueuedDocument, writeAsDocumented } from "./queue_reader.ts";
import { startRunner } from "./runner_process.ts";

const FILES = 5;
const ROWS_A_KILL = 800;
const LONGEST_WAIT_MS = 240_000;
/** That a test may take for each kill. */
export const LONGEST_KILL_MS = 200_000;
/** A batch of a file ends within the four kilobytes that bring it to 500 events. */
const BATCH = 520;
/** Batches that a runner has sent, and whose cursors it has not saved. */
const UNSAVED_BATCHES = 4;

/** What a runner sends to, as a process that may be killed. */
export interface KilledQueue {
  /** As the policy has it. */
  readonly output: Readonly<Record<string, unknown>>;
  /** Batches that it may have and has not acknowledged when it is killed, if nothing tells it that they are the same. */
  readonly unacknowledgedBatches: number;
  /** How many documents it has. */
  count(): Promise<number>;
  documents(): Promise<readonly QueuedDocument[]>;
  /** Without a warning. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface KillScene {
  readonly queue: KilledQueue;
  /** Of the queue and the runner in turn. */
  readonly kills: number;
  /** An empty folder. */
  readonly folder: string;
  /** Where the package is installed. */
  readonly client: Client;
  readonly namespace: string;
}

/** Resolves with a line of figures. */
export async function expectNothingLost({ queue, kills, folder, client, namespace }: KillScene): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await using org = await startMockOrg({ certificate: publicKey.export({ type: "spki", format: "pem" }).toString() });
  const rows = ROWS_A_KILL * (kills + 1);
  const total = FILES * rows;
  for (let n = 1; n <= FILES; n += 1) {
    const logDate = new Date(Date.now() - (n + 4) * 3_600_000).toISOString();
    await org.given.logFile({ eventType: "Login", interval: "Hourly", logDate, generate: { rows } });
  }
  const key = join(folder, "app.key");
  writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const policy = join(folder, "policy.yml");
  const auth = { login_url: org.url, client_id: org.clientId, username: org.username, private_key_path: key };
  const streams = [{ data_stream: { dataset: "aquila_salesforce.login" } }];
  const inputs = [{ id: "acme", type: "aquila-salesforce", data_stream: { namespace }, auth, streams }];
  writeFileSync(policy, stringify({ outputs: { default: queue.output }, inputs }), { mode: 0o600 });

  const start = () => startRunner(["run", "--once", "--policy", policy, "--data-dir", join(folder, "data")]);
  let runner = start();
  let mostTwice = 0;
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const enough = ((kill + 1) * total) / (kills + 2);
      await expect.poll(() => queue.count(), { timeout: LONGEST_WAIT_MS }).toBeGreaterThan(enough);
      if (kill % 2 === 0) {
        await queue.kill();
        await queue.start();
        mostTwice += queue.unacknowledgedBatches * BATCH;
      } else {
        runner.child.kill("SIGKILL");
        await runner.ended;
        runner = start();
        mostTwice += UNSAVED_BATCHES * BATCH;
      }
    }
    expect(await runner.ended, JSON.stringify(runner.log().at(-1))).toBe(0);
  } finally {
    runner.child.kill("SIGKILL");
  }

  const sent = (await queue.documents()).filter(({ event }) => (event as { code?: string }).code === "Login");
  const twice = sent.length - total;
  expect(new Set(sent.map((document) => document["@metadata"]._id)).size).toBe(total);
  expect(twice).toBeLessThanOrEqual(mostTwice);
  const index = `logs-aquila_salesforce.login-${namespace}`;
  await writeAsDocumented(client, sent);
  await client.indices.refresh({ index });
  expect((await client.count({ index })).count).toBe(total);
  return `${kills} kills, ${total} events, 0 lost, ${twice} there twice (at most ${mostTwice})`;
}
