import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { type RunSurroundings, run } from "../../../src/cli/run.ts";
import { createLog } from "../../../src/core/log.ts";
import { openSqliteCursors } from "../../../src/cursors/sqlite_cursors.ts";
import { type MockOrg, type MockOrgOptions, startMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import type { ClusterAccess } from "../elasticsearch/cluster.ts";
import { type RunnerProcess, startRunner } from "../testing/runner_process.ts";
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
  /** Documents whose identity another document of the data stream has too. */
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

  /** Writes the policy; gives its path. */
  policy(changes: PolicyChanges = {}): string {
    const path = join(this.#folder, "policy.yml");
    writeFileSync(path, this.#policyText(changes), { mode: 0o600 });
    return path;
  }

  /** What Elasticsearch holds now. */
  async found(): Promise<Found> {
    const { client } = this.#options.rows;
    await client.indices.refresh({ index: this.index, ignore_unavailable: true });
    const { aggregations } = await client.search<
      unknown,
      { providers: { buckets: { key: string; doc_count: number }[] }; ids: { buckets: { doc_count: number }[] } }
    >({
      index: this.index,
      ignore_unavailable: true,
      size: 0,
      aggs: {
        providers: { terms: { field: "event.provider" } },
        ids: { terms: { field: "event.id", size: 60_000, min_doc_count: 2 } },
      },
    });
    const count = (provider: string) =>
      aggregations?.providers.buckets.find(({ key }) => key === provider)?.doc_count ?? 0;
    const doubled = aggregations?.ids.buckets.reduce((sum, { doc_count }) => sum + doc_count - 1, 0) ?? 0;
    return { rows: count("EventLogFile"), records: count("Object"), doubled };
  }

  /** Documents of files that the cursors of a runner that has ended count as delivered. */
  async saved(): Promise<number> {
    const cursors = openSqliteCursors(this.dataDirectory);
    try {
      const entries = await cursors.load(`login-${this.namespace}`);
      return [...entries]
        .filter(([key]) => key.startsWith("file:"))
        .reduce((sum, [, progress]) => sum + Number((progress as { readonly lacked: number }).lacked), 0);
    } finally {
      cursors.close();
    }
  }

  async close(): Promise<void> {
    await this.org.close();
    await this.gate.close();
    // A distribution without the data streams module answers 400; its cluster goes away with the tests.
    const name = `logs-aquila_salesforce.*-${this.namespace}`;
    await this.#options.rows.client.indices.deleteDataStream({ name }, { ignore: [400, 404] });
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #policyText({ loginUrl = this.org.url, hosts = [this.gate.url] }: PolicyChanges): string {
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
          streams: [
            {
              id: `login-${this.namespace}`,
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
}
