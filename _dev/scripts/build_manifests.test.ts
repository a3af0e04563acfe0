// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some texts are variables of a policy
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { EVENT_TYPES } from "../../src/catalog/catalog.ts";
import { knownDatasets } from "../../src/cli/known_datasets.ts";
import { parsePolicy } from "../../src/policy/parse_policy.ts";
import type { Input, Policy } from "../../src/policy/policy.ts";
import { staleFiles } from "./build_manifests.ts";
import { agentInput, type IntegrationPolicy } from "./manifests/fleet_policy.ts";
import { connectionSettings, streamSettings, variableName } from "./manifests/package_variables.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const FILES = new Map(
  globSync(["manifest.yml", "agent/input/*", "data_stream/*/manifest.yml", "data_stream/*/agent/stream/*"], {
    cwd: ROOT,
  }).map((path) => [path, readFileSync(join(ROOT, path), "utf8")]),
);
const COLLECTING = ["login", "apex", "api", "setup_audit_trail", "data_access", "threat", "other"];
const OUTPUTS = { default: { type: "elasticsearch", hosts: ["https://es.example.com"], api_key: "id:key" } };
const PEM = "-----BEGIN PRIVATE KEY-----\nMIIE: #'\"\nabc==\n-----END PRIVATE KEY-----\n";
const REQUIRED = { client_id: "3MVG9", username: "elastic@acme.com", private_key: PEM };

function policyOf(entered: Partial<IntegrationPolicy>): Policy {
  const input = agentInput(FILES, { id: "0c1d", name: "acme", vars: REQUIRED, ...entered });
  return parsePolicy({ outputs: OUTPUTS, inputs: [input] }, { datasets: knownDatasets(), environment: {} });
}

function inputOf(entered: Partial<IntegrationPolicy>): Input {
  const { inputs, brokenInputs } = policyOf(entered);
  expect(brokenInputs.flatMap(({ problems }) => problems)).toEqual([]);
  const [input] = inputs;
  if (input === undefined) {
    throw new Error("there is no input");
  }
  return input;
}

test("manifests and templates are as the settings say", () => {
  expect(staleFiles(ROOT)).toEqual([]);
});

describe("variables", () => {
  const all = [connectionSettings(), ...COLLECTING.map(streamSettings)];

  test.each(all.map((settings) => [settings]))("have names of their own", (settings) => {
    const names = settings.map(({ variable }) => variable.name);
    expect(new Set(names).size).toBe(names.length);
    const titles = settings.map(({ variable }) => variable.title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  test("of streams never hide those of the connection", () => {
    const connection = new Set(connectionSettings().map(({ variable }) => variable.name));
    const hidden = COLLECTING.flatMap(streamSettings).filter(({ variable }) => connection.has(variable.name));
    expect(hidden).toEqual([]);
  });

  test("are secret where the setting is", () => {
    const secrets = connectionSettings().filter(({ variable }) => variable.secret === true);
    expect(secrets.map(({ variable: { name, type } }) => [name, type])).toEqual([
      ["private_key", "textarea"],
      ["private_key_passphrase", "password"],
      ["api_proxy_url", "password"],
      ["state_api_key", "password"],
    ]);
  });

  test("exist only for what a data stream has", () => {
    const names = (stream: string) => streamSettings(stream).map(({ variable }) => variable.name);
    expect(names("apex").filter((name) => name.startsWith("objects"))).toEqual([]);
    expect(names("login")).toContain("objects_enabled");
    expect(names("collector")).toEqual([]);
  });
});

describe("a policy from Fleet", () => {
  test("with what is required alone has every default of the settings", () => {
    const input = inputOf({ namespace: "prod" });
    expect(input).toMatchObject({
      id: "aquila-salesforce-salesforce-0c1d",
      name: "acme",
      organization: { name: "acme" },
      auth: { loginUrl: "https://login.salesforce.com", clientId: "3MVG9", username: "elastic@acme.com" },
      api: { version: "66.0", dailyRequestShare: 20, requestTimeout: 60_000 },
    });
    expect(input.auth.privateKey?.reveal()).toBe(PEM);
    expect(input.streams.map(({ dataStream }) => dataStream.dataset)).toEqual(
      COLLECTING.filter((stream) => stream !== "other").map((stream) => `aquila_salesforce.${stream}`),
    );
    for (const { dataStream, sources } of input.streams) {
      expect(dataStream.namespace).toBe("prod");
      const hasFiles = EVENT_TYPES.some(({ stream }) => dataStream.dataset === `aquila_salesforce.${stream}`);
      expect(sources.event_log_files).toMatchObject({
        enabled: hasFiles,
        interval: "hourly+daily",
        pollInterval: 600_000,
      });
      expect(sources.objects).toMatchObject({ enabled: !hasFiles, pollInterval: hasFiles ? 60_000 : 300_000 });
    }
  });

  test("carries every variable to its setting", () => {
    const odd = "o'dd: #\"{}[]%@`\\ text";
    const input = inputOf({
      vars: {
        organization_name: odd,
        login_url: "https://acme.my.salesforce.com",
        audience: "https://aud.example.com",
        client_id: odd,
        username: odd,
        private_key_path: "/etc/key'.pem",
        private_key_passphrase: odd,
        api_version: "65.0",
        api_daily_request_share: 7,
        api_request_timeout: "5s",
        api_proxy_url: "http://user:pa'ss@proxy:3128",
        api_ssl: "verification_mode: certificate\ncertificate_authorities:\n  - /etc/ca.pem\n",
        state_store: "elasticsearch",
        state_hosts: ["https://state.example:9200", "https://other.example"],
        state_index: "acme-state",
        state_api_key: "id:key",
        state_lease: "30s",
        state_ssl: "verification_mode: certificate\n",
      },
      streams: {
        login: {
          vars: {
            event_log_files_enabled: false,
            event_log_files_event_types: ["LoginAs", "Login"],
            event_log_files_interval: "daily",
            event_log_files_poll_interval: "1h",
            event_log_files_initial_lookback: "30d",
            objects_enabled: true,
            objects_names: ["LoginEvent"],
            objects_poll_interval: "2s",
            objects_initial_lookback: "3h",
            objects_settle_time: "4s",
            tags: ["a'b", "c: d"],
            preserve_original_event: true,
            processors: "- add_tags: {tags: [x]}\n",
          },
        },
        apex: { enabled: false },
      },
    });
    expect(input).toMatchObject({
      organization: { name: odd },
      auth: {
        loginUrl: "https://acme.my.salesforce.com",
        audience: "https://aud.example.com",
        clientId: odd,
        username: odd,
        privateKeyPath: "/etc/key'.pem",
      },
      api: {
        version: "65.0",
        dailyRequestShare: 7,
        requestTimeout: 5_000,
        ssl: { verificationMode: "certificate", certificateAuthorities: ["/etc/ca.pem"] },
      },
      state: {
        store: "elasticsearch",
        cluster: {
          hosts: ["https://state.example:9200", "https://other.example:9200"],
          ssl: { verificationMode: "certificate" },
        },
        index: "acme-state",
        lease: 30_000,
      },
    });
    expect(JSON.stringify(input.state)).not.toContain("id:key");
    expect(input.auth.privateKeyPassphrase?.reveal()).toBe(odd);
    expect(input.api.proxyUrl?.reveal()).toBe("http://user:pa'ss@proxy:3128");
    const [login] = input.streams;
    expect(login).toMatchObject({
      sources: {
        event_log_files: {
          enabled: false,
          names: ["LoginAs", "Login"],
          interval: "daily",
          pollInterval: 3_600_000,
          initialLookback: 30 * 86_400_000,
        },
        objects: { enabled: true, names: ["LoginEvent"], pollInterval: 2_000, settleTime: 4_000 },
      },
      tags: ["a'b", "c: d"],
      preserveOriginalEvent: true,
    });
    expect(JSON.stringify(login?.processors)).toContain('"tags":["x"]');
    expect(input.streams.map(({ dataStream }) => dataStream.dataset)).not.toContain("aquila_salesforce.apex");
  });

  test("whose variables have been emptied has the defaults", () => {
    const emptied = Object.fromEntries(
      connectionSettings()
        .filter(({ setting }) => !setting.required && setting.path !== "auth.private_key")
        .map(({ setting, variable }) => [variable.name, setting.kind === "number" ? null : ""]),
    );
    const input = inputOf({ vars: { ...REQUIRED, ...emptied } });
    expect(input.api).toMatchObject({ version: "66.0", dailyRequestShare: 20, requestTimeout: 60_000 });
    expect(input.auth.loginUrl).toBe("https://login.salesforce.com");
    expect(input.state).toEqual({ store: "local" });
  });

  test("with secrets in Fleet is refused where nobody resolves them, with the cure", () => {
    const secrets = connectionSettings().flatMap(({ setting, variable }) =>
      variable.secret === true ? [setting.path] : [],
    );
    const vars = Object.fromEntries(
      secrets.map((path) => [variableName(path), { isSecretRef: true, id: `id-${variableName(path)}` }]),
    );
    const { brokenInputs } = policyOf({ vars: { ...REQUIRED, ...vars } });
    const problems = brokenInputs.flatMap((broken) => broken.problems);
    expect(problems.map(({ path }) => path)).toEqual(secrets.map((path) => `inputs[0] (acme).${path}`));
    for (const { text } of problems) {
      expect(text).toContain("write ${env.NAME} here");
    }
  });
});
