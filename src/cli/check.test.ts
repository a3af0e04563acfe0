import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import type { Clock } from "../core/clock.ts";
import { ERRORS, type ErrorCode } from "../core/errors.ts";
import { silentLog } from "../core/log.ts";
import { Secret } from "../core/secret.ts";
import { check } from "./check.ts";
import { makeAppKey } from "./init/app_key.ts";
import { run } from "./run.ts";

const app = generateKeyPairSync("rsa", { modulusLength: 2048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PASSPHRASE = "correct horse battery staple";
const DAY = 86_400_000;

function pem(key: KeyObject, passphrase?: string): string {
  const encryption = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  return key.export({ type: "pkcs8", format: "pem", ...encryption }).toString();
}

const publicPem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();

/** An input of the policy, so far as a test changes it. */
interface InputBlock {
  name: string;
  auth: Record<string, string>;
  api: Record<string, unknown>;
  stream: Record<string, unknown>;
}

interface Way {
  readonly org: MockOrg;
  /** Changed by the test before it is written. */
  readonly input: InputBlock;
  readonly folder: string;
}

let org: MockOrg;
let folder: string;
let input: InputBlock;
let printed: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "check-"));
  org = await startMockOrg({ certificate: publicPem(app.publicKey) });
  const yesterday = new Date(Date.now() - (Date.now() % DAY) - DAY).toISOString();
  for (const eventType of ["Login", "LoginAs", "Logout"]) {
    await org.given.logFile({ eventType, logDate: yesterday, rows: [{ EVENT_TYPE: eventType }] });
  }
  await org.given.logFile({
    eventType: "Login",
    interval: "Hourly",
    logDate: yesterday,
    rows: [{ EVENT_TYPE: "Login" }],
  });
  writeFileSync(join(folder, "app.key"), pem(app.privateKey), { mode: 0o600 });
  input = inputOf("Acme production", org, join(folder, "app.key"));
  printed = [];
});
afterEach(async () => {
  await org.close();
  rmSync(folder, { recursive: true });
});

function inputOf(name: string, { url, clientId, username }: MockOrg, keyPath: string): InputBlock {
  return {
    name,
    auth: {
      login_url: url,
      audience: "https://login.salesforce.com",
      client_id: clientId,
      username,
      private_key_path: keyPath,
    },
    api: {},
    stream: { event_log_files: { event_types: ["Login", "LoginAs", "Logout"] } },
  };
}

function writePolicy(inputs: readonly InputBlock[], output: object = { type: "console" }): string {
  const path = join(folder, "policy.yml");
  const blocks = inputs.map(({ name, auth, api, stream }, index) => ({
    id: `aquila-salesforce-${index}`,
    name,
    type: "aquila-salesforce",
    auth,
    api,
    streams: [{ id: `login-${index}`, data_stream: { dataset: "aquila_salesforce.login" }, ...stream }],
  }));
  writeFileSync(path, stringify({ outputs: { default: output }, inputs: blocks }), { mode: 0o600 });
  return path;
}

interface Line {
  readonly kind: string;
  readonly name: string;
  readonly step: string;
  readonly verdict: string;
  readonly message: string;
  readonly cure?: string;
  readonly code?: string;
}

interface Outcome {
  readonly exitCode: number;
  readonly lines: readonly Line[];
}

async function checked(
  policy: string,
  more: { certificate?: string; org?: string } = {},
  clock?: Clock,
  print: (line: string) => void = () => {},
): Promise<Outcome> {
  const exitCode = await check(
    { policy, json: true, ...more },
    {
      environment: {},
      print: (line) => {
        printed.push(line);
        print(line);
      },
      coloured: false,
      stop: new AbortController().signal,
      ...(clock === undefined ? {} : { clock }),
    },
  );
  return { exitCode, lines: printed.map((line): Line => JSON.parse(line)) };
}

test("an org that is set up right has nothing but ok", async () => {
  const { exitCode, lines } = await checked(writePolicy([input]));
  expect(lines.map(({ step, verdict }) => `${step}: ${verdict}`)).toEqual([
    "private key: ok",
    "login host: ok",
    "clock: ok",
    "login: ok",
    "API version: ok",
    "organization: ok",
    "event log files: ok",
    "hourly files: ok",
    "names: ok",
    "API calls: ok",
    "console: ok",
    "undefined: undefined",
  ]);
  expect(lines.find(({ step }) => step === "organization")?.message).toBe(
    `Acme production (${org.orgId}), Enterprise Edition, no sandbox, instance EU45.`,
  );
  expect(lines.find(({ step }) => step === "event log files")?.message).toMatch(
    /^aquila_salesforce\.login: Login \(daily since \d{4}-\d\d-\d\d, hourly since .*\), LoginAs \(daily since .*\), Logout/,
  );
  const hourly = (await org.given.logFiles()).filter(({ interval }) => interval === "Hourly");
  const newest = hourly
    .map(({ logDate }) => new Date(logDate).toISOString())
    .toSorted()
    .at(-1);
  expect(lines.find(({ step }) => step === "hourly files")?.message).toBe(
    `The newest covers the hour from ${newest?.slice(0, 16)}Z.`,
  );
  expect(lines.at(-1)).toEqual({
    kind: "summary",
    message: "1 of 1 orgs can be collected.",
    ok: 11,
    warning: 0,
    failed: 0,
    skipped: 0,
  });
  expect(exitCode).toBe(0);
  const asked = (await org.given.requests()).filter(({ target }) => target.includes("FROM User"));
  expect(asked).toHaveLength(1);
});

test("an org that does not count its files is asked for a list of them", async () => {
  const body = [{ errorCode: "MALFORMED_QUERY", message: "Grouping is not supported" }];
  await org.given.fault({ on: "query", match: "COUNT(Id)", status: 400, body });
  const { exitCode, lines } = await checked(writePolicy([input]));
  expect(lines.find(({ step }) => step === "event log files")).toMatchObject({
    verdict: "ok",
    message: expect.stringMatching(/Login \(daily since .*, hourly since .*\), LoginAs \(daily since/),
  });
  expect(exitCode).toBe(0);
});

const POLICIES = "Setup > External Client App Manager > the app > Policies";

/** What is set wrong, and what check says about it: step, verdict, cause and cure. */
const WAYS: ReadonlyArray<{
  readonly way: string;
  readonly set: (at: Way) => unknown;
  readonly step: string;
  readonly verdict: "failed" | "warning";
  readonly cause: RegExp;
  /** Absent where the cause's sentence says it. */
  readonly cure?: string;
}> = [
  {
    way: "the key file is not there",
    set: (at) => (at.input.auth.private_key_path = join(at.folder, "ap.key")),
    step: "private key",
    verdict: "failed",
    cause: /^The private key file .*ap\.key can't be read \(ENOENT\)\.$/,
    cure: "Check auth.private_key_path: there is no such file.",
  },
  {
    way: "the key file is open to everybody",
    set: (at) => chmodSync(join(at.folder, "app.key"), 0o644),
    step: "private key",
    verdict: "warning",
    cause: /^RSA, 2048 bits\. .*app\.key is open to other users of this machine \(mode 644\).*Close it with: chmod 600/,
  },
  {
    way: "the public key in place of the private one",
    set: (at) => writeFileSync(join(at.folder, "app.key"), publicPem(app.publicKey)),
    step: "private key",
    verdict: "failed",
    cause: /holds a public key, not the private key\.$/,
    cure: "Use the private key that belongs to it.",
  },
  {
    way: "a key of another kind than RSA",
    set: (at) =>
      writeFileSync(join(at.folder, "app.key"), pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey)),
    step: "private key",
    verdict: "failed",
    cause: /is of type EC; Salesforce takes RSA keys only\.$/,
    cure: "Make an RSA key of 2048 bits or more with its certificate, and upload that certificate to the app.",
  },
  {
    way: "an encrypted key without its passphrase",
    set: (at) => writeFileSync(join(at.folder, "app.key"), pem(app.privateKey, PASSPHRASE)),
    step: "private key",
    verdict: "failed",
    cause: /is encrypted\.$/,
    cure: "Set auth.private_key_passphrase.",
  },
  {
    way: "the wrong passphrase",
    set: (at) => {
      writeFileSync(join(at.folder, "app.key"), pem(app.privateKey, PASSPHRASE));
      at.input.auth.private_key_passphrase = "incorrect horse";
    },
    step: "private key",
    verdict: "failed",
    cause: /^The passphrase does not open the private key/,
    cure: "Correct auth.private_key_passphrase.",
  },
  {
    way: "nobody listens at the login host",
    set: async (at) => (at.input.auth.login_url = `http://127.0.0.1:${await closedPort()}`),
    step: "login host",
    verdict: "failed",
    cause: /^No answer from 127\.0\.0\.1:\d+: the connection was refused \(ECONNREFUSED\)\.$/,
    cure: "Check auth.login_url, and the proxy and firewall on the way to it.",
  },
  {
    way: "the login host asks for http",
    set: (at) => (at.input.auth.login_url = at.org.url.replace("http:", "https:")),
    step: "login host",
    verdict: "failed",
    cause: /^No answer from 127\.0\.0\.1:\d+: it speaks http at this port, not https/,
    cure: "Name the port that speaks https. On this machine itself http:// is possible too.",
  },
  {
    way: "the clock is wrong",
    set: (at) => at.org.given.org({ clockOffsetMs: 600_000 }),
    step: "clock",
    verdict: "warning",
    cause: /^This machine's clock is (9m 59s|10m) behind Salesforce's\.$/,
    cure: "Set it by a time server (NTP). Until then the runner logs in with Salesforce's time.",
  },
  {
    way: "the login URL is no Salesforce",
    set: (at) => at.org.given.fault({ on: "token", status: 404, body: "<html>Not Found</html>" }),
    step: "login",
    verdict: "failed",
    cause: /^There is no Salesforce login at 127\.0\.0\.1:\d+ \(404\)\.$/,
    cure: "Check login_url: https://login.salesforce.com, https://test.salesforce.com or the org's My Domain.",
  },
  {
    way: "the consumer key is another one",
    set: (at) => (at.input.auth.client_id = "3MVG9other"),
    step: "login",
    verdict: "failed",
    cause: /refused the login: client identifier invalid\.$/,
    cure: "Check client_id: it is the Consumer Key under Setup > External Client App Manager > the app > Settings > OAuth Settings. A new app is known after up to 10 minutes.",
  },
  {
    way: "the app is not installed",
    set: (at) => at.org.given.app({ clientId: at.org.clientId, installed: false }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: External client app is not installed in this org\.$/,
    cure: "Install the app in this org: since September 2025 Salesforce blocks apps that are not (Setup > Connected Apps OAuth Usage > Install; for an external client app, its package). Or make an external client app in the org itself.",
  },
  {
    way: "the app has another certificate",
    set: (at) => at.org.given.certificate(at.org.clientId, publicPem(other.publicKey)),
    step: "login",
    verdict: "failed",
    cause: /refused the login: invalid assertion\.$/,
    cure: "The private key does not belong to the app's certificate, or client_id is another app's. Upload the certificate of this key under Setup > External Client App Manager > the app > Settings > OAuth Settings.",
  },
  {
    way: "a sandbox with the audience of production",
    set: (at) => at.org.given.org({ sandbox: true }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: audience is invalid\.$/,
    cure: "Set auth.audience: https://test.salesforce.com for a sandbox or scratch org, https://login.salesforce.com otherwise.",
  },
  {
    way: "the user name is unknown",
    set: (at) => (at.input.auth.username = "elastic@acme.example.uat"),
    step: "login",
    verdict: "failed",
    cause: /refused the login: user is invalid\.$/,
    cure: "Check username: it is the user name of a user of this org, not its email address.",
  },
  {
    way: "the user is frozen",
    set: (at) => at.org.given.user({ username: at.org.username, frozen: true }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: inactive user\.$/,
    cure: "The user is deactivated or frozen: activate or unfreeze it under Setup > Users. Salesforce itself freezes a user that connects from an anonymizing VPN, proxy or other high-risk address; then let the runner out by another address first. The user's Login History in Setup shows the address it came from.",
  },
  {
    way: "this machine is outside of the login IP ranges",
    set: (at) => at.org.given.user({ username: at.org.username, ipRestricted: true }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: ip restricted or invalid login hours\.$/,
    cure: `Add this machine's address to the Login IP Ranges of the user's profile, check its Login Hours, or set IP Relaxation under ${POLICIES}.`,
  },
  {
    way: "all users may authorize themselves",
    set: (at) => at.org.given.app({ clientId: at.org.clientId, permittedUsers: "selfAuthorize", approvedUsers: [] }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: user hasn't approved this consumer\.$/,
    cure: `Set Permitted Users to 'Admin approved users are pre-authorized' and assign the permission set. Both are under ${POLICIES}. A change takes up to 10 minutes. If they are right, check that login_url is this org's.`,
  },
  {
    way: "the user has none of the app's permission sets",
    set: (at) => at.org.given.app({ clientId: at.org.clientId, approvedUsers: [] }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: user is not admin approved to access this app\.$/,
    cure: `Add a permission set to the app under ${POLICIES} > App Policies, and assign it to the user. A change takes up to 10 minutes.`,
  },
  {
    way: "the org is locked",
    set: (at) => at.org.given.org({ active: false }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: organization is locked, closed or suspended\.$/,
    cure: "The org is locked, closed or suspended. Ask Salesforce or the org's administrator.",
  },
  {
    way: "too many logins",
    set: (at) => at.org.given.org({ loginsPerHour: 0 }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: Number of logins exceeded\.$/,
    cure: "The user may log in 3,600 times an hour. Find the program that logs in so often, or give the runner a user of its own.",
  },
  {
    way: "an API version that is too new",
    set: (at) => (at.input.api.version = "99.0"),
    step: "API version",
    verdict: "failed",
    cause: /^The org does not offer API version 99\.0, only 31\.0 to 68\.0\.$/,
    cure: 'Set api.version to "68.0".',
  },
  {
    way: "an API version that is about to be retired",
    set: (at) => {
      const body = ["65.0", "66.0", "67.0", "68.0"].map((version) => ({ version }));
      return at.org.given.fault({ on: "versions", body });
    },
    step: "API version",
    verdict: "warning",
    cause: /^66\.0 is among the oldest that the org offers \(65\.0 to 68\.0\)\.$/,
    cure: 'Set api.version to "68.0".',
  },
  {
    way: "the user lacks API Enabled",
    set: (at) => at.org.given.user({ username: at.org.username, permissions: ["ViewEventLogFiles"] }),
    step: "organization",
    verdict: "failed",
    cause: /has the API switched off for this user or org .*API is disabled for this User/,
    cure: "Assign the integration user a permission set with 'API Enabled'; a user of the Salesforce Integration licence needs the permission set licence 'Salesforce API Integration' too. The org's edition must include API access.",
  },
  {
    way: "the API calls of the day are used up",
    set: (at) => at.org.given.org({ apiRequestsUsed: 100_000 }),
    step: "organization",
    verdict: "failed",
    cause: /has no API calls left for this org .*REQUEST_LIMIT_EXCEEDED/,
    cure: "Collection goes on when the 24-hour allocation allows it; see Setup > Company Information > API Requests.",
  },
  {
    way: "the user does not see the org's own record",
    set: (at) => {
      const body = [{ errorCode: "INVALID_TYPE", message: "sObject type 'Organization' is not supported." }];
      return at.org.given.fault({ on: "query", match: "FROM Organization", status: 400, body });
    },
    step: "organization",
    verdict: "warning",
    cause: /^00D\w{15}\. The user does not see the org's own record\.$/,
  },
  {
    way: "the user lacks View Event Log Files",
    set: (at) => at.org.given.user({ username: at.org.username, permissions: ["ApiEnabled", "ViewAllUsers"] }),
    step: "event log files",
    verdict: "failed",
    cause: /does not show this object to the integration user .*INVALID_TYPE/,
    cure: "Event log files need 'View Event Log Files'; real-time objects need Event Monitoring, 'View Real-Time Event Monitoring Data' and storage enabled in Event Manager.",
  },
  {
    way: "the org has no hourly files",
    set: (at) => at.org.given.org({ hourlyFiles: false }),
    step: "hourly files",
    verdict: "warning",
    cause:
      /^This org makes no hourly event log files, so daily ones are collected\. .*Setup > Event Monitoring Settings\.$/,
  },
  {
    way: "an org without Event Monitoring is to give what needs it",
    set: async (at) => {
      at.input.stream = { event_log_files: { event_types: ["Login", "LoginAs", "Logout"], interval: "daily" } };
      for (const file of await at.org.given.logFiles()) {
        if (file.eventType === "LoginAs" || file.interval === "Hourly") {
          await at.org.given.deletedLogFile(file.id);
        }
      }
    },
    step: "event log files",
    verdict: "warning",
    cause: /^aquila_salesforce\.login: LoginAs will stay empty: the org has no file of any event type that needs Event/,
    cure: "They come with Salesforce Shield or the Event Monitoring add-on; without it, take them out of event_log_files.event_types.",
  },
  {
    way: "the user sees no other users",
    set: (at) => at.org.given.user({ username: at.org.username, permissions: ["ApiEnabled", "ViewEventLogFiles"] }),
    step: "names",
    verdict: "warning",
    cause: /^Names of other users are not visible: events have the ids alone\.$/,
    cure: "Assign the integration user a permission set with 'View All Users', or set names to none.",
  },
  {
    way: "the user lacks View Real-Time Event Monitoring Data",
    set: async (at) => {
      at.input.stream.objects = { enabled: true, names: ["LoginEvent"] };
      const permissions = ["ApiEnabled", "ViewEventLogFiles", "ViewAllUsers"] as const;
      await at.org.given.user({ username: at.org.username, permissions });
    },
    step: "event objects",
    verdict: "warning",
    cause: /does not show this object to the integration user \(query of LoginEvent; INVALID_TYPE/,
    cure: "Assign the integration user a permission set with 'API Enabled' and 'View Real-Time Event Monitoring Data', and enable storage of LoginEvent in Setup > Event Manager. Both need Salesforce Shield or the Event Monitoring add-on; without it, take LoginEvent out of objects.names.",
  },
  {
    way: "LoginHistory shows just the user's own logins",
    set: async (at) => {
      at.input.stream.objects = { enabled: true, names: ["LoginHistory"] };
      const permissions = ["ApiEnabled", "ViewEventLogFiles", "ViewAllUsers"] as const;
      const { id } = await at.org.given.user({ username: at.org.username, permissions });
      await at.org.given.records("LoginHistory", [
        { UserId: id, LoginTime: new Date(Date.now() - 60_000).toISOString() },
      ]);
    },
    step: "event objects",
    verdict: "warning",
    cause: /^LoginHistory: only the integration user's own logins are visible\.$/,
    cure: "Assign it a permission set with 'Monitor Login History' or 'Manage Users'.",
  },
  {
    way: "the share of the API calls is too small",
    set: (at) => at.org.given.org({ apiRequestsMax: 500 }),
    step: "API calls",
    verdict: "warning",
    cause:
      /^\d+ of the org's 500 calls were used in the last 24 hours; this policy makes about 219 a day, of its share of 100\.$/,
    cure: "Beyond its share the integration waits. Raise api.daily_request_share, poll less often, or collect fewer event types.",
  },
  {
    way: "a setting is misspelt",
    set: (at) => (at.input.auth.user_name = "elastic@acme.example"),
    step: "policy",
    verdict: "failed",
    cause: /auth\.user_name: is no setting; did you mean username\?$/,
  },
];

describe("an org that is set up wrong", () => {
  test.each(WAYS)("$way", async ({ set, step, verdict, cause, cure }) => {
    await set({ org, input, folder });
    const { exitCode, lines } = await checked(writePolicy([input]));
    const findings = lines.filter((line) => line.kind === "organization");
    const found = findings.filter((line) => line.verdict !== "ok" && line.verdict !== "skipped");
    expect(found.map((line) => `${line.step}: ${line.verdict}`)).toEqual([`${step}: ${verdict}`]);
    expect(found[0]?.message).toMatch(cause);
    expect(found[0]?.cure).toBe(cure);
    const code = found[0]?.code ?? "";
    const remote = Object.hasOwn(ERRORS, code) && ERRORS[code as ErrorCode].fault !== "configuration";
    if (verdict !== "failed") {
      expect(exitCode).toBe(0);
    } else if (remote) {
      expect(exitCode).toBe(1);
    } else if (code === "api_version_retired") {
      // A run meets a plain 404 here, which is no proof, and tries again.
      expect(exitCode).toBe(2);
    } else {
      expect(exitCode).toBe(2);
      const once = {
        policy: writePolicy([input], { type: "file", path: folder }),
        dataDirectory: join(folder, "data"),
        once: true,
      };
      const stop = new AbortController().signal;
      expect(await run(once, { environment: {}, log: silentLog, stop })).toBe(2);
    }
    for (const secret of [pem(app.privateKey).slice(100, 160), PASSPHRASE, "incorrect horse"]) {
      expect(printed.join("\n")).not.toContain(secret);
    }
  });
});

test("objects that not every org has are told in one finding, which is no warning", async () => {
  input.stream = { data_stream: { dataset: "aquila_salesforce.threat" } };
  const permissions = ["ApiEnabled", "ViewEventLogFiles", "ViewAllUsers"] as const;
  await org.given.user({ username: org.username, permissions });
  const ofObjects = async () => {
    printed = [];
    const { lines } = await checked(writePolicy([input]));
    return lines.filter(({ step }) => step === "event objects").map(({ verdict, message }) => `${verdict}: ${message}`);
  };
  expect(await ofObjects()).toEqual([
    expect.stringMatching(/^ok: Not there .*: ApiAnomalyEventStore, .*, UniversalAnomalyEventStore\. .* Shield /),
  ]);
  await org.given.user({ username: org.username, permissions: [...permissions, "ViewRealTimeEventMonitoringData"] });
  expect(await ofObjects()).toHaveLength(7);
});

test("an org with hourly files has Event Monitoring, whatever types there are", async () => {
  for (const file of await org.given.logFiles()) {
    if (file.eventType === "LoginAs") {
      await org.given.deletedLogFile(file.id);
    }
  }
  const { lines } = await checked(writePolicy([input]));
  expect(lines.filter(({ verdict }) => verdict === "warning")).toEqual([]);
  expect(lines.map(({ message }) => message).join("\n")).toContain(
    "no file of LoginAs, as nothing of the kind happened",
  );
});

test("shows the address that Salesforce sees the user come from", async () => {
  const { id: userId } = await org.given.user({ username: org.username });
  const login = { UserId: userId, SourceIp: "203.0.113.7", LoginTime: new Date().toISOString(), Status: "Success" };
  await org.given.records("LoginHistory", [login]);
  const { lines } = await checked(writePolicy([input]));
  expect(lines.find(({ step }) => step === "egress address")?.message).toMatch(/^Salesforce sees 203\.0\.113\.7\. /);
});

test("finds the certificate that init puts beside the key, and says when it ends", async () => {
  const now = Date.now();
  const made = await makeAppKey({ bits: 2048, commonName: "app", days: 10, passphrase: undefined, now });
  writeFileSync(join(folder, "app.key"), made.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, "certificate.crt"), made.certificate);
  await org.given.certificate(org.clientId, made.certificate);
  const { exitCode, lines } = await checked(writePolicy([input]));
  expect(lines.find(({ step }) => step === "certificate")).toMatchObject({
    verdict: "warning",
    message: expect.stringContaining("certificate.crt ends on "),
  });
  expect(exitCode).toBe(0);
});

test("a hundred orgs take no longer than one that hangs, and that one is given up", { timeout: 60_000 }, async () => {
  const hanging = await startMockOrg({ certificate: publicPem(app.publicKey), serial: 2 });
  try {
    await hanging.given.fault({ on: "token", hang: true });
    const key = join(folder, "app.key");
    const policy = writePolicy([
      inputOf("Hanging", hanging, key),
      ...Array.from({ length: 99 }, (_, n) => inputOf(`Org ${n}`, org, key)),
    ]);
    const clock = new ManualClock(Date.now());
    const start = clock.now();
    const looked = new Set<string>();
    const outcome = await checked(policy, {}, clock, (line) => {
      const { kind, name } = JSON.parse(line);
      if (kind === "organization") {
        looked.add(name);
      }
      if (looked.size === 99) {
        clock.advance((clock.nextWake ?? start) - clock.now());
      }
    });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.lines.filter(({ verdict }) => verdict === "failed")).toEqual([
      expect.objectContaining({
        name: "Hanging",
        step: "login",
        code: "timed_out",
        message: "No answer within 20 s; the check went no further.",
      }),
    ]);
    expect(outcome.lines.at(-1)?.message).toMatch(/^99 of 100 orgs can be collected\./);
    expect(clock.now() - start).toBeLessThan(30_000);
  } finally {
    await hanging.close();
  }
});

test("one org of several is looked at alone; a misspelt one is asked about", async () => {
  const policy = writePolicy([input, { ...input, name: "Acme sandbox" }]);
  const { lines } = await checked(policy, { org: "Acme sandbox" });
  expect(new Set(lines.filter(({ kind }) => kind === "organization").map(({ name }) => name))).toEqual(
    new Set(["Acme sandbox"]),
  );
  await expect(checked(policy, { org: "Acme sandbux" })).rejects.toMatchObject({
    code: "usage",
    cure: "Did you mean Acme sandbox?",
  });
});

test("what Salesforce echoes of a secret is in no finding", async () => {
  const secret = new Secret("00D000000000001!AQ.echoed");
  await org.given.fault({
    on: "query",
    status: 400,
    body: [{ errorCode: "MALFORMED_QUERY", message: `unexpected token near ${secret.reveal()}` }],
  });
  const { lines } = await checked(writePolicy([input]));
  expect(JSON.stringify(lines)).toContain("unexpected token near [secret]");
  expect(JSON.stringify(lines)).not.toContain(secret.reveal());
  await org.given.noFault();
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
