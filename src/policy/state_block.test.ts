import { describe, expect, test } from "vitest";
import { parsePolicy } from "./parse_policy.ts";
import type { SharedState } from "./policy.ts";

const OUTPUT = { type: "elasticsearch", hosts: ["https://es.example:9200"], api_key: "id:output" };
const DATASET = "aquila_salesforce.login";

function read(state: object | undefined, output: object = OUTPUT) {
  const input = {
    id: "acme",
    type: "aquila-salesforce",
    auth: { client_id: "3MVG9", username: "u", private_key: "k" },
    ...(state === undefined ? {} : { state }),
    streams: [{ id: "login", data_stream: { dataset: DATASET } }],
  };
  const context = { datasets: { [DATASET]: { names: { event_log_files: ["Login"], objects: [] } } } };
  return parsePolicy({ outputs: { default: output }, inputs: [input] }, context);
}

const stateOf = (...args: Parameters<typeof read>) => read(...args).inputs[0]?.state as SharedState;
const problemsOf = (...args: Parameters<typeof read>) =>
  read(...args).brokenInputs[0]?.problems.map(({ path, text }) => `${path}: ${text}`);

test.each([[undefined], [{}], [{ store: "local" }], [{ store: "local", index: "x", lease: "20s" }]])(
  "state %o is kept on this host",
  (state) => {
    expect(stateOf(state)).toEqual({ store: "local" });
  },
);

describe("shared state", () => {
  const key = Buffer.from("id:state").toString("base64");

  test("is where the events go, the way there included, with a key of its own", () => {
    const output = {
      ...OUTPUT,
      ssl: { certificate_authorities: ["/etc/ca.pem"], ca_trusted_fingerprint: "ab".repeat(32) },
      proxy_url: "http://proxy:3128",
      headers: { "X-Tenant": "acme" },
    };
    const state = stateOf({ store: "elasticsearch", api_key: "id:state" }, output);
    expect(state).toMatchObject({
      store: "elasticsearch",
      index: "aquila-salesforce-state",
      lease: 15_000,
      cluster: {
        hosts: ["https://es.example:9200"],
        ssl: { certificateAuthorities: ["/etc/ca.pem"], caTrustedFingerprint: "AB".repeat(32) },
      },
    });
    const { credentials, proxyUrl, headers } = state.cluster;
    expect(credentials !== undefined && "apiKey" in credentials && credentials.apiKey.reveal()).toBe(key);
    expect(proxyUrl?.reveal()).toBe("http://proxy:3128");
    expect(headers["X-Tenant"]?.reveal()).toBe("acme");
  });

  test("has addresses of its own, and gives nothing of the output's way away to them", () => {
    const output = { ...OUTPUT, proxy_url: "http://proxy:3128", headers: { Cookie: "secret" } };
    const own = { store: "elasticsearch", api_key: key, hosts: "https://state.example", lease: "1m", index: "s" };
    const state = stateOf(own, output);
    expect(state).toMatchObject({ index: "s", lease: 60_000, cluster: { hosts: ["https://state.example:9200"] } });
    expect(state.cluster).toMatchObject({ proxyUrl: undefined, headers: {} });
  });

  test("beside Kafka has addresses of its own", () => {
    const kafka = { type: "kafka", hosts: ["broker:9092"], topic: "t", username: "u", password: "p" };
    const shared = { store: "elasticsearch", api_key: key };
    expect(problemsOf(shared, kafka)?.join()).toMatch(/state\.hosts: is missing: the output is not Elasticsearch/);
    expect(stateOf({ ...shared, hosts: ["https://es:9200"] }, kafka).cluster.hosts).toEqual(["https://es:9200"]);
  });

  test("needs no key where the output has none", () => {
    const state = stateOf({ store: "elasticsearch" }, { type: "elasticsearch", hosts: ["http://127.0.0.1:9200"] });
    expect(state.cluster.credentials).toBeUndefined();
  });

  test("is refused with every problem by its path, and without its key", () => {
    const wrong = {
      store: "elastic",
      hosts: ["http://es:9200"],
      api_key: "s3cret",
      index: "Up",
      lease: "1s",
      extra: 1,
    };
    const problems = problemsOf(wrong) ?? [];
    expect(problems.map((problem) => problem.split(":")[0])).toEqual([
      "acme.state.store",
      "acme.state.hosts[0]",
      "acme.state.index",
      "acme.state.api_key",
      "acme.state.lease",
      "acme.state.extra",
    ]);
    expect(problems.join()).not.toContain("s3cret");
    expect(problemsOf({ store: "elasticsearch" })).toEqual([
      "acme.state.api_key: is missing: the state has a key of its own, with create_index, read and write on its index",
    ]);
  });

  test("without verification is warned of", () => {
    const { warnings } = read({ store: "elasticsearch", api_key: key, ssl: { verification_mode: "none" } });
    expect(warnings.join()).toMatch(/acme\.state\.ssl\.verification_mode is none/);
  });
});
