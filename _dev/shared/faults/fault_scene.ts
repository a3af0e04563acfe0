import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { stringify } from "yaml";
import { type RunSurroundings, run } from "../../../src/cli/run.ts";
import { sourceId } from "../../../src/cli/source_id.ts";
import { type Lease, leaseId, readLease } from "../../../src/coordination/lease.ts";
import { createLog } from "../../../src/core/log.ts";
import { cursorDocumentId, readCursorDocument } from "../../../src/cursors/cursor_document.ts";
import type { CursorStore } from "../../../src/cursors/cursor_store.ts";
import { openSqliteCursors } from "../../../src/cursors/sqlite_cursors.ts";
import { EVENT_LOG_FILES } from "../../../src/sources/event_log_files/kind.ts";
import { EVENT_OBJECTS } from "../../../src/sources/objects/kind.ts";
import { type MockOrg, type MockOrgOptions, startMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import type { ClusterAccess } from "../elasticsearch/cluster.ts";
import { type RunnerProcess, requireRunning, startRunner } from "../testing/runner_process.ts";
import type { StoredRows } from "../testing/stored_rows.ts";
import { BulkGate } from "./bulk_gate.ts";

const DAY = 86_400_000;
const HOUR = 3_600_000;
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** What an org holds and a data stream has to hold in the end. */
export interface Expected {
  /** Distinct rows of the event log files. */
  readonly rows: number;
  /** Records of objects. */
  readonly records: number;
}

/** What a data stream holds. */
export interface Found extends Expected {
  /** Documents whose `_id` another document of the data stream has too, in another backing index. */
  readonly doubled: number;
}

export interface SceneOptions {
  readonly rows: StoredRows;
  readonly access: ClusterAccess;
  /** Names the data streams of the scene. */
  readonly namespace: string;
  /** Rows a day of event log files. */
  readonly rowsPerDay: number;
  /** Whole days of them; by default one. */
  readonly days?: number;
  /** Records of LoginEvent. */
  readonly records: number;
  /** Where several hosts share their state; without it each runner keeps its own. */
  readonly state?: { readonly index: string; readonly apiKey: string; readonly lease: string };
  readonly clock?: RunSurroundings["clock"];
  readonly org?: Partial<MockOrgOptions>;
}

/**
 * An org with a day of Login events — hourly files that lack some rows, late ones, and the daily file with all of them — and
 * LoginEvent records; the real Elasticsearch behind a gate; and runners on one data directory that may be killed.
 */
export class FaultScene {
  readonly org: MockOrg;
  readonly gate: BulkGate;
  readonly expected: Expected;
  readonly namespace: string;
  readonly #options: SceneOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), "faults-"));
  readonly #lines: string[] = [];

  static async open(options: SceneOptions): Promise<FaultScene> {
    const { access, clock, rowsPerDay, days = 1, records } = options;
    const now = () => clock?.now() ?? Date.now();
    const certificate = publicKey.export({ type: "spki", format: "pem" }).toString();
    const org = await startMockOrg({ certificate, now, ...options.org });
    const start = now();
    const today = start - (start % DAY);
    const added = await org.given.traffic({
      rowsPerDay: { Login: rowsPerDay },
      days,
      until: new Date(today).toISOString(),
      madeByNow: true,
      lacking: 0.2,
      late: 0.1,
    });
    const first = start - 6 * HOUR;
    const logins = Array.from({ length: records }, (_, n) => new Date(first + (n * 5 * HOUR) / records).toISOString());
    await org.given.records(
      "LoginEvent",
      logins.map((EventDate) => ({ EventDate })),
    );
    const gate = await BulkGate.open(access.url, "aquila_salesforce.login-");
    return new FaultScene(options, org, gate, { rows: added.dailyRows.Login ?? 0, records });
  }

  private constructor(options: SceneOptions, org: MockOrg, gate: BulkGate, expected: Expected) {
    this.#options = options;
    this.namespace = options.namespace;
    this.org = org;
    this.gate = gate;
    this.expected = expected;
    writeFileSync(join(this.#folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  }

  get dataDirectory(): string {
    return join(this.#folder, "data");
  }

  get index(): string {
    return `logs-aquila_salesforce.login-${this.namespace}`;
  }

  /** What runners of this process have said. */
  get log(): readonly string[] {
    return this.#lines;
  }

  /** Collects until everything is delivered, in this process. Gives the exit code. */
  async collect(changes: PolicyChanges = {}): Promise<number> {
    const { clock } = this.#options;
    return await run(
      { policy: this.policy(changes), dataDirectory: this.dataDirectory, once: true },
      {
        environment: {},
        log: createLog((_, message) => this.#lines.push(message)),
        stop: new AbortController().signal,
        ...(clock === undefined ? {} : { clock }),
      },
    );
  }

  /** A runner in a process of its own. */
  start(...more: string[]): RunnerProcess {
    return startRunner(["run", "--policy", this.policy(), "--data-dir", this.dataDirectory, ...more]);
  }

  /** A runner in a process of its own, on a host with a data directory of its own. */
  startHost(
    name: string,
    changes: PolicyChanges = {},
    environment: NodeJS.ProcessEnv = {},
    ...more: string[]
  ): RunnerProcess {
    const policy = this.policy(changes, name);
    const dataDirectory = join(this.#folder, `data-${name}`);
    return startRunner(["run", "--policy", policy, "--data-dir", dataDirectory, ...more], environment);
  }

  /** Writes the policy; gives its path. */
  policy(changes: PolicyChanges = {}, name = "policy"): string {
    const path = join(this.#folder, `${name}.yml`);
    writeFileSync(path, this.#policyText(changes), { mode: 0o600 });
    return path;
  }

  /** What Elasticsearch holds now. */
  async found(): Promise<Found> {
    const { client } = this.#options.rows;
    await client.indices.refresh({ index: this.index, ignore_unavailable: true });
    const ids = new Set<string | undefined>();
    const documents = { EventLogFile: 0, Object: 0 };
    let doubled = 0;
    // Each document by itself: what the pipeline leaves of an identity is `_id` alone, which can't be aggregated.
    for await (const { body } of client.helpers.scrollSearch<{ readonly event: { readonly provider: string } }>({
      index: this.index,
      ignore_unavailable: true,
      size: 10_000,
      _source: ["event.provider"],
    })) {
      for (const { _id, _source } of body.hits.hits) {
        documents[_source?.event.provider as keyof typeof documents] += 1;
        doubled += ids.has(_id) ? 1 : 0;
        ids.add(_id);
      }
    }
    return { rows: documents.EventLogFile, records: documents.Object, doubled };
  }

  /** Waits until the runner has collected everything. Rejects when it has ended before. */
  async complete(runner: RunnerProcess, stop?: AbortSignal): Promise<void> {
    const all = this.expected.rows + this.expected.records;
    for (;;) {
      if ((await this.#options.rows.count(this.index)) >= all) {
        const { rows, records, doubled } = await this.found();
        if (rows + records - doubled >= all) {
          return;
        }
      }
      requireRunning(runner);
      await wait(200, undefined, stop === undefined ? {} : { signal: stop });
    }
  }

  /**
   * To be called when a runner has ended: nothing that its cursors count as delivered may be sent again. Gives in how many bulk
   * requests was what they don't.
   */
  async settle(): Promise<number> {
    const cursors = this.#options.state === undefined ? openSqliteCursors(this.dataDirectory) : this.#sharedCursors();
    try {
      const rows = new Map<string, number>();
      for (const [key, progress] of await cursors.load(sourceId(this.#streamId, EVENT_LOG_FILES))) {
        rows.set(key, (progress as { readonly rows?: number } | null)?.rows ?? 0);
      }
      const records = new Set<string>();
      for (const [key, delivered] of await cursors.load(sourceId(this.#streamId, EVENT_OBJECTS, "LoginEvent"))) {
        if (key.startsWith("delivered:")) {
          for (const id of (delivered as unknown as { readonly ids: readonly string[] }).ids) {
            records.add(id);
          }
        }
      }
      return this.gate.settle(
        ({ id, file, row = 0 }) => records.has(id) || (row > 0 && row <= (rows.get(`file:${file}`) ?? 0)),
      );
    } finally {
      cursors.close();
    }
  }

  /** The documents as they are, without making them one's own. */
  #sharedCursors(): Pick<CursorStore, "load" | "close"> {
    const { client } = this.#options.rows;
    const index = this.#options.state?.index ?? "";
    return {
      load: async (source) => {
        const id = cursorDocumentId(this.sharedOrg, source);
        const { found, _source } = await client.get({ index, id }, { ignore: [404] });
        const texts = found ? readCursorDocument(id, _source).entries : new Map<string, string>();
        return new Map([...texts].map(([key, text]) => [key, JSON.parse(text)]));
      },
      close: () => {},
    };
  }

  /** As the shared state calls the org. */
  get sharedOrg(): string {
    const { username, url } = this.org;
    return `acme of ${username} at ${new URL(url).host}`;
  }

  /** The lease of the org as it is. */
  async lease(): Promise<Lease> {
    const { client } = this.#options.rows;
    const request = { index: this.#options.state?.index ?? "", id: leaseId(this.sharedOrg) };
    return readLease((await client.get(request, { ignore: [404] }))._source);
  }

  get #streamId(): string {
    return `login-${this.namespace}`;
  }

  async close(): Promise<void> {
    await this.org.close();
    await this.gate.close();
    // A distribution without the data streams module answers 400; its cluster goes away with the tests.
    const { state } = this.#options;
    if (state !== undefined) {
      await this.#options.rows.client.indices.delete({ index: state.index, ignore_unavailable: true });
    }
    const name = `logs-aquila_salesforce.*-${this.namespace}`;
    await this.#options.rows.client.indices.deleteDataStream({ name }, { ignore: [400, 404] });
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #policyText({ loginUrl = this.org.url, hosts = [this.gate.url], stateHosts }: PolicyChanges): string {
    const { state } = this.#options;
    return stringify({
      outputs: { default: { type: "elasticsearch", hosts, api_key: this.#options.access.apiKey } },
      inputs: [
        {
          id: "acme",
          type: "aquila-salesforce",
          data_stream: { namespace: this.namespace },
          organization: { name: "Acme" },
          auth: {
            login_url: loginUrl,
            audience: "https://login.salesforce.com",
            client_id: this.org.clientId,
            username: this.org.username,
            private_key_path: join(this.#folder, "key.pem"),
          },
          ...(state === undefined
            ? {}
            : {
                state: {
                  store: "elasticsearch",
                  index: state.index,
                  api_key: state.apiKey,
                  lease: state.lease,
                  hosts: stateHosts ?? [this.#options.access.url],
                },
              }),
          streams: [
            {
              id: this.#streamId,
              data_stream: { dataset: "aquila_salesforce.login" },
              event_log_files: {
                event_types: ["Login"],
                initial_lookback: `${(this.#options.days ?? 1) + 2}d`,
                poll_interval: "5s",
              },
              objects: {
                enabled: this.#options.records > 0,
                names: ["LoginEvent"],
                initial_lookback: "12h",
                poll_interval: "5s",
              },
            },
          ],
        },
      ],
    });
  }
}

export interface PolicyChanges {
  readonly loginUrl?: string;
  readonly hosts?: readonly string[];
  /** Addresses of the state that hosts share. */
  readonly stateHosts?: readonly string[];
}
