// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some texts are variables of a policy
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { agentInput } from "../../_dev/scripts/manifests/fleet_policy.ts";
import { startFakeKibana } from "../../_dev/shared/fake_kibana/fake_kibana.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { silentLog } from "../core/log.ts";
import type { Environment } from "../policy/variables.ts";
import { policySource } from "./policy_source.ts";

const PACKAGE = new Map(
  globSync(["manifest.yml", "agent/input/*", "data_stream/*/manifest.yml", "data_stream/*/agent/stream/*"]).map(
    (path) => [path, readFileSync(path, "utf8")],
  ),
);
const KEY = "-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "policy-source-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** An agent policy as Kibana gives it under "Run standalone"; the key is a secret unless something else is written for it. */
function standalonePolicy(privateKey: unknown = { isSecretRef: true, id: "s1" }, extra: object = {}) {
  const input = agentInput(PACKAGE, {
    id: "0c1d",
    name: "acme",
    vars: { client_id: "3MVG9", username: "elastic@acme.com", private_key: privateKey },
  });
  return {
    id: "policy-1",
    revision: 7,
    outputs: {
      default: {
        type: "elasticsearch",
        hosts: ["https://es.example.com:9200"],
        "ssl.ca_trusted_fingerprint": "ab".repeat(32),
        api_key: "${API_KEY}",
        preset: "balanced",
      },
    },
    output_permissions: { default: { _elastic_agent_checks: { cluster: ["monitor"] } } },
    agent: { download: { sourceURI: "https://example.com/" }, monitoring: { enabled: false }, features: {} },
    inputs: [
      { ...input, ...extra },
      { id: "logfile-1", type: "logfile", streams: [] },
    ],
    signed: { data: "", signature: "" },
    secret_references: [{ id: "s1" }],
    namespaces: ["default"],
  };
}

function sourceOf(
  policy: object,
  environment: Environment = { API_KEY: "id:key", SF_KEY: KEY },
  { stop = new AbortController(), clock = new ManualClock() } = {},
) {
  const path = join(folder, "elastic-agent.yml");
  writeFileSync(path, stringify(policy), { mode: 0o600 });
  return policySource(path, { environment, log: silentLog, stop: stop.signal, clock });
}

async function problemsOf(policy: object): Promise<string[]> {
  const { inputs, brokenInputs } = await sourceOf(policy).read();
  expect(inputs).toEqual([]);
  return brokenInputs.flatMap(({ problems }) => problems.map(({ path, text }) => `${path}: ${text}`));
}

async function keyOf(policy: object): Promise<string | undefined> {
  const { inputs, brokenInputs } = await sourceOf(policy).read();
  expect(brokenInputs.flatMap(({ problems }) => problems)).toEqual([]);
  return inputs[0]?.auth.privateKey?.reveal();
}

describe("a policy from Run standalone", () => {
  test("is refused as long as the key is a secret of Fleet, with the path and the cure", async () => {
    expect(await problemsOf(standalonePolicy())).toEqual([
      "inputs[0] (acme).auth.private_key: is a reference to a secret of Fleet, which a standalone runner can't read; put the value into an environment variable and write ${env.NAME} here, or give the path of the key file in private_key_path",
    ]);
  });

  test.each([["${env.SF_KEY}"], ["${SF_KEY}"], ["${env.MISSING|env.SF_KEY}"]])(
    "takes the key from %s",
    async (text) => {
      expect(await keyOf(standalonePolicy(text))).toBe(KEY);
    },
  );

  test.each([
    ["providers", { providers: { filesource: { sources: { sf_key: { path: "sf.pem" } } } } }],
    ["dotted", { "providers.filesource.sources.sf_key.path": "sf.pem" }],
  ])("takes the key from a file that the policy names (%s)", async (_, providers) => {
    const path = join(folder, "sf.pem");
    writeFileSync(path, `${KEY}\n`);
    const written = JSON.parse(JSON.stringify(providers).replace("sf.pem", path));
    expect(await keyOf({ ...standalonePolicy("${filesource.sf_key}"), ...written })).toBe(KEY);
  });

  test.each([
    ["${env.MISSING}", "needs the environment variable MISSING, which is not set"],
    ["${filesource.other}", "needs the file other, which is not among providers.filesource.sources"],
    ["${filesource.gone}", "needs the file gone, which can't be read: /nonexistent/key (ENOENT)"],
  ])("says what is missing for %s", async (text, problem) => {
    const providers = { filesource: { sources: { gone: { path: "/nonexistent/key" } } } };
    expect(await problemsOf({ ...standalonePolicy(text), providers })).toEqual([
      `inputs[0] (acme).auth.private_key: ${problem}`,
    ]);
  });

  test.each([
    [`\${host.platform} == '${process.platform}'`, 1],
    ["${host.platform} == 'plan9'", 0],
    ["${env.SF_KEY} != '' and not false", 1],
    [false, 0],
  ])("is run if its condition holds: %s", async (condition, running) => {
    const { inputs, brokenInputs } = await sourceOf(standalonePolicy("${env.SF_KEY}", { condition })).read();
    expect(brokenInputs).toEqual([]);
    expect(inputs).toHaveLength(running);
  });

  test("with a condition that only Elastic Agent can decide is an error", async () => {
    const policy = standalonePolicy("${env.SF_KEY}", { condition: "${kubernetes.pod.name} == 'x'" });
    expect(await problemsOf(policy)).toEqual([expect.stringContaining("can be evaluated by Elastic Agent only")]);
  });

  test("with secrets in its output is an error of what uses the output", async () => {
    const policy = standalonePolicy("${env.SF_KEY}");
    Object.assign(policy.outputs.default, { secrets: { ssl: { key: { id: "s2" } } } });
    expect(await problemsOf(policy)).toEqual([expect.stringContaining("outputs.default.secrets: refers to secrets")]);
  });

  test("is followed: a new text of a file that it names is a new policy", async () => {
    const path = join(folder, "sf.pem");
    writeFileSync(path, KEY);
    const providers = { filesource: { sources: { k: { path } } } };
    const clock = new ManualClock();
    const stop = new AbortController();
    const policies = sourceOf({ ...standalonePolicy("${filesource.k}"), providers }, undefined, {
      clock,
      stop,
    }).follow();
    const keyOfNext = async () => (await policies.next()).value?.inputs[0]?.auth.privateKey?.reveal();
    expect(await keyOfNext()).toBe(KEY);
    writeFileSync(path, `${KEY}2`);
    const next = { key: undefined as string | undefined };
    const pulled = keyOfNext().then((key) => {
      next.key = key;
    });
    while (next.key === undefined) {
      clock.advance(10_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await pulled;
    expect(next.key).toBe(`${KEY}2`);
    stop.abort();
    expect((await policies.next()).done).toBe(true);
  });
});

test("a policy of Kibana is read with the key of the environment", async () => {
  const kibana = await startFakeKibana({ authorization: "ApiKey aWQ6a2V5" });
  kibana.policies.set("policy-1", standalonePolicy("${env.SF_KEY}"));
  const url = new URL(`${kibana.url}/app/fleet/policies/policy-1`);
  const environment = { API_KEY: "id:key", SF_KEY: KEY, KIBANA_API_KEY: "id:key" };
  const source = policySource(url, { environment, log: silentLog, stop: new AbortController().signal });
  try {
    const { inputs } = await source.read();
    expect(inputs.map(({ id }) => id)).toEqual(["aquila-salesforce-salesforce-0c1d"]);
    expect(() => policySource(url, { environment: {}, log: silentLog, stop: new AbortController().signal })).toThrow(
      expect.objectContaining({ code: "usage" }),
    );
  } finally {
    source.close();
    await kibana.close();
  }
});
