import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { remoteGiven } from "./control_route.ts";
import { type Given, givenOf } from "./given.ts";
import { type OrgSettings, OrgState } from "./org_state.ts";
import type { PubSubServer, PubSubServerOptions } from "./pub_sub/server.ts";
import { createOrgServer } from "./server.ts";

export interface MockOrgOptions extends Partial<OrgSettings> {
  /** Registers the app `clientId` with this certificate or public key (PEM), and the user `username` with every permission. */
  readonly certificate?: string;
  readonly clientId?: string;
  readonly username?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Loopback by default. */
  readonly host?: string;
  /** Tells orgs apart: two orgs with different serials have different ids. */
  readonly serial?: number;
  /** The machine's time in milliseconds since the epoch. */
  readonly now?: () => number;
  /** Serves the Pub/Sub API too. */
  readonly pubSub?: PubSubServerOptions;
}

export interface MockOrg extends AsyncDisposable {
  /** Base address, without a slash at its end: login host and instance alike. */
  readonly url: string;
  /** For `api.pub_sub_url` of a policy; "" without a Pub/Sub API. */
  readonly pubSubUrl: string;
  /** 18 characters. */
  readonly orgId: string;
  readonly clientId: string;
  readonly username: string;
  readonly given: Given;
  /** Ends every connection, also hanging ones. */
  close(): Promise<void>;
}

export const DEFAULT_CLIENT_ID = "3MVG9mockConsumerKey0000000000000000000000000000000000000000000000000000000000000000";
export const DEFAULT_USERNAME = "elastic@acme.example";

const DEFAULTS: OrgSettings = {
  name: "Acme production",
  sandbox: false,
  edition: "Enterprise Edition",
  instanceName: "EU45",
  hourlyFiles: true,
  active: true,
  clockOffsetMs: 0,
  tokenLifetimeMs: 2 * 3_600_000,
  loginsPerHour: 3_600,
  apiRequestsMax: 100_000,
  apiRequestsUsed: 0,
  queryTimeoutRows: Number.MAX_SAFE_INTEGER,
  brokenApplication: undefined,
  pageSize: 2_000,
  gzip: true,
  newestVersion: 68,
  instanceUrl: undefined,
  myDomain: "https://acme.my.salesforce.com",
  pubSubLicence: true,
  eventMonitoring: true,
  keepAliveMs: 60_000,
  starvingMs: 60_000,
  latestRoutingMs: 3_000,
  streamsMax: 1_000,
  roundTripMs: 0,
};

/** Starts an org that listens until it is closed. */
export async function startMockOrg(options: MockOrgOptions = {}): Promise<MockOrg> {
  const { certificate, port = 0, host = "127.0.0.1", serial = 1, now = Date.now, pubSub, ...settings } = options;
  const { clientId = DEFAULT_CLIENT_ID, username = DEFAULT_USERNAME, ...orgSettings } = settings;
  const org = new OrgState({ ...DEFAULTS, ...orgSettings }, serial, now);
  let bus: PubSubServer | undefined;
  const given = givenOf(org, () => bus);
  await given.records("User", [
    { Username: `autoproc@${org.orgId.toLowerCase()}`, Name: "Automated Process", IsActive: true },
  ]);
  if (certificate !== undefined) {
    await given.app({ clientId, certificate });
    await given.user({ username });
  }
  const closing = new AbortController();
  const server = createOrgServer(org, given, closing.signal);
  server.listen(port, host);
  await once(server, "listening");
  const { port: taken } = server.address() as AddressInfo;
  const closed = once(server, "close");
  const url = `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${taken}`;
  if (pubSub !== undefined) {
    // Loaded only where it is wanted: the rest of the org needs nothing but Node.
    const { startPubSubServer } = await import("./pub_sub/server.ts");
    const ownUrls = () => [url, org.settings.myDomain, org.settings.instanceUrl ?? url];
    bus = await startPubSubServer(org, ownUrls, host, pubSub);
  }
  const close = async () => {
    closing.abort();
    await bus?.close();
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url,
    pubSubUrl: bus?.url ?? "",
    orgId: org.orgId,
    clientId,
    username,
    given,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The builder of an org that runs in another process. */
export function connectMockOrg(url: string): Given {
  return remoteGiven(url);
}
