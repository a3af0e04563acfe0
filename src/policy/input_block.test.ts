// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some texts are variables of a policy
import { describe, expect, test } from "vitest";
import {
  AUTH,
  context,
  DATASETS,
  inputBlock,
  OUTPUT,
  onlyInput,
  policyOf,
  problemsOf,
  STREAM,
} from "./example_policy.fixture.ts";
import { parsePolicy } from "./parse_policy.ts";

describe("problems of an input", () => {
  const withStream = (changes: object) => inputBlock({ streams: [{ ...STREAM, ...changes }] });
  const withAuth = (changes: object) => inputBlock({ auth: { ...AUTH, ...changes } });
  test.each<[string, object, string[]]>([
    ["no auth", inputBlock({ auth: undefined }), [".auth: is missing"]],
    ["no client_id", withAuth({ client_id: undefined }), [".auth.client_id: is missing"]],
    ["an empty client_id", withAuth({ client_id: "" }), [".auth.client_id: is missing"]],
    ["a list as user name", withAuth({ username: ["a"] }), [".auth.username: must be text"]],
    ["auth as text", inputBlock({ auth: "key" }), [".auth: must be a block of settings"]],
    ["no key", withAuth({ private_key: null }), [".auth: needs either private_key or private_key_path"]],
    ["two keys", withAuth({ private_key_path: "/k.pem" }), [".auth: needs either private_key or private_key_path"]],
    ["an unknown key", withAuth({ clientid: "x" }), [".auth.clientid: is no setting; did you mean client_id?"]],
    ["an unknown key on top", inputBlock({ query: "x" }), [".query: is no setting"]],
    [
      "unknown keys in a stream",
      withStream({ event_log_files: { pollInterval: "5m", zzz: 1 } }),
      [
        ".streams[0].event_log_files.pollInterval: is no setting; did you mean poll_interval?",
        ".streams[0].event_log_files.zzz: is no setting",
      ],
    ],
    [
      "a missing variable",
      withAuth({ private_key: "${env.MISSING}" }),
      [".auth.private_key: needs the environment variable MISSING, which is not set"],
    ],
    [
      "a secret of Fleet",
      withAuth({ private_key: "$co.elastic.secret{abc}" }),
      [
        ".auth.private_key: is a reference to a secret of Fleet, which a standalone runner can't read; put the value into an environment variable and write ${env.NAME} here, or give the path of the key file in private_key_path",
      ],
    ],
    [
      "plain http",
      withAuth({ login_url: "http://login.salesforce.com" }),
      [".auth.login_url: must start with https://; plain http is allowed only to this machine itself"],
    ],
    [
      "a password in the address",
      withAuth({ login_url: "https://me:pass@acme.my.salesforce.com" }),
      [".auth.login_url: must not hold a user name or password; they have settings of their own"],
    ],
    [
      "the address of Lightning pages",
      withAuth({ login_url: "https://acme.lightning.force.com/one" }),
      [
        ".auth.login_url: acme.lightning.force.com is the address of Lightning pages; use the org's My Domain, which ends in .my.salesforce.com",
      ],
    ],
    [
      "wrong values of the API",
      inputBlock({ api: { version: "1", daily_request_share: 0, request_timeout: "1 hour", proxy_url: "proxy" } }),
      [
        ".api.version: must be an API version from 37.0 on, such as 66.0",
        ".api.daily_request_share: must be a whole number from 1 to 100",
        '.api.request_timeout: "1 hour" is not a duration; write for example 90s, 10m or 1h30m',
        ".api.proxy_url: must be a web address, such as http://proxy:3128",
      ],
    ],
    [
      "durations without units or out of bounds",
      withStream({
        event_log_files: { poll_interval: 60, initial_lookback: "40000d" },
        objects: { poll_interval: "1ms" },
      }),
      [
        ".streams[0].event_log_files.poll_interval: must be a duration with its unit, such as 90s, 10m or 1h30m",
        ".streams[0].event_log_files.initial_lookback: must be between 0ms and 36500d",
        ".streams[0].objects.poll_interval: must be between 1s and 36500d",
      ],
    ],
    [
      "a wrong choice",
      withStream({ event_log_files: { interval: "hourly+dayly" } }),
      [".streams[0].event_log_files.interval: must be one of hourly+daily, hourly, daily; did you mean hourly+daily?"],
    ],
    [
      "a wrong flag",
      withStream({ preserve_original_event: "yes" }),
      [".streams[0].preserve_original_event: must be true or false"],
    ],
    [
      "unknown event types and objects",
      withStream({ event_log_files: { event_types: ["login", "Report"] }, objects: { names: ["LoginEvents"] } }),
      [
        '.streams[0].event_log_files.event_types: "login" does not belong to this data stream; did you mean Login?',
        '.streams[0].event_log_files.event_types: "Report" does not belong to this data stream',
        '.streams[0].objects.names: "LoginEvents" does not belong to this data stream; did you mean LoginEvent?',
      ],
    ],
    [
      "objects where there are none",
      withStream({ data_stream: { dataset: "aquila_salesforce.apex" }, objects: { enabled: true } }),
      [".streams[0].objects.enabled: must be false: aquila_salesforce.apex has no event objects"],
    ],
    [
      "event log files where there are none",
      withStream({ data_stream: { dataset: "aquila_salesforce.trail" }, event_log_files: { enabled: true } }),
      [".streams[0].event_log_files.enabled: must be false: aquila_salesforce.trail has no event log files"],
    ],
    [
      "an unknown dataset",
      withStream({ data_stream: { dataset: "salesforce.login" } }),
      [
        ".streams[0].data_stream.dataset: salesforce.login is not collected by this runner; it knows aquila_salesforce.login, aquila_salesforce.apex, aquila_salesforce.trail",
      ],
    ],
    [
      "a dataset named like a property of every object",
      withStream({ data_stream: { dataset: "constructor" } }),
      [
        ".streams[0].data_stream.dataset: constructor is not collected by this runner; it knows aquila_salesforce.login, aquila_salesforce.apex, aquila_salesforce.trail",
      ],
    ],
    [
      "a type other than logs",
      withStream({ data_stream: { type: "metrics", dataset: "aquila_salesforce.login" } }),
      ['.streams[0].data_stream.type: must be "logs"'],
    ],
    [
      "a namespace that no data stream can have",
      inputBlock({ "data_stream.namespace": "Prod-EU" }),
      [
        '.data_stream.namespace: must be in lower case, at most 100 characters, without - \\ / * ? " < > | , # : or spaces',
      ],
    ],
    ["no streams", inputBlock({ streams: undefined }), [".streams: is missing"]],
    ["an empty list of streams", inputBlock({ streams: [] }), [".streams: must name at least one stream"]],
    ["streams that are no list", inputBlock({ streams: STREAM }), [".streams: must be a list"]],
    ["a stream that is no block", inputBlock({ streams: ["login"] }), [".streams[0]: must be a block of settings"]],
    [
      "no stream that is enabled",
      withStream({ event_log_files: { enabled: false } }),
      [".streams: has no stream that is enabled"],
    ],
    ["streams that are all switched off", withStream({ enabled: false }), [".streams: has no stream that is enabled"]],
    [
      "a condition",
      inputBlock({ condition: "${host.platform} == 'linux'" }),
      [".condition: can be evaluated by Elastic Agent only; leave it out, or write true or false"],
    ],
    [
      "an unknown output",
      inputBlock({ use_output: "defualt" }),
      [".use_output: there is no output defualt; did you mean default?"],
    ],
    [
      "an output named like a property of every object",
      inputBlock({ use_output: "constructor" }),
      [".use_output: there is no output constructor"],
    ],
    ["a setting given twice", inputBlock({ "auth.client_id": "other" }), [".auth.client_id: is given twice"]],
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
        ".auth.username: needs the environment variable MISSING, which is not set",
        ".auth.client_id: is missing",
        ".api.retries: is no setting",
        ".streams[0].tags: must be a list",
        '.streams[1].objects.settle_time: "soon" is not a duration; write for example 90s, 10m or 1h30m',
      ],
    ],
  ])("%s", (_name, block, problems) => {
    expect(problemsOf(block)).toEqual(problems.map((problem) => `inputs[0] (acme-production)${problem}`));
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
});

describe("a stream", () => {
  test("that the runner writes by itself is left out without a word", () => {
    const datasets = { ...DATASETS, "aquila_salesforce.collector": { names: {} } };
    const own = { data_stream: { dataset: "aquila_salesforce.collector" }, event_log_files: { enabled: false } };
    const policy = parsePolicy(
      { outputs: { default: OUTPUT }, inputs: [inputBlock({ streams: [STREAM, own] })] },
      { ...context, datasets },
    );
    expect(onlyInput(policy).streams.map(({ id }) => id)).toEqual(["login-1"]);
    expect(policy.warnings).toEqual([]);
  });

  test("that collects nothing is left out with a warning", () => {
    const idle = { ...STREAM, id: "idle", event_log_files: { enabled: false } };
    const policy = policyOf([inputBlock({ streams: [idle, STREAM] })]);
    expect(onlyInput(policy).streams.map(({ id }) => id)).toEqual(["login-1"]);
    expect(policy.warnings).toEqual([expect.stringMatching(/streams\[0\] collects nothing/)]);
  });
});
