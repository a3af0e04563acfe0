// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some texts are variables of a policy
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { RunnerError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { parsePolicy } from "./parse_policy.ts";
import type { Policy } from "./policy.ts";

const DATASETS = {
  "aquila_salesforce.login": {
    names: {
      event_log_files: ["Login", "LoginAs", "Logout"],
      objects: ["LoginEvent", "LogoutEvent", "LoginAsEvent"],
      live: ["LoginEventStream"],
    },
  },
  "aquila_salesforce.apex": { names: { event_log_files: ["ApexExecution"], objects: [] } },
  "aquila_salesforce.trail": { names: { event_log_files: [], objects: ["SetupAuditTrail"] } },
};
const ENVIRONMENT = {
  SF_PRIVATE_KEY: "-----BEGIN PRIVATE KEY-----\nkey: #material\n-----END PRIVATE KEY-----\n",
  API_KEY: "id:elastic-secret",
};
const context = { datasets: DATASETS, environment: ENVIRONMENT };

const OUTPUT = { type: "elasticsearch", hosts: ["https://es.example.com:9200"], api_key: "${API_KEY}" };
const AUTH = {
  client_id: "3MVG9",
  username: "elastic@acme.com",
  private_key: "${env.SF_PRIVATE_KEY}",
};
const STREAM = { id: "login-1", data_stream: { type: "logs", dataset: "aquila_salesforce.login" } };

function inputBlock(changes: object = {}) {
  return {
    id: "input-1",
    name: "acme-production",
    type: "aquila-salesforce",
    auth: AUTH,
    streams: [STREAM],
    ...changes,
  };
}

function policyOf(inputs: readonly unknown[], outputs: object = { default: OUTPUT }): Policy {
  return parsePolicy({ outputs, inputs }, context);
}

/** The problems of a policy with this one input. */
function problemsOf(block: unknown, outputs?: object): string[] {
  const { inputs, brokenInputs } = policyOf([block], outputs);
  expect(inputs).toHaveLength(0);
  return (brokenInputs[0]?.problems ?? []).map(({ path, text }) => `${path}: ${text}`);
}

function onlyInput(policy: Policy) {
  expect(policy.brokenInputs).toEqual([]);
  expect(policy.inputs).toHaveLength(1);
  const [input] = policy.inputs;
  if (input === undefined) {
    throw new Error("there is no input");
  }
  return input;
}

function failure(act: () => unknown): RunnerError {
  try {
    act();
  } catch (error) {
    if (error instanceof RunnerError) {
      return error;
    }
    throw error;
  }
  throw new Error("nothing failed");
}

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
    expect(failure(() => parsePolicy(policy, context)).message).toMatch(message);
  });

  test.each([
    ["outputs: {default: {type: console}}\ninputs:\n  - auth: {private_key: ${env.SF_KEY}}", "line 3, column 25"],
    ["outputs:\n  default: {hosts: [${env.URL}], api_key: x}", "line 2, column 21"],
    ["outputs:\n  default: {type: elasticsearch, api_key: ${env.KEY|'s3cret'}}", "line 2, column 43"],
  ])("an unquoted variable between braces: %j", (text, place) => {
    const { message } = failure(() => parsePolicy(text, context));
    expect(message).toContain(`${place}: a variable between { and } must be in quotes, as "\${env.`);
    expect(message).not.toContain("s3cret");
  });

  test("another mistake of YAML keeps its own words where variables are quoted", () => {
    const text = 'outputs: {default: {api_key: "${env.KEY}"}}\ninputs: [';
    expect(failure(() => parsePolicy(text, context)).message).not.toContain("in quotes");
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
    const error = failure(() => parsePolicy(text, context));
    expect(error).toMatchObject({ code, next: { do: "giveUp" } });
    expect(error.message).toMatch(words);
    expect(error.message).not.toContain("secret");
  });
});

describe("problems of one input", () => {
  const at = "inputs[0] (acme-production)";
  const stream = `${at}.streams[0]`;
  const withStream = (changes: object) => inputBlock({ streams: [{ ...STREAM, ...changes }] });
  const withAuth = (changes: object) => inputBlock({ auth: { ...AUTH, ...changes } });
  const cases: ReadonlyArray<readonly [string, unknown, readonly string[]]> = [
    ["no auth", inputBlock({ auth: undefined }), [`${at}.auth: is missing`]],
    ["no client_id", withAuth({ client_id: undefined }), [`${at}.auth.client_id: is missing`]],
    ["an empty client_id", withAuth({ client_id: "" }), [`${at}.auth.client_id: is missing`]],
    ["a list as user name", withAuth({ username: ["a"] }), [`${at}.auth.username: must be text`]],
    ["auth as text", inputBlock({ auth: "key" }), [`${at}.auth: must be a block of settings`]],
    ["no key", withAuth({ private_key: null }), [`${at}.auth: needs either private_key or private_key_path`]],
    [
      "two keys",
      withAuth({ private_key_path: "/k.pem" }),
      [`${at}.auth: needs either private_key or private_key_path`],
    ],
    ["an unknown key", withAuth({ clientid: "x" }), [`${at}.auth.clientid: is no setting; did you mean client_id?`]],
    ["an unknown key on top", inputBlock({ query: "x" }), [`${at}.query: is no setting`]],
    [
      "unknown keys in a stream",
      withStream({ event_log_files: { pollInterval: "5m", zzz: 1 } }),
      [
        `${stream}.event_log_files.pollInterval: is no setting; did you mean poll_interval?`,
        `${stream}.event_log_files.zzz: is no setting`,
      ],
    ],
    [
      "a missing variable",
      withAuth({ private_key: "${env.MISSING}" }),
      [`${at}.auth.private_key: needs the environment variable MISSING, which is not set`],
    ],
    [
      "a secret of Fleet",
      withAuth({ private_key: "$co.elastic.secret{abc}" }),
      [
        `${at}.auth.private_key: is a reference to a secret of Fleet, which a standalone runner can't read; put the value into an environment variable and write \${env.NAME} here, or give the path of the key file in private_key_path`,
      ],
    ],
    [
      "plain http",
      withAuth({ login_url: "http://login.salesforce.com" }),
      [`${at}.auth.login_url: must start with https://; plain http is allowed only to this machine itself`],
    ],
    [
      "a password in the address",
      withAuth({ login_url: "https://me:pass@acme.my.salesforce.com" }),
      [`${at}.auth.login_url: must not hold a user name or password; they have settings of their own`],
    ],
    [
      "the address of Lightning pages",
      withAuth({ login_url: "https://acme.lightning.force.com/one" }),
      [
        `${at}.auth.login_url: acme.lightning.force.com is the address of Lightning pages; use the org's My Domain, which ends in .my.salesforce.com`,
      ],
    ],
    [
      "wrong values of the API",
      inputBlock({ api: { version: "1", daily_request_share: 0, request_timeout: "1 hour", proxy_url: "proxy" } }),
      [
        `${at}.api.version: must be an API version from 37.0 on, such as 66.0`,
        `${at}.api.daily_request_share: must be a whole number from 1 to 100`,
        `${at}.api.request_timeout: "1 hour" is not a duration; write for example 90s, 10m or 1h30m`,
        `${at}.api.proxy_url: must be a web address, such as http://proxy:3128`,
      ],
    ],
    [
      "durations without units or out of bounds",
      withStream({
        event_log_files: { poll_interval: 60, initial_lookback: "40000d" },
        objects: { poll_interval: "1ms" },
      }),
      [
        `${stream}.event_log_files.poll_interval: must be a duration with its unit, such as 90s, 10m or 1h30m`,
        `${stream}.event_log_files.initial_lookback: must be between 0ms and 36500d`,
        `${stream}.objects.poll_interval: must be between 1s and 36500d`,
      ],
    ],
    [
      "a wrong choice",
      withStream({ event_log_files: { interval: "hourly+dayly" } }),
      [`${stream}.event_log_files.interval: must be one of hourly+daily, hourly, daily; did you mean hourly+daily?`],
    ],
    [
      "a wrong flag",
      withStream({ preserve_original_event: "yes" }),
      [`${stream}.preserve_original_event: must be true or false`],
    ],
    [
      "unknown event types and objects",
      withStream({ event_log_files: { event_types: ["login", "Report"] }, objects: { names: ["LoginEvents"] } }),
      [
        `${stream}.event_log_files.event_types: "login" does not belong to this data stream; did you mean Login?`,
        `${stream}.event_log_files.event_types: "Report" does not belong to this data stream`,
        `${stream}.objects.names: "LoginEvents" does not belong to this data stream; did you mean LoginEvent?`,
      ],
    ],
    [
      "objects where there are none",
      withStream({ data_stream: { dataset: "aquila_salesforce.apex" }, objects: { enabled: true } }),
      [`${stream}.objects.enabled: must be false: aquila_salesforce.apex has no event objects`],
    ],
    [
      "event log files where there are none",
      withStream({ data_stream: { dataset: "aquila_salesforce.trail" }, event_log_files: { enabled: true } }),
      [`${stream}.event_log_files.enabled: must be false: aquila_salesforce.trail has no event log files`],
    ],
    [
      "an unknown dataset",
      withStream({ data_stream: { dataset: "salesforce.login" } }),
      [
        `${stream}.data_stream.dataset: salesforce.login is not collected by this runner; it knows aquila_salesforce.login, aquila_salesforce.apex, aquila_salesforce.trail`,
      ],
    ],
    [
      "a dataset named like a property of every object",
      withStream({ data_stream: { dataset: "constructor" } }),
      [
        `${stream}.data_stream.dataset: constructor is not collected by this runner; it knows aquila_salesforce.login, aquila_salesforce.apex, aquila_salesforce.trail`,
      ],
    ],
    [
      "a type other than logs",
      withStream({ data_stream: { type: "metrics", dataset: "aquila_salesforce.login" } }),
      [`${stream}.data_stream.type: must be "logs"`],
    ],
    [
      "a namespace that no data stream can have",
      inputBlock({ "data_stream.namespace": "Prod-EU" }),
      [
        `${at}.data_stream.namespace: must be in lower case, at most 100 characters, without - \\ / * ? " < > | , # : or spaces`,
      ],
    ],
    ["no streams", inputBlock({ streams: undefined }), [`${at}.streams: is missing`]],
    ["an empty list of streams", inputBlock({ streams: [] }), [`${at}.streams: must name at least one stream`]],
    ["streams that are no list", inputBlock({ streams: STREAM }), [`${at}.streams: must be a list`]],
    ["a stream that is no block", inputBlock({ streams: ["login"] }), [`${stream}: must be a block of settings`]],
    [
      "no stream that is enabled",
      withStream({ event_log_files: { enabled: false } }),
      [`${at}.streams: has no stream that is enabled`],
    ],
    [
      "streams that are all switched off",
      withStream({ enabled: false }),
      [`${at}.streams: has no stream that is enabled`],
    ],
    [
      "a condition",
      inputBlock({ condition: "${host.platform} == 'linux'" }),
      [`${at}.condition: can be evaluated by Elastic Agent only; leave it out, or write true or false`],
    ],
    [
      "an unknown output",
      inputBlock({ use_output: "defualt" }),
      [`${at}.use_output: there is no output defualt; did you mean default?`],
    ],
    [
      "an output named like a property of every object",
      inputBlock({ use_output: "constructor" }),
      [`${at}.use_output: there is no output constructor`],
    ],
    ["a setting given twice", inputBlock({ "auth.client_id": "other" }), [`${at}.auth.client_id: is given twice`]],
    [
      "several things at once",
      inputBlock({
        auth: { ...AUTH, client_id: undefined, username: "${MISSING}" },
        api: { retries: 3 },
        streams: [
          { ...STREAM, tags: 5 },
          { ...STREAM, id: "b", objects: { settle_time: "soon" } },
        ],
      }),
      [
        `${at}.auth.username: needs the environment variable MISSING, which is not set`,
        `${at}.auth.client_id: is missing`,
        `${at}.api.retries: is no setting`,
        `${stream}.tags: must be a list`,
        `${at}.streams[1].objects.settle_time: "soon" is not a duration; write for example 90s, 10m or 1h30m`,
      ],
    ],
  ];
  test.each(cases)("%s", (_name, block, expected) => {
    expect(problemsOf(block)).toEqual(expected);
  });

  test("are one error, with a line for each", () => {
    const { brokenInputs } = policyOf([inputBlock({ auth: { ...AUTH, client_id: undefined, user: "x" } })]);
    expect(brokenInputs[0]).toMatchObject({ id: "input-1", name: "acme-production" });
    expect(brokenInputs[0]?.error).toMatchObject({ code: "policy_invalid", fault: "configuration" });
    expect(brokenInputs[0]?.error.message.split("\n")).toEqual([
      "inputs[0] (acme-production).auth.client_id: is missing.",
      "inputs[0] (acme-production).auth.user: is no setting; did you mean username?",
    ]);
  });

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

  test("a stream that the runner writes by itself is left out without a word", () => {
    const datasets = { ...DATASETS, "aquila_salesforce.collector": { names: {} } };
    const own = { data_stream: { dataset: "aquila_salesforce.collector" }, event_log_files: { enabled: false } };
    const policy = parsePolicy(
      { outputs: { default: OUTPUT }, inputs: [inputBlock({ streams: [STREAM, own] })] },
      { ...context, datasets },
    );
    expect(onlyInput(policy).streams.map(({ id }) => id)).toEqual(["login-1"]);
    expect(policy.warnings).toEqual([]);
  });

  test("a stream that collects nothing is left out with a warning", () => {
    const idle = { ...STREAM, id: "idle", event_log_files: { enabled: false } };
    const policy = policyOf([inputBlock({ streams: [idle, STREAM] })]);
    expect(onlyInput(policy).streams.map(({ id }) => id)).toEqual(["login-1"]);
    expect(policy.warnings).toEqual([expect.stringMatching(/streams\[0\] collects nothing/)]);
  });
});

describe("outputs", () => {
  const outputOf = (block: unknown) => onlyInput(policyOf([inputBlock()], { default: block })).output;

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

  const kafka = { type: "kafka", hosts: ["127.0.0.1"], topic: "salesforce" };

  test("to Kafka as Kibana renders it, with what Beats know besides", () => {
    const block = {
      type: "kafka",
      hosts: ["k1.example:9093", "k2.example"],
      version: "2.6.0",
      client_id: "Elastic",
      key: "%{[organization.id]}",
      compression: "gzip",
      compression_level: 4,
      username: "writer",
      password: "a-password",
      sasl: { mechanism: "SCRAM-SHA-256" },
      ssl: { certificate_authorities: ["ca.pem"] },
      partition: { hash: { hash: "" } },
      topic: "salesforce-%{[data_stream.dataset]}",
      headers: [
        { key: "from", value: "aquila" },
        { key: "", value: "" },
      ],
      timeout: 30,
      broker_timeout: 10,
      required_acks: 1,
      keep_alive: 0,
    };
    const { inputs, warnings } = policyOf([inputBlock()], { default: block });
    expect(inputs[0]?.output).toMatchObject({
      hosts: ["k1.example:9093", "k2.example:9092"],
      sasl: { mechanism: "SCRAM-SHA-256", username: "writer" },
      topic: [{ text: "salesforce-" }, { field: "data_stream.dataset" }],
      key: [{ field: "organization.id" }],
      headers: [{ key: "from", value: "aquila" }],
      partition: { by: "hash", fields: [], reachableOnly: false },
      compression: "gzip",
      isAcknowledged: true,
      timeout: 30_000,
      brokerTimeout: 10_000,
    });
    expect(warnings).toEqual(["outputs.default.keep_alive has no effect in this runner."]);
    const far = { ...kafka, hosts: ["k"], username: "a", password: "b-b-b-b", required_acks: "0" };
    expect(policyOf([inputBlock()], { default: far }).warnings).toEqual([
      "outputs.default has no ssl: the password and events go to Kafka unencrypted.",
      expect.stringMatching(/^outputs\.default\.required_acks is 0: .* may be lost/),
    ]);
    const ways = [{ random: { group_events: 5 } }, { round_robin: {} }, { hash: { hash: "a.b, c", random: false } }];
    const partitions = ways.map((partition) => outputOf({ ...kafka, partition }));
    expect(partitions).toMatchObject([
      { partition: { by: "random", groupEvents: 5 } },
      { partition: { by: "roundRobin", groupEvents: 1 } },
      { partition: { by: "hash", fields: ["a.b", "c"], isRandomWithout: false } },
    ]);
  });

  const at = "outputs.default";
  const cases: ReadonlyArray<readonly [string, unknown, readonly string[]]> = [
    [
      "plain http",
      { ...OUTPUT, hosts: ["http://es:9200"] },
      [`${at}.hosts[0]: must start with https://; plain http is allowed only to this machine itself`],
    ],
    [
      "no scheme to another host",
      { ...OUTPUT, hosts: ["es:9200"] },
      [`${at}.hosts[0]: must start with https://; plain http is allowed only to this machine itself`],
    ],
    ["no hosts", { type: "elasticsearch" }, [`${at}.hosts: is missing`]],
    ["an empty list of hosts", { type: "elasticsearch", hosts: [] }, [`${at}.hosts: must name at least one address`]],
    [
      "an API key that is none",
      { ...OUTPUT, api_key: "abc" },
      [`${at}.api_key: must be an API key as id:key, or as base64 of that`],
    ],
    [
      "a missing variable",
      { ...OUTPUT, api_key: "${ES_KEY}" },
      [`${at}.api_key: needs the environment variable ES_KEY, which is not set`],
    ],
    [
      "a secret of Fleet",
      { ...OUTPUT, secrets: { ssl: { key: { id: "a" } } } },
      [
        `${at}.secrets: refers to secrets of Fleet, which a standalone runner can't read; give their values in the settings`,
      ],
    ],
    [
      "two ways to log in",
      { ...OUTPUT, username: "a", password: "b" },
      [`${at}: has both api_key and username; leave one out`],
    ],
    [
      "half a login",
      { type: "elasticsearch", hosts: ["https://es:9200"], username: "a" },
      [`${at}: needs username and password together`],
    ],
    [
      "an unknown setting",
      { ...OUTPUT, bulk_max_sice: 5 },
      [`${at}.bulk_max_sice: is no setting; did you mean bulk_max_size?`],
    ],
    [
      "another type",
      { type: "redis", hosts: [] },
      [`${at}.type: must be elasticsearch, logstash, kafka, file or console`],
    ],
    ["no host of Logstash", { type: "logstash", hosts: [] }, [`${at}.hosts: must name at least one address`]],
    [
      "an address of the web for Logstash",
      { type: "logstash", hosts: ["https://ls:5044"] },
      [`${at}.hosts[0]: must be host:port, without a scheme or path`],
    ],
    [
      "a proxy before Logstash",
      { type: "logstash", hosts: ["ls"], proxy_url: "socks5://proxy:1080" },
      [`${at}.proxy_url: names a SOCKS proxy, which this output can't use; let the runner reach Logstash without one`],
    ],
    ["no topic of Kafka", { ...kafka, topic: undefined }, [`${at}.topic: is missing`]],
    [
      "a topic that no broker takes",
      { ...kafka, topic: "sales force" },
      [
        `${at}.topic: must be a topic's name, 1 to 249 letters, digits, dots, lines and hyphens, or hold a %{[field]} or %{+date}`,
      ],
    ],
    [
      "a date in a topic that is none, and a key that is no format",
      { ...kafka, topic: "x-%{+yyyy.MMMM QQ}", key: "%{[a.b" },
      [
        `${at}.topic: holds a date with "QQ"; its letters are y, Y, x, w, M, d, D, e, E, H, m, s, S, up to 9 of each, other text stands in single quotes`,
        `${at}.key: holds "%{[a.b", which is not %{[field]} or %{+date}`,
      ],
    ],
    [
      "Kerberos for Kafka, in both its ways",
      { ...kafka, kerberos: { realm: "X" }, sasl: { mechanism: "GSSAPI" } },
      [
        `${at}.sasl.mechanism: is Kerberos, which this runner does not speak; use PLAIN, SCRAM or a client certificate`,
        `${at}.kerberos: is Kerberos, which this runner does not speak; use PLAIN, SCRAM or a client certificate`,
      ],
    ],
    ["half a login for Kafka", { ...kafka, username: "a" }, [`${at}: needs username and password together`]],
    [
      "more than one way to choose partitions, and acknowledgements that are none",
      { ...kafka, partition: { random: {}, hash: {} }, required_acks: 2 },
      [`${at}.partition: must have one way alone`, `${at}.required_acks: must be 1, 0 or -1`],
    ],
    [
      "topics as Kibana wrote them before",
      { ...kafka, topics: [{ topic: "a" }] },
      [`${at}.topics: is how Kibana wrote it up to 8.13; give one topic, which may hold a %{[field]}`],
    ],
    [
      "a misspelt type",
      { type: "elasticserch" },
      [`${at}.type: must be elasticsearch, logstash, kafka, file or console; did you mean elasticsearch?`],
    ],
    ["no type", { hosts: [] }, [`${at}.type: is missing`]],
    ["no path", { type: "file" }, [`${at}.path: is missing`]],
    ["a setting that the console has not", { type: "console", path: "x" }, [`${at}.path: is no setting`]],
    ["switched off", { ...OUTPUT, enabled: false }, [`${at}.enabled: is false, but an input uses this output`]],
    ["no block", "elasticsearch", [`${at}: must be a block of settings`]],
  ];
  test.each(cases)("%s", (_name, block, expected) => {
    expect(problemsOf(inputBlock(), { default: block })).toEqual(expected);
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

test("YAML and values say the same", () => {
  const value = { outputs: { default: OUTPUT }, inputs: [inputBlock()] };
  expect(parsePolicy(stringify(value), context)).toEqual(parsePolicy(value, context));
});
