import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { inlineCommands, runnerArguments, shellBlocks } from "../../_dev/scripts/docs/commands.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { THREAT_TYPES } from "../catalog/threat.ts";
import type { RunnerError } from "../core/errors.ts";
import type { Http, HttpRequest } from "../core/http.ts";
import { createLog } from "../core/log.ts";
import { parseCommand } from "./args.ts";
import { check } from "./check.ts";
import { API_KEY_BODY } from "./init/api_key.ts";
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

  test("the certificate of the longest key is below Salesforce's 4 KB", { timeout: 60_000 }, async () => {
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
    expect(valuesOf("permissionset-meta", "name")).toEqual([
      "ApiEnabled",
      "ViewEventLogFiles",
      "ViewAllUsers",
      "ViewSetup",
    ]);
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
      "ViewAllUsers",
      "ViewRealTimeEventMonitoringData",
      "MonitorLoginHistory",
      "ViewSetup",
      "ViewAllData",
    ]);
    const { streams } = parse(text("policy.yml")).inputs[0];
    expect(streams.map(({ data_stream, objects }: StreamBlock) => [data_stream.dataset, objects])).toEqual([
      [
        "aquila_salesforce.login",
        { enabled: true, names: ["LoginEvent", "LogoutEvent", "LoginAsEvent", "LoginHistory"] },
      ],
      ["aquila_salesforce.apex", undefined],
      ["aquila_salesforce.api", { enabled: true, names: ["ApiEvent", "BulkApiResultEventStore"] }],
      [
        "aquila_salesforce.data_access",
        { enabled: true, names: ["ReportEvent", "ListViewEvent", "FileEventStore", "PermissionSetEventStore"] },
      ],
      ["aquila_salesforce.setup_audit_trail", { enabled: true, names: ["SetupAuditTrail"] }],
      ["aquila_salesforce.threat", { enabled: true, names: THREAT_TYPES.map(({ name }) => name) }],
    ]);
  });

  test("real-time events are switched on apart from the rest, and live ones said how", async () => {
    await initialized(setUp({ realTime: true }));
    const settings = text("event-manager/main/default/settings/RealTimeEvent.settings-meta.xml");
    const named = elements(settings).flatMap(([name, value]) => (name === "entityName" ? [value] : []));
    expect(named.slice(0, 5)).toEqual([
      "LoginEvent",
      "LoginEventStream",
      "LogoutEvent",
      "LoginAsEvent",
      "LoginAsEventStream",
    ]);
    expect(named).toContain("ApiAnomalyEvent");
    expect(named).not.toContain("LoginHistory");
    expect(settings).toContain("<RealTimeEventSettings");
    expect(JSON.parse(text("sfdx-project.json")).packageDirectories).toContainEqual({ path: "event-manager" });
    expect(text("NEXT_STEPS.md")).toContain("--source-dir event-manager/main/default");
    expect(text("NEXT_STEPS.md")).toContain("`live: {enabled: true}`");
  });

  test("without them there is nothing of Event Manager", async () => {
    await initialized(setUp());
    expect(existsSync(join(out, "event-manager"))).toBe(false);
    expect(text("NEXT_STEPS.md")).not.toContain("Event Manager");
  });

  test("nothing is overwritten without --force, and one sentence says which key is there", async () => {
    await initialized(setUp());
    const key = text("private_key.pem");
    await expect(initialized(setUp())).rejects.toMatchObject({
      code: "usage",
      message: `The folder ${out} is in use: it holds private_key.pem.`,
      cure: "Choose another folder with --out, or overwrite it with --force: a key that is overwritten is lost.",
    });
    expect(text("private_key.pem")).toBe(key);
    await initialized(setUp({ force: true }));
    expect(text("private_key.pem")).not.toBe(key);
  });

  test("a folder that can't be made is refused at once, before a key is made", async () => {
    await expect(initialized(setUp({ out: "/proc/x" }))).rejects.toMatchObject({
      code: "output_unwritable",
      message: expect.stringMatching(/^\/proc can't be written \(E[A-Z]+\)\.$/),
    });
  });

  test("the next steps name what an external client app needs, and who may make it", async () => {
    await initialized(setUp({ realTime: true }));
    const steps = text("NEXT_STEPS.md");
    for (const said of [
      "**View External Client Apps Consumer Secrets in Metadata**",
      "**Create, edit, and delete External Client Apps**",
      "**Allow Access to OAuth Consumer Secrets via Metadata API**",
      "permission set licence **Salesforce API Integration**",
      "**Enable JWT Bearer Flow**",
      '**Permitted Users** = "Admin approved users are pre-authorized"',
      "**Monitor Login History**",
      "Salesforce freezes users",
      "POST /_security/api_key",
    ]) {
      expect(steps).toContain(said);
    }
  });
});

describe("init --create-api-key", () => {
  const LOGIN = {
    ELASTICSEARCH_URL: "http://127.0.0.1:9200/",
    ELASTICSEARCH_USERNAME: "elastic",
    ELASTICSEARCH_PASSWORD: "changeme",
  };
  const asked: HttpRequest[] = [];
  const made = (status: number, body: string, environment: Record<string, string> = LOGIN, more: object = {}) => {
    asked.length = 0;
    const http: Http = {
      async send(request) {
        asked.push(request);
        return { status, headers: {}, body };
      },
      open: () => Promise.reject(new Error("nothing is downloaded")),
      close: () => {},
    };
    const options = { createApiKey: true as const, out, force: false, ...more };
    return init(options, { environment, print: (line) => printed.push(line), http });
  };
  const KEY_ANSWER = JSON.stringify({
    id: "VuaCfGcB",
    name: "aquila-salesforce",
    api_key: "ui2lp2ax",
    encoded: "VnVh",
  });

  test("keeps the key for the user alone, as lines that a shell takes over", async () => {
    expect(await made(200, KEY_ANSWER)).toBe(0);
    const path = join(out, "elasticsearch.env");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const read = execFileSync("sh", ["-c", `. ${path}; echo "$ELASTICSEARCH_URL $ELASTICSEARCH_API_KEY"`]);
    expect(read.toString().trim()).toBe("http://127.0.0.1:9200 VuaCfGcB:ui2lp2ax");
    expect(printed.join("\n")).not.toMatch(/ui2lp2ax|changeme/);
    expect(asked[0]).toMatchObject({ method: "POST", url: "http://127.0.0.1:9200/_security/api_key" });
    expect(JSON.parse(String(asked[0]?.body)).role_descriptors.aquila_salesforce).toEqual({
      cluster: ["monitor"],
      indices: [{ names: ["logs-*"], privileges: expect.arrayContaining(["auto_configure", "create_doc"]) }],
    });
    await expect(made(200, KEY_ANSWER)).rejects.toMatchObject({ code: "usage" });
    expect(asked).toEqual([]);
  });

  test("with a login to Kibana, which passes the request on", async () => {
    const login = {
      ELASTICSEARCH_URL: "https://es.example:9200",
      KIBANA_URL: "https://kibana.example/s/security/",
      KIBANA_USERNAME: "ana",
      KIBANA_PASSWORD: "changeme",
    };
    expect(await made(200, KEY_ANSWER, login)).toBe(0);
    expect(text("elasticsearch.env")).toBe(
      "export ELASTICSEARCH_URL=https://es.example:9200\nexport ELASTICSEARCH_API_KEY=VuaCfGcB:ui2lp2ax\n",
    );
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      url: "https://kibana.example/s/security/api/console/proxy?path=%2F_security%2Fapi_key&method=POST",
      headers: { "kbn-xsrf": "aquila-salesforce", "x-elastic-internal-origin": "aquila-salesforce" },
    });
    expect(JSON.parse(Buffer.from(asked[0]?.body as Uint8Array).toString())).toEqual(API_KEY_BODY);
    await expect(made(403, "{}", login, { force: true })).rejects.toMatchObject({
      code: "kibana_login_refused",
      cure: expect.stringContaining("manage_own_api_key"),
    });
  });

  test.each<[number, string, Record<string, string>, string, RegExp]>([
    [401, "{}", LOGIN, "output_refused", /refused the login of elastic.*Check ELASTICSEARCH_USERNAME/],
    [403, "{}", LOGIN, "output_refused", /may not make API keys.*manage_own_api_key/],
    [404, "<html>Kibana</html>", LOGIN, "output_refused", /status 404, with a web page.*not Kibana's/],
    [200, '{"id":"a;rm -rf","api_key":"b"}', LOGIN, "output_refused", /made no API key/],
    [503, "", LOGIN, "output_unreachable", /Try again/],
    [200, KEY_ANSWER, {}, "usage", /ELASTICSEARCH_URL is not set.*KIBANA_URL/],
    [200, KEY_ANSWER, { ELASTICSEARCH_URL: "https://es.example" }, "usage", /no login for Elasticsearch or Kibana/],
    [200, KEY_ANSWER, { ...LOGIN, ELASTICSEARCH_URL: "http://es.example:9200" }, "usage", /must start with https/],
  ])("%i %s is refused with its cure", async (status, body, environment, code, words) => {
    const error = await made(status, body, environment).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code, text: expect.stringMatching(words) });
    expect((error as RunnerError).text).not.toContain("changeme");
  });
});

describe("every command that init prints", { timeout: 60_000 }, () => {
  /** Lines of shell in what was written and printed. */
  async function commands(): Promise<string[]> {
    await initialized(setUp({ out: join(folder, "it's acme"), loginUrl: "https://acme.my.salesforce.com" }));
    out = join(folder, "it's acme");
    printed = [];
    await initialized({ ...KEY, out, rotate: true });
    const steps = text("NEXT_STEPS.md");
    return [
      ...shellBlocks(steps).flat(),
      ...inlineCommands(steps),
      ...printed.flatMap((line) => (line.startsWith("     ") ? [line.trim()] : [])),
    ];
  }

  test("is understood by the runner as printed", async () => {
    const given = (await commands()).flatMap((line) => {
      const words = runnerArguments(line);
      return words === undefined ? [] : [words];
    });
    expect(new Set(given.map(([name]) => name))).toEqual(new Set(["init", "check", "run"]));
    for (const words of given) {
      expect(() => parseCommand(words), words.join(" ")).not.toThrow();
    }
  });

  test("of the rotation runs in a shell, in the order printed", async () => {
    await commands();
    const bin = join(folder, "bin");
    const log = join(folder, "called");
    mkdirSync(bin);
    for (const name of ["sf", "aquila-salesforce"]) {
      const script = `#!/bin/sh\nfor word; do case "$word" in force-app*|*.yml|*.crt) [ -e "$word" ] || exit 9;; esac; done\necho ${name} "$@" >> ${log}\n`;
      writeFileSync(join(bin, name), script, { mode: 0o755 });
    }
    const lines = printed.flatMap((line) => (line.startsWith("     ") ? [line.trim()] : []));
    execFileSync("sh", ["-e", "-c", lines.join("\n")], {
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    });
    expect(readFileSync(log, "utf8").trim().split("\n")).toEqual([
      expect.stringMatching(/^sf project deploy start --source-dir force-app\S+ --target-org aquila-setup$/),
      "aquila-salesforce check --policy policy.yml --certificate certificate.crt",
    ]);
    const key = createPrivateKey(text("private_key.pem"));
    expect(new X509Certificate(text("certificate.crt")).checkPrivateKey(key)).toBe(true);
    expect(printed.join("\n")).toContain("External Client App Manager > AQUILA Event Log Integration > Settings");
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
    await org.given.user({
      username: USERNAME,
      permissions: ["ApiEnabled", "ViewEventLogFiles", "ViewAllUsers", "ViewSetup"],
    });
    await org.given.traffic({
      rowsPerDay: { Login: 24, ApexExecution: 24, RestApi: 24 },
      recordsPerDay: { SetupAuditTrail: 24 },
      days: 2,
      seed: "first hour",
    });
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
      code: 2,
      causes: ["Salesforce refused the login: client identifier invalid."],
    });
    await org.given.app({ clientId, certificate: text("certificate.crt"), approvedUsers: [] });
    expect(await checkedCode(policy)).toEqual({
      code: 2,
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
        "/events/logs-aquila_salesforce.setup_audit_trail-default.ndjson",
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
