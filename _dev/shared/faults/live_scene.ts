import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { stringify } from "yaml";
import { type RunSurroundings, run } from "../../../src/cli/run.ts";
import { createLog } from "../../../src/core/log.ts";
import { type MockOrg, startMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import type { StreamAccount } from "../../deploy/docker/mock_org/pub_sub/subscription.ts";
import type { ClusterAccess } from "../elasticsearch/cluster.ts";
import { makeAuthority } from "../testing/certificates.ts";
import { type RunnerProcess, startRunner } from "../testing/runner_process.ts";
import type { StoredRows } from "../testing/stored_rows.ts";
import { BulkGate } from "./bulk_gate.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

const CHANNEL = "LoginEventStream";
const USERNAME = /^n(\d+)@acme\.example$/;

export interface LiveSceneOptions {
  readonly rows: StoredRows;
  readonly access: ClusterAccess;
  /** Names the data streams of the scene. */
  readonly namespace: string;
  /** Whether the policy collects the stored object beside the stream. */
  readonly objects: boolean;
  readonly clock?: RunSurroundings["clock"];
}

/** What a data stream holds. */
export interface FoundEvents {
  /** Numbers of published events that it lacks. */
  readonly lost: readonly number[];
  /** Documents beyond one for each published event. */
  readonly doubled: number;
  /** Documents that are none of the published events. */
  readonly foreign: number;
}

/**
 * An org that pushes logins over TLS, each with a number of its own, and stores them; the real Elasticsearch behind a gate; and runners
 * on one data directory that may be killed.
 */
export class LiveScene {
  readonly org: MockOrg;
  readonly gate: BulkGate;
  readonly #options: LiveSceneOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), "live-"));
  readonly #lines: string[] = [];
  #published = 0;

  static async open(options: LiveSceneOptions): Promise<LiveScene> {
    const authority = await makeAuthority("live events of tests");
    const { clock } = options;
    const org = await startMockOrg({
      certificate: publicKey.export({ type: "spki", format: "pem" }).toString(),
      pubSub: await authority.issue("127.0.0.1"),
      tokenLifetimeMs: 7 * 86_400_000,
      ...(clock !== undefined && { now: () => clock.now() }),
    });
    const gate = await BulkGate.open(options.access.url, "aquila_salesforce.login-");
    return new LiveScene(options, org, gate, authority.certificate);
  }

  private constructor(options: LiveSceneOptions, org: MockOrg, gate: BulkGate, authority: string) {
    this.#options = options;
    this.org = org;
    this.gate = gate;
    writeFileSync(join(this.#folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    writeFileSync(join(this.#folder, "ca.pem"), authority);
    writeFileSync(this.#policy, this.#policyText(), { mode: 0o600 });
  }

  get index(): string {
    return `logs-aquila_salesforce.login-${this.#options.namespace}`;
  }

  get published(): number {
    return this.#published;
  }

  /** What runners of this process have said. */
  get log(): readonly string[] {
    return this.#lines;
  }

  get #policy(): string {
    return join(this.#folder, "policy.yml");
  }

  get #dataDirectory(): string {
    return join(this.#folder, "data");
  }

  /** `copies`: how often each is in the stream. */
  async publish(count: number, copies = 1): Promise<void> {
    const events = Array.from({ length: count }, (_, n) => ({
      Username: `n${this.#published + n}@acme.example`,
      Status: "Success",
      SourceIp: "198.51.100.7",
    }));
    this.#published += count;
    await this.org.given.published(CHANNEL, events, { copies });
  }

  /** A runner in a process of its own. */
  start(): RunnerProcess {
    return startRunner(["run", "--policy", this.#policy, "--data-dir", this.#dataDirectory]);
  }

  /** Runs in this process until all published events are counted or the time is over. Gives the exit code. */
  async collect(longestMs: number): Promise<number> {
    const stop = new AbortController();
    const { clock } = this.#options;
    const running = run(
      { policy: this.#policy, dataDirectory: this.#dataDirectory, once: false },
      {
        environment: {},
        log: createLog((_, message) => this.#lines.push(message)),
        stop: stop.signal,
        ...(clock !== undefined && { clock }),
      },
    );
    await this.arrived(longestMs);
    stop.abort();
    return await running;
  }

  /** Whether as many documents as published events are there, at the latest after this time. */
  async arrived(longestMs: number): Promise<boolean> {
    for (const deadline = performance.now() + longestMs; performance.now() < deadline; await wait(250)) {
      if ((await this.#options.rows.count(this.index)) >= this.#published) {
        return true;
      }
    }
    return false;
  }

  /** Subscriptions that are open now. */
  async openStreams(): Promise<StreamAccount[]> {
    return (await this.org.given.pubSub()).streams.filter(({ endedAt }) => endedAt === undefined);
  }

  /** What Elasticsearch holds now. */
  async found(): Promise<FoundEvents> {
    const { client } = this.#options.rows;
    await client.indices.refresh({ index: this.index });
    const missing = new Set(Array.from({ length: this.#published }, (_, n) => n));
    let [doubled, foreign] = [0, 0];
    for await (const { body } of client.helpers.scrollSearch<{ readonly user?: { readonly name?: string } }>({
      index: this.index,
      size: 10_000,
      _source: ["user.name"],
    })) {
      for (const { _source } of body.hits.hits) {
        const number = USERNAME.exec(_source?.user?.name ?? "")?.[1];
        if (number === undefined) {
          foreign += 1;
        } else if (!missing.delete(Number(number))) {
          doubled += 1;
        }
      }
    }
    return { lost: [...missing], doubled, foreign };
  }

  async close(): Promise<void> {
    await this.org.close();
    await this.gate.close();
    // A distribution without the data streams module answers 400; its cluster goes away with the tests.
    const name = `logs-aquila_salesforce.*-${this.#options.namespace}`;
    await this.#options.rows.client.indices.deleteDataStream({ name }, { ignore: [400, 404] });
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #policyText(): string {
    const { objects, access, namespace } = this.#options;
    return stringify({
      outputs: { default: { type: "elasticsearch", hosts: [this.gate.url], api_key: access.apiKey } },
      inputs: [
        {
          id: "acme",
          type: "aquila-salesforce",
          data_stream: { namespace },
          organization: { name: "Acme" },
          auth: {
            login_url: this.org.url,
            audience: "https://login.salesforce.com",
            client_id: this.org.clientId,
            username: this.org.username,
            private_key_path: join(this.#folder, "key.pem"),
          },
          api: {
            pub_sub_url: this.org.pubSubUrl,
            ssl: { certificate_authorities: [join(this.#folder, "ca.pem")] },
          },
          streams: [
            {
              id: `login-${namespace}`,
              data_stream: { dataset: "aquila_salesforce.login" },
              event_log_files: { enabled: false },
              objects: { enabled: objects, names: ["LoginEvent"], poll_interval: "10s", settle_time: "5s" },
              live: { enabled: true, topics: [CHANNEL] },
            },
          ],
        },
      ],
    });
  }
}
