// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some texts are variables of a policy
import { describe, expect, test } from "vitest";
import { Secret } from "../core/secret.ts";
import { inputBlock, OUTPUT, outputOf, policyOf, problemsOf, STREAM } from "./example_policy.fixture.ts";

describe("outputs", () => {
  test.each([
    ["https://es.example.com:9200", "https://es.example.com:9200"],
    ["https://es.example.com:443", "https://es.example.com"],
    ["https://es.example.com", "https://es.example.com:9200"],
    ["https://proxy.example.com:443/es/", "https://proxy.example.com/es"],
    ["localhost", "http://localhost:9200"],
    ["127.0.0.1:9201", "http://127.0.0.1:9201"],
    ["http://[::1]:9200/", "http://[::1]:9200"],
  ])("host %s", (host, expected) => {
    expect(outputOf({ ...OUTPUT, hosts: [host] })).toMatchObject({ hosts: [expected] });
  });

  test.each(["id:key", Buffer.from("id:key").toString("base64")])("API key %s", (apiKey) => {
    const { credentials } = outputOf({ ...OUTPUT, api_key: apiKey }) as { credentials: { apiKey: Secret } };
    expect(credentials.apiKey.reveal()).toBe(Buffer.from("id:key").toString("base64"));
  });

  test("with a user, tuning and a proxy", () => {
    const block = {
      type: "remote_elasticsearch",
      hosts: "https://es:9200",
      username: "elastic",
      password: "changeme",
      bulk_max_size: 1_600,
      workers: "2",
      compression_level: 0,
      proxy_url: "http://proxy:3128",
      headers: { "X.Dotted": "a" },
      ssl: { verification_mode: "none" },
    };
    const output = outputOf(block);
    expect(output).toMatchObject({
      type: "elasticsearch",
      credentials: { username: "elastic" },
      bulkMaxSize: 1_600,
      worker: 2,
      compressionLevel: 0,
      headers: { "X.Dotted": expect.any(Secret) },
      ssl: { verificationMode: "none" },
    });
    expect((output as { proxyUrl: Secret }).proxyUrl.reveal()).toBe("http://proxy:3128");
    expect(outputOf({ ...block, proxy_disable: true })).toMatchObject({ proxyUrl: undefined });
  });

  test("is announced as unverified where the policy wants it so, on both sides", () => {
    const output = { type: "elasticsearch", hosts: ["https://es:9200"], api_key: "id:key" };
    const none = { verification_mode: "none" };
    const policy = policyOf([inputBlock({ api: { ssl: none } })], { default: { ...output, ssl: none } });
    expect(policy.warnings).toEqual([
      expect.stringMatching(/^inputs\[0\] \(.*\)\.api\.ssl\.verification_mode is none: .* taken for Salesforce, /),
      expect.stringMatching(/^outputs\.default\.ssl\.verification_mode is none: .* taken for Elasticsearch, /),
    ]);
    expect(policyOf([inputBlock()], { default: output }).warnings).toEqual([]);
  });

  test("without security, to files and to the console", () => {
    expect(outputOf({ type: "elasticsearch", hosts: ["http://localhost:9200"] })).toMatchObject({
      credentials: undefined,
    });
    expect(outputOf({ type: "file", path: "./out" })).toEqual({ type: "file", name: "default", path: "./out" });
    expect(outputOf({ type: "console" })).toEqual({ type: "console", name: "default" });
  });

  test("to Logstash as Kibana renders it, with what Beats know besides", () => {
    const block = {
      type: "logstash",
      hosts: ["ls.example", "10.0.0.7:5045", "[2001:db8::1]:5046"],
      ssl: { certificate: "c.pem", key: "k.pem", certificate_authorities: ["ca.pem"] },
      loadbalance: "true",
      workers: 2,
      timeout: 45,
      ttl: "5m",
    };
    const { inputs, warnings } = policyOf([inputBlock()], { default: block });
    expect(inputs[0]?.output).toMatchObject({
      hosts: ["ls.example:5044", "10.0.0.7:5045", "[2001:db8::1]:5046"],
      ssl: { certificate: "c.pem", certificateAuthorities: ["ca.pem"] },
      loadBalance: true,
      worker: 2,
      pipelining: 2,
      bulkMaxSize: 2_048,
      timeout: 45_000,
    });
    expect(warnings).toEqual(["outputs.default.ttl has no effect in this runner."]);
    const plain = policyOf([inputBlock()], { default: { ...block, ttl: undefined, ssl: { enabled: false } } });
    expect(plain.inputs[0]?.output).toMatchObject({ ssl: undefined });
    expect(plain.warnings).toEqual(["outputs.default has no ssl: events go to Logstash unencrypted."]);
    expect(policyOf([inputBlock()], { default: { type: "logstash", hosts: "127.0.0.1" } }).warnings).toEqual([]);
  });

  test.each<[string, unknown, string[]]>([
    [
      "plain http",
      { ...OUTPUT, hosts: ["http://es:9200"] },
      [".hosts[0]: must start with https://; plain http is allowed only to this machine itself"],
    ],
    [
      "no scheme to another host",
      { ...OUTPUT, hosts: ["es:9200"] },
      [".hosts[0]: must start with https://; plain http is allowed only to this machine itself"],
    ],
    ["no hosts", { type: "elasticsearch" }, [".hosts: is missing"]],
    ["an empty list of hosts", { type: "elasticsearch", hosts: [] }, [".hosts: must name at least one address"]],
    [
      "an API key that is none",
      { ...OUTPUT, api_key: "abc" },
      [".api_key: must be an API key as id:key, or as base64 of that"],
    ],
    [
      "a missing variable",
      { ...OUTPUT, api_key: "${ES_KEY}" },
      [".api_key: needs the environment variable ES_KEY, which is not set"],
    ],
    [
      "a secret of Fleet",
      { ...OUTPUT, secrets: { ssl: { key: { id: "a" } } } },
      [".secrets: refers to secrets of Fleet, which a standalone runner can't read; give their values in the settings"],
    ],
    [
      "two ways to log in",
      { ...OUTPUT, username: "a", password: "b" },
      [": has both api_key and username; leave one out"],
    ],
    [
      "half a login",
      { type: "elasticsearch", hosts: ["https://es:9200"], username: "a" },
      [": needs username and password together"],
    ],
    [
      "an unknown setting",
      { ...OUTPUT, bulk_max_sice: 5 },
      [".bulk_max_sice: is no setting; did you mean bulk_max_size?"],
    ],
    ["another type", { type: "redis", hosts: [] }, [".type: must be elasticsearch, logstash, kafka, file or console"]],
    ["no host of Logstash", { type: "logstash", hosts: [] }, [".hosts: must name at least one address"]],
    [
      "an address of the web for Logstash",
      { type: "logstash", hosts: ["https://ls:5044"] },
      [".hosts[0]: must be host:port, without a scheme or path"],
    ],
    [
      "a proxy before Logstash",
      { type: "logstash", hosts: ["ls"], proxy_url: "socks5://proxy:1080" },
      [".proxy_url: names a SOCKS proxy, which this output can't use; let the runner reach Logstash without one"],
    ],
    [
      "a misspelt type",
      { type: "elasticserch" },
      [".type: must be elasticsearch, logstash, kafka, file or console; did you mean elasticsearch?"],
    ],
    ["no type", { hosts: [] }, [".type: is missing"]],
    ["no path", { type: "file" }, [".path: is missing"]],
    ["a setting that the console has not", { type: "console", path: "x" }, [".path: is no setting"]],
    ["switched off", { ...OUTPUT, enabled: false }, [".enabled: is false, but an input uses this output"]],
    ["no block", "elasticsearch", [": must be a block of settings"]],
  ])("%s", (_name, block, problems) => {
    expect(problemsOf(inputBlock(), { default: block })).toEqual(
      problems.map((problem) => `outputs.default${problem}`),
    );
  });

  test("break only the inputs that use them", () => {
    const outputs = { default: OUTPUT, broken: { type: "elasticsearch" }, unused: { type: "redis" } };
    const second = inputBlock({
      id: "input-2",
      name: "second",
      use_output: "broken",
      streams: [{ ...STREAM, id: "b" }],
    });
    const policy = policyOf([inputBlock(), second], outputs);
    expect(policy.inputs.map(({ name }) => name)).toEqual(["acme-production"]);
    expect(policy.brokenInputs.map(({ name }) => name)).toEqual(["second"]);
  });
});
