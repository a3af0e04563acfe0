/** Many orgs that several hosts share, each host a process of its own, and what can be seen of it from outside. */
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { stringify } from "yaml";
import { type Lease, leaseId, readLease } from "../../../src/coordination/lease.ts";
import { type MockOrg, startMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import type { ClusterAccess } from "../elasticsearch/cluster.ts";
import { type RunnerProcess, startRunner } from "../testing/runner_process.ts";
import { stateKey } from "../testing/state_key.ts";
import type { StoredRows } from "../testing/stored_rows.ts";

const HOUR = 3_600_000;
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

export interface SharedOrgsOptions {
  readonly rows: StoredRows;
  readonly access: ClusterAccess;
  /** Names the data stream and the index of the state. */
  readonly namespace: string;
  readonly orgs: number;
  readonly lease: string;
  readonly pollInterval: string;
}

/** What hosts did that they must not. */
export interface Wrongs {
  /** Samples of leases in which a term had another holder than before, or fell. */
  readonly terms: number;
  /** Samples in which two hosts said that they collect the same org in the same term. */
  readonly holders: number;
  /** Orgs that hosts asked in turn more often than their leases changed hands. */
  readonly askers: number;
}

export class SharedOrgs {
  readonly #options: SharedOrgsOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), "shared-orgs-"));
  readonly #orgs: readonly MockOrg[];
  readonly #apiKey: string;
  readonly #running = new Map<string, RunnerProcess>();
  readonly #egresses: Egress[] = [];
  /** Who asked an org, one after the other, without repetitions; by the org's host and port. */
  readonly #askers = new Map<string, string[]>();
  #expected = 0;
  #files = 0;

  static async open(options: SharedOrgsOptions): Promise<SharedOrgs> {
    const certificate = publicKey.export({ type: "spki", format: "pem" }).toString();
    const orgs: MockOrg[] = [];
    for (let serial = 1; serial <= options.orgs; serial += 1) {
      orgs.push(await startMockOrg({ certificate, serial }));
    }
    return new SharedOrgs(options, orgs, await stateKey(options.access, indexOf(options)));
  }

  private constructor(options: SharedOrgsOptions, orgs: readonly MockOrg[], apiKey: string) {
    this.#options = options;
    this.#orgs = orgs;
    this.#apiKey = apiKey;
  }

  get index(): string {
    return indexOf(this.#options);
  }

  get #stream(): string {
    return `logs-aquila_salesforce.login-${this.#options.namespace}`;
  }

  /** A new hourly file for every org of which `isChosen`. */
  async givenFiles(rows: number, isChosen: (org: number) => boolean = () => true): Promise<void> {
    this.#files += 1;
    const logDate = new Date(Math.floor(Date.now() / HOUR) * HOUR - (this.#files + 5) * HOUR).toISOString();
    for (const [at, org] of this.#orgs.entries()) {
      if (isChosen(at)) {
        await org.given.logFile({
          eventType: "Login",
          interval: "Hourly",
          logDate,
          createdDate: new Date().toISOString(),
          generate: { rows, seed: `${at}` },
        });
        this.#expected += rows;
      }
    }
  }

  async start(name: string): Promise<void> {
    const egress = await Egress.open((target) => this.#asked(name, target));
    this.#egresses.push(egress);
    const policy = join(this.#folder, `${name}.yml`);
    writeFileSync(policy, this.#policy(egress.url), { mode: 0o600 });
    const args = ["run", "--policy", policy, "--data-dir", join(this.#folder, name)];
    this.#running.set(name, startRunner(args));
  }

  async end(name: string, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const runner = this.#running.get(name);
    runner?.child.kill(signal);
    await runner?.ended;
    this.#running.delete(name);
  }

  processId(name: string): number {
    return this.#running.get(name)?.child.pid ?? 0;
  }

  async leases(): Promise<Map<string, Lease>> {
    const ids = this.#orgs.map((org, at) => leaseId(`${nameOf(at)} of ${org.username} at ${new URL(org.url).host}`));
    const { docs } = await this.#options.rows.client.mget({ index: this.index, ids }, { ignore: [404] });
    return new Map(
      ids.map((_, at) => {
        const document = docs?.[at];
        return [nameOf(at), readLease(document !== undefined && "_source" in document ? document._source : undefined)];
      }),
    );
  }

  /** Waits until every org is held, by so many hosts, with no more than its share each. Gives the seconds. */
  async settled(hosts: number): Promise<number> {
    const begun = performance.now();
    const share = Math.ceil(this.#orgs.length / hosts);
    for (;;) {
      const held = [...(await this.leases()).values()].flatMap(({ holder }) => holder?.id ?? []);
      const loads = [...new Set(held)].map((id) => held.filter((one) => one === id).length);
      if (held.length === this.#orgs.length && loads.length === hosts && Math.max(...loads) <= share) {
        return (performance.now() - begun) / 1_000;
      }
      if (performance.now() - begun > 300_000) {
        throw new Error(`orgs have not settled: ${loads.join(", ")} of ${this.#orgs.length}`);
      }
      await wait(250);
    }
  }

  /** Looks every second who holds what, until `stop`, and gives what was wrong. */
  async watch(stop: AbortSignal): Promise<Wrongs> {
    const holders = new Map<string, string>();
    const highest = new Map<string, number>();
    let [terms, held] = [0, 0];
    while (!stop.aborted) {
      for (const [org, { term, holder }] of await this.leases()) {
        const key = `${org} ${term}`;
        const before = holders.get(key);
        const isOther = holder !== undefined && before !== undefined && before !== holder.id;
        terms += isOther || term < (highest.get(org) ?? 0) ? 1 : 0;
        highest.set(org, Math.max(term, highest.get(org) ?? 0));
        if (holder !== undefined) {
          holders.set(key, holder.id);
        }
      }
      const claims = [...this.#running.values()].flatMap((runner) => [...claimsOf(runner)]);
      held += claims.length - new Set(claims).size;
      await wait(1_000, undefined, { signal: stop }).catch(() => {});
    }
    const leases = await this.leases();
    const askers = this.#orgs.filter((org, at) => {
      const switches = (this.#askers.get(new URL(org.url).host)?.length ?? 1) - 1;
      return switches > (leases.get(nameOf(at))?.term ?? 0) - 1;
    });
    return { terms, holders: held, askers: askers.length };
  }

  /** Orgs that any host has asked. */
  get asked(): number {
    return this.#askers.size;
  }

  /** Waits until everything is there. */
  async complete(): Promise<{ readonly lost: number; readonly doubled: number }> {
    const { rows } = this.#options;
    for (let found = -1, quiet = 0; quiet < 30; quiet += 1) {
      const now = await rows.count(this.#stream);
      if (now >= this.#expected) {
        break;
      }
      quiet = now === found ? quiet : 0;
      found = now;
      await wait(1_000);
    }
    const ids = new Set<string | undefined>();
    let documents = 0;
    for await (const { body } of rows.client.helpers.scrollSearch({
      index: this.#stream,
      size: 10_000,
      _source: false,
    })) {
      for (const { _id } of body.hits.hits) {
        documents += 1;
        ids.add(_id);
      }
    }
    return { lost: this.#expected - ids.size, doubled: documents - ids.size };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.end(name, "SIGKILL")));
    await Promise.all([...this.#orgs, ...this.#egresses].map((one) => one.close()));
    const { client } = this.#options.rows;
    await client.indices.delete({ index: this.index, ignore_unavailable: true });
    await client.indices.deleteDataStream(
      { name: `logs-aquila_salesforce.*-${this.#options.namespace}` },
      { ignore: [400, 404] },
    );
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #asked(name: string, target: string): void {
    const askers = this.#askers.get(target) ?? [];
    this.#askers.set(target, askers);
    if (askers.at(-1) !== name) {
      askers.push(name);
    }
  }

  #policy(proxy: string): string {
    const { access, lease, namespace, pollInterval } = this.#options;
    const key = privateKey.export({ type: "pkcs8", format: "pem" });
    return stringify({
      outputs: { default: { type: "elasticsearch", hosts: [access.url], api_key: access.apiKey } },
      inputs: this.#orgs.map((org, at) => ({
        id: nameOf(at),
        type: "aquila-salesforce",
        data_stream: { namespace },
        organization: { name: nameOf(at) },
        api: { proxy_url: proxy },
        auth: {
          login_url: org.url,
          audience: "https://login.salesforce.com",
          client_id: org.clientId,
          username: org.username,
          private_key: key,
        },
        state: { store: "elasticsearch", index: this.index, api_key: this.#apiKey, lease, hosts: [access.url] },
        streams: [
          {
            id: `${nameOf(at)}-login`,
            data_stream: { dataset: "aquila_salesforce.login" },
            event_log_files: {
              event_types: ["Login"],
              interval: "hourly",
              initial_lookback: "7d",
              poll_interval: pollInterval,
            },
          },
        ],
      })),
    });
  }
}

function nameOf(at: number): string {
  return `org-${String(at).padStart(3, "0")}`;
}

function indexOf({ namespace }: SharedOrgsOptions): string {
  return `state-${namespace}`;
}

/** Org and term of what a host says that it collects now. */
function claimsOf(runner: RunnerProcess): Set<string> {
  const claims = new Map<unknown, string | undefined>();
  for (const line of runner.log()) {
    const message = String(line.message);
    const org = line["organization.name"];
    const term = /\(this host\) collects the org, in term (\d+)/.exec(message)?.[1];
    if (term !== undefined) {
      claims.set(org, `${org} ${term}`);
    } else if (/^Standing by|^Waiting to collect|This host collects nothing/.test(message)) {
      claims.delete(org);
    }
  }
  return new Set([...claims.values()].filter((one) => one !== undefined));
}

/** A proxy that one host has to itself, and that sees when it asks whom. */
class Egress {
  readonly url: string;
  readonly #server: Server;

  static async open(asked: (target: string) => void): Promise<Egress> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Egress(server, asked);
  }

  private constructor(server: Server, asked: (target: string) => void) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
      const target = new URL(incoming.url ?? "");
      if (incoming.method === "GET") {
        asked(target.host);
      }
      const { method, headers } = incoming;
      const onward = request(target, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        answer.on("error", () => outgoing.destroy());
      });
      onward.on("error", () => outgoing.destroy());
      outgoing.on("close", () => onward.destroy());
      incoming.pipe(onward);
    });
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}
