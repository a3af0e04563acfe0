import { AccessTokens } from "./access_tokens.ts";
import { FaultPlan } from "./faults.ts";
import type { LogFile } from "./log_file.ts";
import { QueryResults } from "./query_results.ts";
import { recordId } from "./salesforce_id.ts";
import { type Field, PERMISSIONS, type Permission, type SObject, type SObjectRecord } from "./sobject.ts";
import { visibleSObject } from "./sobjects.ts";
import type { Incident } from "./traffic/incidents.ts";
import { Traffic } from "./traffic/traffic.ts";

/** What can be set about an org, at its start and while it runs. */
export interface OrgSettings {
  name: string;
  sandbox: boolean;
  /** Organization.OrganizationType. */
  edition: string;
  instanceName: string;
  /** Whether the org has hourly event log files; without them EventLogFile has no Interval and no Sequence. */
  hourlyFiles: boolean;
  /** False answers every login with inactive_org. */
  active: boolean;
  /** Added to the machine's time to get the org's: exp checks, the Date header, CreatedDate, relative date literals. */
  clockOffsetMs: number;
  /** Life of an access token. */
  tokenLifetimeMs: number;
  /** Logins that one user may make in an hour. */
  loginsPerHour: number;
  /** API requests that the org may make in 24 hours, and has made. */
  apiRequestsMax: number;
  apiRequestsUsed: number;
  /** A query over a big object or LoginHistory that matches more rows than this answers QUERY_TIMEOUT. */
  queryTimeoutRows: number;
  /** A page that would hold a record with this Application answers 500, as Salesforce does where a record can't be read. */
  brokenApplication: string | undefined;
  /** Rows of a page where the request names no batch size. */
  pageSize: number;
  /** Whether answers are compressed for clients that accept it; bodies with a Content-Length need it off. */
  gzip: boolean;
  /** Newest API version. */
  newestVersion: number;
  /** Address in the token answer; by default the address that the login was sent to. */
  instanceUrl: string | undefined;
  /** Domain of the org, one of the audiences that an assertion may name. */
  myDomain: string;
  /** Whether the org may use the Pub/Sub API, and has Event Monitoring; without it only LogoutEventStream is there. */
  pubSubLicence: boolean;
  eventMonitoring: boolean;
  /** A quiet topic tells its position so often, and a stream that is owed nothing ends after so long; both by the org's clock. */
  keepAliveMs: number;
  starvingMs: number;
  /** How long a subscription at LATEST gets nothing of what is published: Salesforce does not route it at once. */
  latestRoutingMs: number;
  /** Subscriptions that may be open at once. */
  streamsMax: number;
  /** How much later than it comes in a fetch request is acted on. */
  roundTripMs: number;
}

export interface User {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly active: boolean;
  readonly frozen: boolean;
  /** Outside the profile's login IP ranges or hours. */
  readonly ipRestricted: boolean;
  readonly permissions: readonly Permission[];
  /** As `LoginEvent.City`: what field-level security hides. */
  readonly hiddenFields: readonly string[];
}

export interface App {
  readonly clientId: string;
  readonly kind: "connected" | "external";
  /** PEM of the X.509 certificate or of its public key alone. */
  readonly certificate: string;
  readonly installed: boolean;
  /** "Permitted Users": all users may authorize themselves, or administrators approve them beforehand. */
  readonly permittedUsers: "selfAuthorize" | "adminApproved";
  /** Usernames that have the app's permission set, or have authorized it themselves. `*` stands for everyone. */
  readonly approvedUsers: readonly string[];
  readonly jwtAccessTokens: boolean;
}

/** One request that the org has answered, in the order of arrival. */
export interface ReceivedRequest {
  readonly at: number;
  readonly on: string;
  readonly method: string;
  /** Path and query, percent-decoded. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** 0 where the connection was dropped without an answer. */
  readonly status: number;
}

export interface Counters {
  logins: number;
  refusedLogins: number;
  queries: number;
  pages: number;
  downloads: number;
  faults: number;
}

/** The log of requests is for tests; a long-running org keeps the newest. */
const REQUESTS_KEPT = 20_000;

/** Everything one org knows. Routes read and change it; the builder fills it. */
export class OrgState {
  readonly settings: OrgSettings;
  readonly orgId: string;
  readonly users = new Map<string, User>();
  readonly apps = new Map<string, App>();
  readonly logFiles = new Map<string, LogFile>();
  readonly records = new Map<string, SObjectRecord[]>();
  readonly addedFields = new Map<string, Field[]>();
  readonly tokens: AccessTokens;
  readonly faults = new FaultPlan();
  readonly results = new QueryResults();
  readonly counters: Counters = { logins: 0, refusedLogins: 0, queries: 0, pages: 0, downloads: 0, faults: 0 };
  /** `jti` values of accepted assertions. */
  readonly seenAssertions = new Set<string>();
  /** Times of each user's logins within the last hour. */
  readonly recentLogins = new Map<string, number[]>();
  readonly #machineNow: () => number;
  readonly #traffic = new Map<string, Traffic>();
  readonly #serials = new Map<string, number>();
  #requests: ReceivedRequest[] = [];

  constructor(settings: OrgSettings, orgSerial: number, machineNow: () => number) {
    this.settings = settings;
    this.orgId = recordId("00D", orgSerial);
    this.#machineNow = machineNow;
    this.tokens = new AccessTokens(() => this.now());
  }

  /** The org's time in milliseconds since the epoch. */
  now(): number {
    return this.#machineNow() + this.settings.clockOffsetMs;
  }

  /** The object as a user sees it, or as it is; undefined where it does not exist for the user. */
  sObject(name: string, user?: User): SObject | undefined {
    return visibleSObject(name, {
      hourlyFiles: user === undefined || this.settings.hourlyFiles,
      permissions: new Set(user?.permissions ?? PERMISSIONS),
      addedFields: this.addedFields,
      hiddenFields: user?.hiddenFields ?? [],
    });
  }

  /** A fresh record id; ids of one prefix ascend. */
  newId(prefix: string): string {
    const serial = (this.#serials.get(prefix) ?? 0) + 1;
    this.#serials.set(prefix, serial);
    return recordId(prefix, serial);
  }

  /** The traffic of a seed; its banks of rows are made once. */
  traffic(seed = "aquila", incidents: readonly Incident[] = []): Traffic {
    const key = JSON.stringify([seed, incidents]);
    const traffic = this.#traffic.get(key) ?? new Traffic(seed, this.orgId, incidents);
    this.#traffic.set(key, traffic);
    return traffic;
  }

  get requests(): readonly ReceivedRequest[] {
    return this.#requests;
  }

  received(request: ReceivedRequest): void {
    this.#requests.push(request);
    if (this.#requests.length > REQUESTS_KEPT) {
      this.#requests = this.#requests.slice(-REQUESTS_KEPT / 2);
    }
  }

  forgetRequests(): void {
    this.#requests = [];
  }
}
