/** Fills Elasticsearch for a preview by the real way: mock orgs, the runner, the package's pipelines and templates. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { stringify } from "yaml";
import { knownDatasets } from "../../../src/cli/known_datasets.ts";
import { openState } from "../../../src/cli/open_state.ts";
import { Wiring } from "../../../src/cli/wire.ts";
import type { Host } from "../../../src/coordination/lease.ts";
import type { Turn } from "../../../src/coordination/turn.ts";
import { type Clock, systemClock } from "../../../src/core/clock.ts";
import { createLog } from "../../../src/core/log.ts";
import { parsePolicy } from "../../../src/policy/parse_policy.ts";
import type { Input } from "../../../src/policy/policy.ts";
import { Supervisor } from "../../../src/pump/supervisor.ts";
import { type MockOrg, startMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import { adminClientOptions, type ClusterAccess } from "../../shared/elasticsearch/cluster.ts";
import { COLLECTING, hasLogFiles } from "../../shared/testing/data_streams.ts";
import { installAssets } from "../install_assets/install.ts";
import type { DemoTraffic } from "./demo_traffic.ts";
import { fillPlaces } from "./places.ts";

export const PRODUCTION = "Acme production";
export const SANDBOX = "Acme sandbox";

export interface DemoDataOptions {
  readonly cluster: ClusterAccess;
  readonly packageRoot: string;
  readonly namespace: string;
  readonly traffic: DemoTraffic;
  /**
   * When the runner looks, in milliseconds since the epoch, earliest first: it collects what there is to collect by then, so that
   * its own reports spread over the time. By default once, now.
   */
  readonly visits?: readonly number[];
  /** Adds to the production org what the generator doesn't make, before the first visit in the time that is looked at. */
  readonly plant?: (production: MockOrg) => Promise<unknown>;
  readonly log?: (line: string) => void;
}

/** Collects the traffic into the namespace and waits until it can be searched. Throws if the runner fails. Gives the production org's id. */
export async function collectDemoData(options: DemoDataOptions): Promise<string> {
  const { cluster, packageRoot, namespace, traffic, visits = [Date.now()], plant = async () => {} } = options;
  const client = new Client(adminClientOptions(cluster));
  const folder = mkdtempSync(join(tmpdir(), "aquila-preview-"));
  const clock = movedClock(visits[0] ?? Date.now());
  const orgs: MockOrg[] = [];
  try {
    await installAssets({ client, packageRoot });
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const certificate = publicKey.export({ type: "spki", format: "pem" }).toString();
    const keyPath = join(folder, "org.key.pem");
    writeFileSync(keyPath, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    const common = { certificate, now: () => clock.now(), apiRequestsUsed: 31_000 };
    const production = await startMockOrg({ ...common, name: PRODUCTION, serial: 1, pubSub: {} });
    orgs.push(production);
    const sandbox = await startMockOrg({ ...common, name: SANDBOX, serial: 2, sandbox: true });
    orgs.push(sandbox);
    await production.given.traffic(traffic.production);
    await sandbox.given.traffic(traffic.sandbox);
    const policy = policyText(production, sandbox, keyPath, options);
    let planted = false;
    for (const visit of visits) {
      clock.moveTo(visit);
      if (!planted && visit >= traffic.time.from) {
        planted = true;
        await plant(production);
      }
      await collectOnce(policy, join(folder, "state"), clock, options.log ?? (() => {}));
    }
    await client.indices.refresh({ index: `logs-aquila_salesforce.*-${namespace}` });
    await fillPlaces(client, `logs-aquila_salesforce.*-${namespace}`);
    return production.orgId;
  } finally {
    await Promise.all(orgs.map((org) => org.close()));
    await client.close();
    rmSync(folder, { recursive: true });
  }
}

async function collectOnce(
  text: string,
  dataDirectory: string,
  clock: Clock,
  say: (line: string) => void,
): Promise<void> {
  const log = createLog(
    (level, message) => say(`${level}: ${message}`),
    () => "warn",
  );
  const policy = parsePolicy(text, { datasets: knownDatasets(), environment: {} });
  const [broken] = policy.brokenInputs;
  if (broken !== undefined) {
    throw broken.error;
  }
  const state = openState(dataDirectory);
  try {
    const wiring = new Wiring({ ...state, log, clock });
    const runs = policy.inputs.map((input) => ({ start: () => wiring.run(input, turnOf(input, clock)) }));
    const [error] = await new Supervisor(clock).once(runs, new AbortController().signal);
    if (error !== undefined) {
      throw error;
    }
  } finally {
    state.close();
  }
}

/** As one of two hosts would have it that share the orgs: each takes them in turn, whenever the other one has been silent. */
function turnOf({ id }: Input, clock: Clock): Turn {
  const term = (terms.get(id) ?? 0) + 1;
  terms.set(id, term);
  const [host, other] = term % 2 === 0 ? HOSTS.toReversed() : HOSTS;
  const never = new AbortController().signal;
  return {
    org: id,
    term,
    host: host as Host,
    since: clock.now(),
    takenFrom: term === 1 ? undefined : other,
    settle: 0,
    ending: never,
    over: never,
    holds: () => true,
    lose() {},
    async end() {},
  };
}

const HOSTS: readonly Host[] = [
  { id: "1", name: "collector-1" },
  { id: "2", name: "collector-2" },
];
const terms = new Map<string, number>();

/** The system's clock, set to another time, from where it goes on. */
function movedClock(start: number): Clock & { moveTo(time: number): void } {
  let offset = start - Date.now();
  return {
    ...systemClock,
    now: () => Date.now() + offset,
    moveTo: (time) => {
      offset = time - Date.now();
    },
  };
}

/** By stream, the objects that no file tells the events of. */
const REAL_TIME: Readonly<Record<string, readonly string[]>> = {
  api: ["BulkApiResultEventStore"],
  data_access: ["ListViewEvent"],
};

/** By stream, the topics of the production org that are collected live beside them. */
const LIVE: Readonly<Record<string, readonly string[]>> = { api: ["BulkApiResultEvent"] };

function policyText(production: MockOrg, sandbox: MockOrg, keyPath: string, options: DemoDataOptions): string {
  const { cluster, namespace, traffic, visits = [Date.now()] } = options;
  const hours = Math.ceil(((visits[0] ?? Date.now()) - traffic.start) / 3_600_000) + 24;
  const lookback = `${hours}h`;
  const filesOrObjects = (stream: string, objects: readonly string[]) =>
    stream === "login" && objects.length > 0
      ? {
          event_log_files: { enabled: false },
          objects: { enabled: true, names: [...objects], initial_lookback: lookback },
        }
      : {
          event_log_files: { initial_lookback: lookback },
          ...(REAL_TIME[stream] === undefined
            ? {}
            : { objects: { enabled: true, names: [...REAL_TIME[stream]], initial_lookback: lookback } }),
        };
  const live = (org: MockOrg, stream: string) =>
    org.pubSubUrl === "" || LIVE[stream] === undefined ? {} : { live: { enabled: true, topics: [...LIVE[stream]] } };
  const input = (org: MockOrg, name: string, audience: string, objects: readonly string[]) => ({
    id: `preview-${name}`,
    name,
    type: "aquila-salesforce",
    use_output: "default",
    data_stream: { namespace },
    organization: { name },
    auth: {
      login_url: org.url,
      audience,
      client_id: org.clientId,
      username: org.username,
      private_key_path: keyPath,
    },
    ...(org.pubSubUrl === "" ? {} : { api: { pub_sub_url: org.pubSubUrl } }),
    streams: COLLECTING.map((stream) => ({
      id: `preview-${name}-${stream}`,
      data_stream: { type: "logs", dataset: `aquila_salesforce.${stream}` },
      ...live(org, stream),
      ...(hasLogFiles(stream) ? filesOrObjects(stream, objects) : { objects: { initial_lookback: lookback } }),
    })),
  });
  return stringify({
    outputs: { default: { type: "elasticsearch", hosts: [cluster.url], api_key: cluster.apiKey } },
    inputs: [
      input(production, PRODUCTION, "https://login.salesforce.com", []),
      input(sandbox, SANDBOX, "https://test.salesforce.com", ["LoginEvent", "LogoutEvent", "LoginAsEvent"]),
    ],
  });
}
