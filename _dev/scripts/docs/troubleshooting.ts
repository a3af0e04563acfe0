/**
 * The messages of the product with their cures, for the documentation. Each is made by the product itself from what the far
 * side answers, so the documentation quotes nothing that nobody will ever see.
 */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { loginError } from "../../../src/auth/login_meaning.ts";
import { parsePrivateKey } from "../../../src/auth/private_key.ts";
import { findObjectType } from "../../../src/catalog/catalog.ts";
import { versionFinding } from "../../../src/cli/check/api_version.ts";
import { templateFinding } from "../../../src/cli/check/elasticsearch_answers.ts";
import { startRefusal } from "../../../src/cli/component_trial.ts";
import { knownDatasets } from "../../../src/cli/known_datasets.ts";
import { stateProblem } from "../../../src/coordination/state_answer.ts";
import { asRunnerError, type RunnerError } from "../../../src/core/errors.ts";
import { MEGABYTE, SLOWEST, slowDownload, tooLong } from "../../../src/core/http.ts";
import { transportError } from "../../../src/core/transport_meaning.ts";
import { SHARED_STATE, unreachable } from "../../../src/elasticsearch/client.ts";
import { responseMeaning, shareUsed } from "../../../src/org/response_meaning.ts";
import { parsePolicy } from "../../../src/policy/parse_policy.ts";
import { twiceError } from "../../../src/pump/facts.ts";
import { noPlaceError, noRoomError } from "../../../src/pump/keeping.ts";
import { bulkVerdict } from "../../../src/sinks/bulk_verdict.ts";
import { kafkaProblem } from "../../../src/sinks/kafka_meaning.ts";
import { BUSY, logstashProblem } from "../../../src/sinks/logstash.ts";
import { unreadable } from "../../../src/sinks/lumberjack_frames.ts";
import { withObjectCure } from "../../../src/sources/objects/access.ts";

/** A message as people read it. */
export interface Trouble {
  readonly message: string;
  readonly cure: string | undefined;
}

/** Troubles that belong together. */
export interface TroubleGroup {
  readonly title: string;
  readonly troubles: readonly Trouble[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = Date.UTC(2026, 6, 17, 9);
const LOGIN = "https://login.salesforce.com";
const KEY_FILE = "private_key.pem";

export function troubleGroups(): readonly TroubleGroup[] {
  return [
    { title: "Elastic Agent and the component", troubles: agentTroubles() },
    { title: "The policy", troubles: policyTroubles() },
    { title: "The private key", troubles: keyTroubles() },
    { title: "The way to a host", troubles: wayTroubles() },
    { title: "The login", troubles: loginTroubles() },
    { title: "Reading from the org", troubles: orgTroubles() },
    { title: "Elasticsearch", troubles: elasticsearchTroubles() },
    { title: "The shared state", troubles: stateTroubles() },
    { title: "Logstash", troubles: logstashTroubles() },
    { title: "Kafka", troubles: kafkaTroubles() },
  ];
}

/** All of them in Markdown, a heading and a table for each group. */
export function troubleshooting(): string {
  return troubleGroups()
    .map(({ title, troubles }) => {
      const rows = troubles.map(
        ({ message, cure }) => `| ${cell(message)} | ${cell(cure ?? "Nothing: the runner tries again by itself.")} |`,
      );
      return [`### ${title}`, "", "| Message | What to do |", "| --- | --- |", ...rows, ""].join("\n");
    })
    .join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

/** Where the message itself says what to write. */
const AS_IT_SAYS = "Change that place of the policy; the other orgs run.";

function policyTroubles(): Trouble[] {
  const datasets = knownDatasets();
  const outputs = { default: { type: "console" } };
  const [auth, streams] = [
    { client_id: "3MVG9", username: "elastic@acme.example", private_key: "key" },
    [{ data_stream: { dataset: "aquila_salesforce.login" } }],
  ];
  const org = { name: "acme", type: "aquila-salesforce", auth, streams };
  const settings = (change: object): Trouble => {
    const [broken] = parsePolicy(
      { outputs, inputs: [{ ...org, ...change }] },
      { datasets, environment: {} },
    ).brokenInputs;
    return { message: broken?.error.message ?? "", cure: AS_IT_SAYS };
  };
  const { message } = troubleOf(() => parsePolicy("outputs:\n\tdefault:", { datasets }));
  const unquoted = troubleOf(() => parsePolicy("outputs: {default: {api_key: $" + "{env.API_KEY}}}", { datasets }));
  const misspelt = troubleOf(() => parsePolicy({ outputs, input: [org] }, { datasets }));
  return [
    { message, cure: "Mend that line; YAML shows its structure by spaces at the beginning of lines." },
    { message: unquoted.message, cure: "Put the variable in quotes; without them its brace opens a block." },
    { message: misspelt.message, cure: "Correct the name of that block." },
    settings({ auth: { ...auth, client_id: "" } }),
    settings({ auth: { ...auth, user_name: "elastic" } }),
    settings({ auth: { ...auth, private_key: "${" + "env.SF_PRIVATE_KEY}" } }),
    settings({ auth: { ...auth, private_key: "$co.elastic.secret{6f1c0d}" } }),
    settings({ streams: [{ ...streams[0], event_log_files: { event_types: ["Logins"] } }] }),
    settings({ api: { request_timeout: "60" } }),
  ];
}

/** What Elastic Agent says of a component that it can't run, and what the installer says. */
function agentTroubles(): Trouble[] {
  return [
    {
      message: "input not supported",
      cure: "The runner is not beside the version of the agent that runs: run `sudo aquila-salesforce install-component --restart` on its host.",
    },
    {
      message: "unknown otel receiver type for input type: aquila-salesforce",
      cure: "Elastic Agent runs inputs in its OpenTelemetry runtime, which knows no components, and the integration vanishes from its status. Set `agent.internal.runtime.default: process` in the advanced settings of the agent policy, or take that setting out.",
    },
    {
      message: "aquila-salesforce needs Node 24 or newer; /usr/bin/node is Node 20.20.2.",
      cure: "Install Node 24, or take the single executable, which brings its own.",
    },
    trouble(startRefusal("/opt/Elastic/Agent/data/elastic-agent-9.5.2-abae0c/components", 998, "EACCES")),
  ];
}

function stateTroubles(): Trouble[] {
  const index = "aquila-salesforce-state";
  const hosts = ["https://elasticsearch.example:9200"];
  const refused = Object.assign(new Error("no"), { code: "ECONNREFUSED" });
  const answer = (status: number, type: string) => trouble(stateProblem(index, { status, body: { error: { type } } }));
  const met = twiceError({ parts: 5, of: 8, created: 0, existing: 0 });
  return [
    ...(met === undefined ? [] : [trouble(met)]),
    trouble(unreachable({ hosts }, refused, SHARED_STATE)),
    answer(401, "security_exception"),
    answer(403, "security_exception"),
    answer(400, "document_parsing_exception"),
    answer(429, "es_rejected_execution_exception"),
    answer(429, "cluster_block_exception"),
    answer(400, "index_closed_exception"),
  ];
}

function keyTroubles(): Trouble[] {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
  const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const encrypted = privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "right" });
  const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" });
  const of = (text: string | Buffer, passphrase?: string) =>
    troubleOf(() => parsePrivateKey(text.toString(), passphrase, KEY_FILE));
  return [
    of("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"),
    of(publicKey.export({ type: "spki", format: "pem" })),
    of("-----BEGIN PRIVATE KEY-----\nMIIB"),
    of(encrypted),
    of(encrypted, "wrong"),
    of(pem(curve)),
    of(pem(weak)),
  ];
}

function wayTroubles(): Trouble[] {
  const codes = [
    ...["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "EHOSTUNREACH", "ERR_SSL_WRONG_VERSION_NUMBER"],
    ...["CERT_HAS_EXPIRED", "SELF_SIGNED_CERT_IN_CHAIN"],
  ];
  const { host } = new URL(LOGIN);
  const way = { proxyUrl: "http://proxy.example:3128" };
  const coded = (code: string) => Object.assign(new Error(code), { code });
  return [
    ...codes.map((code) => transportError(host, coded(code))),
    transportError(host, coded("ECONNREFUSED"), way),
    transportError(host, new Error("Bad response: 407"), way),
    slowDownload(host, 20_000, SLOWEST.milliseconds),
    tooLong(host, 4 * MEGABYTE),
  ].map(trouble);
}

/** `error` and `error_description` of the token endpoint (OAuth 2.0 Authorization Errors, Salesforce Help). */
const REFUSALS: ReadonlyArray<readonly [error: string, description: string]> = [
  ["invalid_grant", "user hasn't approved this consumer"],
  ["invalid_app_access", "user is not admin approved to access this app"],
  ["invalid_grant", "audience is invalid"],
  ["invalid_grant", "invalid assertion"],
  ["invalid_grant", "expired authorization code"],
  ["invalid_grant", "user is invalid"],
  ["invalid_grant", "inactive user"],
  ["inactive_org", "organization is locked, closed or suspended"],
  ["invalid_grant", "ip restricted or invalid login hours"],
  ["invalid_client_id", "client identifier invalid"],
  ["invalid_client", "External client app is not installed in this org"],
  ["unsupported_grant_type", "grant type not supported"],
  ["unknown_error", "retry your request"],
  ["rate_limit_exceeded", "Number of logins exceeded"],
];

function loginTroubles(): Trouble[] {
  const refusals = REFUSALS.map(([error, description]) => {
    const body = JSON.stringify({ error, error_description: description });
    return trouble(loginError({ status: 400, headers: {}, body }, LOGIN, NOW));
  });
  const elsewhere = { status: 302, headers: { location: "https://acme.my.salesforce.com/" }, body: "" };
  const nowhere = { status: 404, headers: {}, body: "" };
  const page = { status: 502, headers: {}, body: "<html>Bad Gateway</html>" };
  return [...refusals, ...[elsewhere, nowhere, page].map((answer) => trouble(loginError(answer, LOGIN, NOW)))];
}

/** Status, errorCode and message of the REST API. */
const REST_REFUSALS: ReadonlyArray<readonly [status: number, errorCode: string, message: string]> = [
  [403, "API_CURRENTLY_DISABLED", "API is disabled for this User"],
  [403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."],
  [400, "INVALID_TYPE", "sObject type 'EventLogFile' is not supported."],
  [403, "INSUFFICIENT_ACCESS", "insufficient access rights"],
];

function orgTroubles(): Trouble[] {
  const meaning = (status: number, errorCode: string, message: string, asked: string) =>
    responseMeaning({ status, headers: {}, body: JSON.stringify([{ errorCode, message }]), asked }, NOW);
  const object = findObjectType("LoginEvent");
  const hidden = meaning(400, "INVALID_TYPE", "sObject type 'LoginEvent' is not supported.", "query of LoginEvent");
  return [
    ...REST_REFUSALS.map(([status, errorCode, message]) =>
      trouble(meaning(status, errorCode, message, "listing of event log files")),
    ),
    ...(object === undefined ? [] : [trouble(withObjectCure(hidden, object))]),
    trouble(shareUsed({ calls: 3_000, share: 3_000, allocation: 15_000, freeAt: NOW + DAY_MS, askAt: NOW + HOUR_MS })),
    troubleOf(() => versionFinding('[{"version":"64.0"},{"version":"68.0"}]', "60.0")),
  ];
}

const EVENT = { index: "logs-aquila_salesforce.login-default", id: "1", json: "{}" };
const KEPT = { events: 12, bytes: 24, since: NOW, reason: "document_parsing_exception: [12:7] failed to parse" };

function elasticsearchTroubles(): Trouble[] {
  const refused = (status: number, body: object) => bulkVerdict({ status, body }, 1).problem;
  const item = (type: string, reason: string) =>
    refused(200, { errors: true, items: [{ create: { status: 400, error: { type, reason } } }] });
  const stream = { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" };
  const { message, cure } = templateFinding({}, stream, "");
  return [
    refused(401, { error: { reason: "unable to authenticate" } }),
    refused(403, { error: { reason: "action is unauthorized" } }),
    refused(429, {}),
    item("illegal_argument_exception", "pipeline with id [logs-aquila_salesforce.login-0.1.0] does not exist"),
    item("index_not_found_exception", "no such index"),
    item("cluster_block_exception", "index blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded]"),
  ]
    .concat(noPlaceError(KEPT), noRoomError({ mostBytes: 256 * MEGABYTE }, [{ event: EVENT, reason: KEPT.reason }]))
    .flatMap((error) => (error === undefined ? [] : [trouble(error)]))
    .concat({ message, cure });
}

function logstashTroubles(): Trouble[] {
  const host = "logstash.example:5044";
  const failed = (code: string) => trouble(logstashProblem(host, Object.assign(new Error(code), { code })));
  return [
    failed("ECONNREFUSED"),
    failed("ETIMEDOUT"),
    failed("ECONNRESET"),
    failed("UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
    trouble(logstashProblem(host, unreadable("its answer is not that of the Lumberjack protocol"))),
    trouble(BUSY),
  ];
}

function kafkaTroubles(): Trouble[] {
  const failed = (where: string, apiId: string) =>
    trouble(kafkaProblem(where, Object.assign(new Error(apiId), { apiId })).error);
  const lost = (code: string) =>
    trouble(kafkaProblem("kafka.example:9092", Object.assign(new Error(code), { code })).error);
  return [
    lost("ECONNREFUSED"),
    lost("ETIMEDOUT"),
    lost("ECONNRESET"),
    lost("UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
    failed("kafka.example:9092", "SASL_AUTHENTICATION_FAILED"),
    failed("kafka.example:9092", "UNSUPPORTED_SASL_MECHANISM"),
    failed("salesforce", "UNKNOWN_TOPIC_OR_PARTITION"),
    failed("salesforce:0", "TOPIC_AUTHORIZATION_FAILED"),
    failed("salesforce:0", "CLUSTER_AUTHORIZATION_FAILED"),
    failed("salesforce:0", "NOT_ENOUGH_REPLICAS"),
    failed("salesforce:0", "LEADER_NOT_AVAILABLE"),
    failed("salesforce:0", "KAFKA_STORAGE_ERROR"),
  ];
}

/** What the function throws. */
function troubleOf(refused: () => unknown): Trouble {
  try {
    refused();
  } catch (error) {
    return trouble(asRunnerError(error));
  }
  throw new TypeError("nothing was refused");
}

function trouble({ message, cure }: RunnerError): Trouble {
  return { message, cure };
}
