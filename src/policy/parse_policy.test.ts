// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some texts are variables of a policy

import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { failureOf } from "../../_dev/shared/testing/failures.ts";
import { Secret } from "../core/secret.ts";
import {
  AUTH,
  context,
  DATASETS,
  ENVIRONMENT,
  inputBlock,
  OUTPUT,
  onlyInput,
  policyOf,
  STREAM,
} from "./example_policy.fixture.ts";
import { parsePolicy } from "./parse_policy.ts";

/** As a person writes it by hand; every other test starts from values. */
const WRITTEN = `
outputs:
  default: {type: elasticsearch, hosts: ["http://127.0.0.1:9200"], api_key: "\${API_KEY}"}
inputs:
  - id: aquila-salesforce-salesforce-0c1d
    name: acme-production
    type: aquila-salesforce
    use_output: default
    data_stream: {namespace: prod}
    organization: {name: Acme production}
    auth:
      login_url: https://acme--uat.sandbox.my.salesforce.com/
      client_id: 3MVG9
      username: elastic@acme.com
      private_key: "\${env.SF_PRIVATE_KEY}"
      private_key_passphrase: "\${env.SF_PASSPHRASE|'none'}"
    api: {version: 66.0, daily_request_share: "30", request_timeout: 1m30s, proxy_url: "", ssl: {}}
    streams:
      - id: login-0c1d
        data_stream: {type: logs, dataset: aquila_salesforce.login}
        event_log_files: {enabled: true, event_types: [Login], interval: hourly, poll_interval: 5m, initial_lookback: 3d}
        objects: {enabled: true, poll_interval: 30s, settle_time: 0s}
        live: {enabled: true, topics: [LoginEventStream]}
        tags: [forwarded, forwarded]
        preserve_original_event: "true"
        processors: [{add_fields: {target: "", fields: {"a.b": null}}}]
      - data_stream: {dataset: aquila_salesforce.apex, namespace: apex}
`;

describe("a slip of the pen is named with its cure", () => {
  const inputs = [inputBlock()];
  const outputs = { default: OUTPUT };
  test.each([
    [{ outputs, input: inputs }, /^inputs: must hold at least one input.* There is input; did you mean inputs\?$/],
    [{ output: outputs, inputs }, /^outputs: must name at least one output.* There is output; did you mean outputs\?$/],
    [{ outputs, inputs: inputBlock() }, /It must be a list: begin each input with a dash\.$/],
    [{ outputs, agent: {} }, /of type aquila-salesforce\.$/],
  ])("%#", (policy, message) => {
    expect(failureOf(() => parsePolicy(policy, context)).message).toMatch(message);
  });

  test.each([
    ["outputs: {default: {type: console}}\ninputs:\n  - auth: {private_key: ${env.SF_KEY}}", "line 3, column 25"],
    ["outputs:\n  default: {hosts: [${env.URL}], api_key: x}", "line 2, column 21"],
    ["outputs:\n  default: {type: elasticsearch, api_key: ${env.KEY|'s3cret'}}", "line 2, column 43"],
  ])("an unquoted variable between braces: %j", (text, place) => {
    const { message } = failureOf(() => parsePolicy(text, context));
    expect(message).toContain(`${place}: a variable between { and } must be in quotes, as "\${env.`);
    expect(message).not.toContain("s3cret");
  });

  test("another mistake of YAML keeps its own words where variables are quoted", () => {
    const text = 'outputs: {default: {api_key: "${env.KEY}"}}\ninputs: [';
    expect(failureOf(() => parsePolicy(text, context)).message).not.toContain("in quotes");
  });
});

describe("a policy", () => {
  test("written by hand is read whole, with its defaults", () => {
    const input = onlyInput(parsePolicy(WRITTEN, context));
    expect(input).toMatchObject({
      id: "aquila-salesforce-salesforce-0c1d",
      name: "acme-production",
      organization: { name: "Acme production" },
      auth: {
        loginUrl: "https://acme--uat.sandbox.my.salesforce.com",
        audience: "https://test.salesforce.com",
        clientId: "3MVG9",
        username: "elastic@acme.com",
      },
      api: { version: "66.0", dailyRequestShare: 30, requestTimeout: 90_000, ssl: { verificationMode: "full" } },
      output: { type: "elasticsearch", name: "default", hosts: ["http://127.0.0.1:9200"] },
    });
    expect(input.api.proxyUrl).toBeUndefined();
    expect(input.auth.privateKey?.reveal()).toBe(ENVIRONMENT.SF_PRIVATE_KEY);
    expect(input.auth.privateKeyPassphrase?.reveal()).toBe("none");
    expect(input.streams).toEqual([
      {
        id: "login-0c1d",
        dataStream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "prod" },
        sources: {
          event_log_files: {
            enabled: true,
            names: ["Login"],
            interval: "hourly",
            pollInterval: 300_000,
            initialLookback: 3 * 86_400_000,
          },
          objects: {
            enabled: true,
            names: ["LoginEvent", "LogoutEvent", "LoginAsEvent"],
            pollInterval: 30_000,
            initialLookback: 3_600_000,
            settleTime: 0,
          },
          live: { enabled: true, names: ["LoginEventStream"] },
        },
        tags: ["forwarded"],
        preserveOriginalEvent: true,
        processors: [{ do: "add_fields", fields: { a: { b: null } }, when: undefined }],
      },
      {
        id: "aquila-salesforce-salesforce-0c1d-logs-aquila_salesforce.apex-apex",
        dataStream: { type: "logs", dataset: "aquila_salesforce.apex", namespace: "apex" },
        sources: {
          event_log_files: {
            enabled: true,
            names: ["ApexExecution"],
            interval: "hourly+daily",
            pollInterval: 600_000,
            initialLookback: 86_400_000,
          },
          objects: { enabled: false, names: [], pollInterval: 60_000, initialLookback: 3_600_000, settleTime: 120_000 },
          live: { enabled: false, names: [] },
        },
        tags: [],
        preserveOriginalEvent: false,
        processors: [],
      },
    ]);
  });

  test("rendered by Fleet is read with all that Fleet adds", () => {
    const fleet = {
      id: "policy-1",
      revision: 7,
      outputs: {
        default: {
          ...OUTPUT,
          preset: "balanced",
          "ssl.ca_trusted_fingerprint": `${"ab:".repeat(31)}12`,
          queue: { mem: { events: 1 } },
          __mark_redact_api_key: true,
        },
        other: { type: "logstash", hosts: ["x:5044"] },
      },
      output_permissions: { default: {} },
      agent: { monitoring: { enabled: true } },
      inputs: [
        { id: "system-1", type: "logfile", streams: [] },
        inputBlock({
          revision: 3,
          use_output: "default",
          "data_stream.namespace": "default",
          package_policy_id: "0c1d",
          meta: { package: { name: "aquila_salesforce", "a.b": null } },
          policy: { revision: 7 },
          processors: [{ add_fields: { target: "team", fields: { name: "soc" } } }],
          auth: { ...AUTH, __mark_redact_private_key: true, private_key_path: "", private_key_passphrase: null },
          streams: [{ ...STREAM, processors: [{ drop_event: {} }], tags: ["forwarded"] }],
        }),
      ],
    };
    const policy = parsePolicy(fleet, context);
    const input = onlyInput(policy);
    expect(input.streams[0]?.processors).toEqual([
      { do: "add_fields", fields: { team: { name: "soc" } } },
      { do: "drop_event" },
    ]);
    expect(input.output).toMatchObject({ ssl: { caTrustedFingerprint: `${"AB".repeat(31)}12` } });
    expect(policy.warnings).toEqual([
      "Left out the inputs that are not of type aquila-salesforce: logfile.",
      "outputs.default.queue has no effect in this runner.",
    ]);
  });

  test("that Elastic Agent hands over keeps ${ as it is", () => {
    const auth = { ...AUTH, private_key: "${env.SF_PRIVATE_KEY}" };
    const policy = parsePolicy(
      { outputs: { default: { type: "console" } }, inputs: [inputBlock({ auth })] },
      { datasets: DATASETS },
    );
    expect(onlyInput(policy).auth.privateKey?.reveal()).toBe("${env.SF_PRIVATE_KEY}");
  });

  test("is named by default after its integration policy", () => {
    const input = onlyInput(policyOf([inputBlock()]));
    expect(input.organization.name).toBe("acme-production");
    expect(onlyInput(policyOf([inputBlock({ name: undefined })])).name).toBe("input-1");
    expect(onlyInput(policyOf([inputBlock({ name: undefined, id: undefined })])).name).toBe("aquila-salesforce-0");
  });

  test("shows no secret, whichever way it is printed", () => {
    const output = {
      ...OUTPUT,
      proxy_url: "http://user:proxy-secret@proxy:3128",
      headers: { "X-Key": "header-secret" },
    };
    const policy = policyOf([inputBlock()], { default: output });
    const input = onlyInput(policy);
    expect(input.output).toMatchObject({ headers: { "X-Key": expect.any(Secret) } });
    const shown = inspect(policy, { depth: 20, showHidden: true }) + JSON.stringify(policy);
    expect(shown).not.toMatch(/#material|elastic-secret|proxy-secret|header-secret/);
    expect(shown).not.toContain(Buffer.from(ENVIRONMENT.API_KEY).toString("base64"));
  });
});

describe("a policy that can't be used at all", () => {
  test.each([
    ["inputs:\n  - id: [a\n", "policy_unreadable", /line 3, column 1: .*a bracket is not closed/],
    ["a: 1\na: 2\n", "policy_unreadable", /line 2, column 1: this key is there twice/],
    ['a: "secret\n', "policy_unreadable", /line 2, column 1: a character such as a quote/],
    ["a:\n\tb: 1\n", "policy_unreadable", /line 2, column 1: tabs can't indent/],
    ["a: b: secret\n", "policy_unreadable", /line 1, column 4: /],
    ["a: 1\n---\nb: 1\n", "policy_unreadable", /one document/],
    ["a: *secret\n", "policy_unreadable", /YAML/],
    ["", "policy_invalid", /must be a mapping/],
    ["just text", "policy_invalid", /must be a mapping/],
    ["- a\n", "policy_invalid", /must be a mapping/],
    ["inputs: []\n", "policy_invalid", /^outputs: must name at least one output/],
    ["outputs: {}\n", "policy_invalid", /^outputs: must name at least one output/],
    ["outputs: {default: {type: console}}\n", "policy_invalid", /^inputs: must hold at least one input/],
    [
      "outputs: {default: {type: console}}\ninputs: [{type: aquila_salesforce}]\n",
      "policy_invalid",
      /There is one of type aquila_salesforce\.$/,
    ],
  ])("%j", (text, code, words) => {
    const error = failureOf(() => parsePolicy(text, context));
    expect(error).toMatchObject({ code, next: { do: "giveUp" } });
    expect(error.message).toMatch(words);
    expect(error.message).not.toContain("secret");
  });
});

describe("problems of one input", () => {
  test("leave the others running", () => {
    const policy = policyOf([
      inputBlock({ auth: {} }),
      inputBlock({ id: "input-2", name: "acme-uat", streams: [{ ...STREAM, id: "login-2" }] }),
      inputBlock({ id: "input-3", name: "off", enabled: false, auth: {} }),
    ]);
    expect(policy.brokenInputs.map(({ name }) => name)).toEqual(["acme-production"]);
    expect(policy.inputs.map(({ name }) => name)).toEqual(["acme-uat"]);
    expect(policy.warnings).toEqual(["inputs[2] (off) is switched off."]);
  });

  test("with ids that are taken, whoever comes second", () => {
    const policy = policyOf([
      inputBlock(),
      inputBlock({ name: "second" }),
      inputBlock({
        id: "input-3",
        name: "third",
        streams: [
          { ...STREAM, id: "a" },
          { ...STREAM, id: "a" },
        ],
      }),
    ]);
    expect(policy.inputs.map(({ name }) => name)).toEqual(["acme-production"]);
    expect(policy.brokenInputs.flatMap(({ problems }) => problems.map(({ path, text }) => `${path}: ${text}`))).toEqual(
      [
        "inputs[1] (second).id: the id input-1 is already used by inputs[0] (acme-production)",
        "inputs[1] (second).streams: the id login-1 is already used by inputs[0] (acme-production)",
        "inputs[2] (third).streams: the id a is already used by inputs[2] (third)",
      ],
    );
  });

  test("never repeat a secret", () => {
    const private_key = ["secret-material"];
    const output = { ...OUTPUT, api_key: "secret-material", password: 5, ssl: { key: { pem: "secret-material" } } };
    const broken = policyOf([inputBlock({ auth: { ...AUTH, private_key } })], { default: output }).brokenInputs;
    expect(broken[0]?.problems.map(({ path }) => path)).toEqual([
      "inputs[0] (acme-production).auth.private_key",
      "outputs.default.api_key",
      "outputs.default.password",
      "outputs.default.ssl.key",
    ]);
    expect(inspect(broken, { depth: 20 })).not.toContain("secret-material");
  });
});

test("YAML and values say the same", () => {
  const value = { outputs: { default: OUTPUT }, inputs: [inputBlock()] };
  expect(parsePolicy(stringify(value), context)).toEqual(parsePolicy(value, context));
});
