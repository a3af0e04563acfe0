import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createLog } from "../core/log.ts";
import { check } from "./check.ts";
import { type InitOptions, init, type SetUpOptions } from "./init.ts";
import { run } from "./run.ts";

const DAY = 86_400_000;
const USERNAME = "elastic@acme.example";

interface StreamBlock {
  readonly data_stream: { readonly dataset: string };
  readonly objects?: object;
}

let folder: string;
let out: string;
let printed: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "init-"));
  out = join(folder, "acme");
  printed = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const KEY = { bits: 2048, days: 730, commonName: "aquila-salesforce", passphraseVariable: undefined, force: false };

function setUp(more: Partial<SetUpOptions> = {}): SetUpOptions {
  return {
    ...KEY,
    out,
    rotate: false,
    username: USERNAME,
    organizationName: "Acme production",
    loginUrl: "https://login.salesforce.com",
    contactEmail: USERNAME,
    realTime: false,
    viewAllData: false,
    ...more,
  };
}

function initialized(options: InitOptions, environment: Record<string, string> = {}, clock = new ManualClock()) {
  return init(options, { environment, print: (line) => printed.push(line), clock });
}

const text = (name: string) => readFileSync(join(out, name), "utf8");

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The elements of an XML text by name, in order; throws if its tags are not balanced. */
function elements(xml: string): [name: string, value: string][] {
  const open: string[] = [];
  const found: [string, string][] = [];
  for (const [, closing, name = "", inner = ""] of xml.matchAll(/<(\/?)([A-Za-z]+)[^>]*>([^<]*)/g)) {
    if (closing !== "/") {
      open.push(name);
      found.push([name, inner.trim()]);
    } else if (open.pop() !== name) {
      throw new Error(`</${name}> closes nothing`);
    }
  }
  if (open.length > 0) {
    throw new Error(`${open.join(", ")} is not closed`);
  }
  return found;
}

describe("init", () => {
  test("makes a key, its certificate and a policy that nobody else can read", async () => {
    const clock = new ManualClock(Date.UTC(2026, 6, 17));
    expect(await initialized(setUp({ bits: 3072 }), {}, clock)).toBe(0);
    const key = createPrivateKey(text("private_key.pem"));
    const certificate = new X509Certificate(text("certificate.crt"));
    expect(key.asymmetricKeyDetails?.modulusLength).toBe(3072);
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.subject).toBe("CN=aquila-salesforce");
    expect(certificate.validToDate.toISOString()).toBe("2028-07-16T00:00:00.000Z");
    for (const path of filesBelow(out)) {
      expect([path, statSync(path).mode & 0o777]).toEqual([path, 0o600]);
    }
    expect(printed.join("\n")).not.toContain("BEGIN");
  });

  test("the certificate of the longest key is below Salesforce's 4 KB", async () => {
    await initialized(setUp({ bits: 4096, commonName: "x".repeat(64) }));
    expect(text("certificate.crt").length).toBeLessThan(4_096);
  });

  test("a passphrase from the environment encrypts the key, and the policy names the variable", async () => {
    await initialized(setUp({ passphraseVariable: "SF_PASSPHRASE" }), { SF_PASSPHRASE: "open sesame" });
    expect(text("private_key.pem")).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    expect(createPrivateKey({ key: text("private_key.pem"), passphrase: "open sesame" }).asymmetricKeyType).toBe("rsa");
    expect(parse(text("policy.yml")).inputs[0].auth.private_key_passphrase).toMatch(/^\$\{env\.SF_PASSPHRASE\}$/);
    for (const path of filesBelow(out)) {
      expect(readFileSync(path, "utf8")).not.toContain("open sesame");
    }
    await expect(initialized(setUp({ passphraseVariable: "NOT_SET", force: true }))).rejects.toMatchObject({
      code: "usage",
      message: "The environment variable NOT_SET is not set.",
    });
  });

  test("the Salesforce project gives the least that is needed, to nobody else", async () => {
    await initialized(setUp());
    const metadata = new Map(
      filesBelow(out)
        .filter((path) => path.endsWith(".xml"))
        .map((path) => [path.slice(out.length + 1), elements(readFileSync(path, "utf8"))]),
    );
    expect([...metadata.keys()].sort()).toEqual([
      "connected-app/main/default/connectedApps/AQUILA_Event_Logs.connectedApp-meta.xml",
      "force-app/main/default/externalClientApps/AQUILA_Event_Logs.eca-meta.xml",
      "force-app/main/default/extlClntAppGlobalOauthSets/AQUILA_Event_Logs_glbloauth.ecaGlblOauth-meta.xml",
      "force-app/main/default/extlClntAppOauthPolicies/AQUILA_Event_Logs_oauthPlcy.ecaOauthPlcy-meta.xml",
      "force-app/main/default/extlClntAppOauthSettings/AQUILA_Event_Logs_oauth.ecaOauth-meta.xml",
      "force-app/main/default/extlClntAppPolicies/AQUILA_Event_Logs_plcy.ecaPlcy-meta.xml",
      "force-app/main/default/permissionsets/AQUILA_Event_Log_Integration.permissionset-meta.xml",
    ]);
    const valuesOf = (file: string, name: string) =>
      [...metadata].find(([path]) => path.includes(file))?.[1].flatMap(([at, value]) => (at === name ? [value] : []));
    expect(valuesOf("permissionset-meta", "name")).toEqual(["ApiEnabled", "ViewEventLogFiles"]);
    expect(valuesOf("ecaOauthPlcy", "permittedUsersPolicyType")).toEqual(["AdminApprovedPreAuthorized"]);
    expect(valuesOf("ecaOauthPlcy", "commaSeparatedPermissionSet")).toEqual(["AQUILA_Event_Log_Integration"]);
    expect(valuesOf("ecaOauth-meta", "commaSeparatedOauthScopes")).toEqual(["Api,RefreshToken"]);
    const { auth } = parse(text("policy.yml")).inputs[0];
    for (const file of ["ecaGlblOauth", "connectedApp-meta"]) {
      expect(valuesOf(file, "consumerKey")).toEqual([auth.client_id]);
      expect(valuesOf(file, "certificate")).toEqual([text("certificate.crt").trim()]);
    }
    expect(JSON.parse(text("sfdx-project.json")).packageDirectories).toContainEqual({
      path: "force-app",
      default: true,
    });
  });

  test("real-time events and all data only where they are asked for", async () => {
    await initialized(setUp({ realTime: true, viewAllData: true }));
    const permissionSet = text(
      "force-app/main/default/permissionsets/AQUILA_Event_Log_Integration.permissionset-meta.xml",
    );
    expect(elements(permissionSet).flatMap(([name, value]) => (name === "name" ? [value] : []))).toEqual([
      "ApiEnabled",
      "ViewEventLogFiles",
      "ViewRealTimeEventMonitoringData",
      "ViewAllData",
    ]);
    const { streams } = parse(text("policy.yml")).inputs[0];
    expect(streams.map(({ data_stream, objects }: StreamBlock) => [data_stream.dataset, objects])).toEqual([
      ["aquila_salesforce.login", { enabled: true }],
      ["aquila_salesforce.apex", undefined],
      ["aquila_salesforce.api", { enabled: true }],
    ]);
  });

  test("nothing is overwritten without --force", async () => {
    await initialized(setUp());
    const key = text("private_key.pem");
    await expect(initialized(setUp())).rejects.toMatchObject({
      code: "usage",
      cure: "Choose another folder with --out, or overwrite them with --force: a key that is overwritten is lost.",
    });
    expect(text("private_key.pem")).toBe(key);
    await initialized(setUp({ force: true }));
    expect(text("private_key.pem")).not.toBe(key);
  });
});

describe("init --rotate", () => {
  const rotation = (more: object = {}) => ({ ...KEY, out, rotate: true as const, ...more });

  test("makes the next key beside the present one and says when to switch", async () => {
    const clock = new ManualClock(Date.UTC(2026, 6, 17));
    await initialized(setUp(), {}, clock);
    const present = text("private_key.pem");
    clock.advance(700 * DAY);
    printed = [];
    await initialized(rotation(), {}, clock);
    expect(text("private_key.pem")).toBe(present);
    const next = new X509Certificate(text("certificate.next.crt"));
    expect(next.checkPrivateKey(createPrivateKey(text("private_key.next.pem")))).toBe(true);
    expect(
      text("force-app/main/default/extlClntAppGlobalOauthSets/AQUILA_Event_Logs_glbloauth.ecaGlblOauth-meta.xml"),
    ).toContain(text("certificate.next.crt").split("\n")[1]);
    expect(printed[1]).toBe(
      "The present certificate ends on 2028-07-16: switch by 2028-07-02, at any time of the day.",
    );
    await expect(initialized(rotation())).rejects.toMatchObject({ code: "usage" });
  });

  test("needs a certificate to be followed", async () => {
    await expect(initialized(rotation())).rejects.toMatchObject({
      code: "usage",
      cure: "Name the folder that aquila-salesforce init has made with --out.",
    });
  });
});

describe("the first hour", () => {
  let org: MockOrg;
  beforeEach(async () => {
    org = await startMockOrg({});
    await org.given.user({ username: USERNAME, permissions: ["ApiEnabled", "ViewEventLogFiles"] });
    await org.given.traffic({ rowsPerDay: { Login: 24, ApexExecution: 24, RestApi: 24 }, days: 2, seed: "first hour" });
  });
  afterEach(() => org.close());

  /** As somebody does who has no Elasticsearch at hand. */
  function policyWithFileOutput(): string {
    const policy = parse(text("policy.yml"));
    const path = join(out, "local.yml");
    const changed = { ...policy, outputs: { default: { type: "file", path: join(out, "events") } } };
    writeFileSync(path, stringify(changed), { mode: 0o600 });
    return path;
  }

  async function checkedCode(policy: string): Promise<{ code: number; causes: string[] }> {
    const lines: string[] = [];
    const code = await check(
      { policy, json: true, certificate: join(out, "certificate.crt") },
      { environment: {}, print: (line) => lines.push(line), coloured: false, stop: new AbortController().signal },
    );
    const causes = lines.map((line) => JSON.parse(line)).filter(({ verdict }) => verdict === "failed");
    return { code, causes: causes.map(({ message }) => message) };
  }

  test("from init to events, and on after a rotation", { timeout: 60_000 }, async () => {
    await initialized(setUp({ loginUrl: org.url }), {}, new ManualClock(Date.now()));
    const policy = policyWithFileOutput();
    const clientId = String(parse(readFileSync(policy, "utf8")).inputs[0].auth.client_id);

    expect(await checkedCode(policy)).toEqual({
      code: 1,
      causes: ["Salesforce refused the login: client identifier invalid."],
    });
    await org.given.app({ clientId, certificate: text("certificate.crt"), approvedUsers: [] });
    expect(await checkedCode(policy)).toEqual({
      code: 1,
      causes: ["Salesforce refused the login: user is not admin approved to access this app."],
    });
    await org.given.app({ clientId, approvedUsers: [USERNAME] });
    expect(await checkedCode(policy)).toEqual({ code: 0, causes: [] });

    const stop = new AbortController().signal;
    const collected = () =>
      run(
        { policy, dataDirectory: join(out, "data"), once: true },
        { environment: {}, log: createLog(() => {}), stop },
      );
    expect(await collected()).toBe(0);
    const events = filesBelow(join(out, "events"));
    expect(events.map((path) => path.slice(out.length)).sort()).toEqual(
      expect.arrayContaining([
        "/events/logs-aquila_salesforce.apex-default.ndjson",
        "/events/logs-aquila_salesforce.api-default.ndjson",
        "/events/logs-aquila_salesforce.login-default.ndjson",
      ]),
    );

    await initialized({ ...KEY, out, rotate: true }, {}, new ManualClock(Date.now()));
    await org.given.certificate(clientId, text("certificate.next.crt"));
    expect((await checkedCode(policy)).causes).toEqual(["Salesforce refused the login: invalid assertion."]);
    renameSync(join(out, "private_key.next.pem"), join(out, "private_key.pem"));
    renameSync(join(out, "certificate.next.crt"), join(out, "certificate.crt"));
    expect(await checkedCode(policy)).toEqual({ code: 0, causes: [] });
    expect(await collected()).toBe(0);
  });
});
