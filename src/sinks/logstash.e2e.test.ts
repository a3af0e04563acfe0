import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, describe, test } from "vitest";
import { installAssets } from "../../_dev/scripts/install_assets/install.ts";
import { adminClientOptions } from "../../_dev/shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../_dev/shared/elasticsearch/describe_on_cluster.ts";
import { freePort } from "../../_dev/shared/elasticsearch/free_port.ts";
import {
  buildReceiver,
  LumberjackReceiver,
  receiverUnavailable,
} from "../../_dev/shared/fake_logstash/lumberjack_receiver.ts";
import { expectNothingLost, LONGEST_KILL_MS } from "../../_dev/shared/testing/queue_kills.ts";

const ROOT = join(import.meta.dirname, "../..");
/** LOGSTASH_KILLS=20 is the long form. */
const KILLS = Number(process.env.LOGSTASH_KILLS ?? 3);
/** As the output has it by default. */
const PIPELINING = 2;

const unavailable = receiverUnavailable();
const suite = unavailable === undefined ? describeOnCluster : skipped;

function skipped(name: string): void {
  describe(name, () => test.skip(`not tested: ${unavailable}`));
}

suite("Logstash's protocol as Elastic itself receives it", (access) => {
  const client = new Client(adminClientOptions(access));
  let folder: string;
  let receiver: LumberjackReceiver;
  let host: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "logstash-"));
    host = `127.0.0.1:${await freePort()}`;
    receiver = new LumberjackReceiver(buildReceiver(folder), host);
    await receiver.start();
    await installAssets({ client, packageRoot: ROOT });
  });
  afterAll(async () => {
    await receiver?.kill();
    await client.close();
    rmSync(folder, { recursive: true });
  });

  test("receiver and runner are killed again and again: every event is there, and in Elasticsearch once by its _id", {
    timeout: KILLS * LONGEST_KILL_MS,
  }, async () => {
    const queue = {
      output: { type: "logstash", hosts: [host], compression_level: 3 },
      unacknowledgedBatches: PIPELINING,
      count: async () => receiver.received.length,
      documents: async () => receiver.received,
      kill: () => receiver.kill(),
      start: () => receiver.start(),
    };
    const namespace = `lumberjack${process.pid}`;
    const figures = await expectNothingLost({ queue, kills: KILLS, folder, client, namespace });
    process.stderr.write(`Logstash: ${figures}.\n`);
  });
});
