import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Finding, findingsOf } from "../../core/finding.ts";
import { Secret } from "../../core/secret.ts";
import { parsePolicy } from "../../policy/parse_policy.ts";
import type { ElasticsearchOutput } from "../../policy/policy.ts";
import { privilegeFinding } from "./elasticsearch_answers.ts";
import { elasticsearchSteps, fileSteps } from "./output_steps.ts";

const STREAM = { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" };
const NAME = "logs-aquila_salesforce.login-default";
const VERSION = "1.2.3";

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const privileges = (may: Record<string, boolean>, cluster: Record<string, boolean> = {}) => ({
  status: 200,
  body: { has_all_requested: false, cluster, index: { [NAME]: may } },
});

const installed = (version: string) => ({
  status: 200,
  body: {
    component_templates: [
      {
        name: "logs-aquila_salesforce.login@package",
        component_template: {
          template: { settings: { index: { default_pipeline: `logs-aquila_salesforce.login-${version}` } } },
        },
      },
    ],
  },
});

const simulated = (doc: object) => ({ status: 200, body: { docs: [{ doc }] } });

const ROOT = "GET /";
const PRIVILEGES = "POST /_security/user/_has_privileges";
const TEMPLATES = "GET /_component_template/logs-aquila_salesforce.login@package";
const SIMULATION = `POST /_ingest/${NAME}/_simulate`;

/** An Elasticsearch that is set up right. */
const RIGHT: Readonly<Record<string, Answer>> = {
  [ROOT]: { status: 200, body: { version: { number: "9.4.3" } } },
  [PRIVILEGES]: privileges({ auto_configure: true, create_doc: true, read: false }),
  [TEMPLATES]: installed(VERSION),
  [SIMULATION]: simulated({ executed_pipelines: [`logs-aquila_salesforce.login-${VERSION}`], _source: {} }),
};

let server: Server;
let answers: Record<string, Answer>;

beforeEach(async () => {
  answers = { ...RIGHT };
  server = createServer((request, response) => {
    const answer = answers[`${request.method} ${decodeURIComponent(request.url ?? "")}`] ?? { status: 404, body: {} };
    const headers = { "content-type": "application/json", "x-elastic-product": "Elasticsearch" };
    response.writeHead(answer.status, headers).end(JSON.stringify(answer.body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function output(): ElasticsearchOutput {
  const { port } = server.address() as AddressInfo;
  const block = { type: "elasticsearch", hosts: [`http://127.0.0.1:${port}`], api_key: "id:key" };
  const streams = [{ data_stream: { dataset: STREAM.dataset } }];
  const auth = { client_id: "3MVG9", username: "u", private_key: "k" };
  const policy = parsePolicy(
    { outputs: { default: block }, inputs: [{ type: "aquila-salesforce", auth, streams }] },
    { datasets: { [STREAM.dataset]: { names: { event_log_files: ["Login"] } } } },
  );
  return policy.inputs[0]?.output as ElasticsearchOutput;
}

async function findings(of: ElasticsearchOutput = output()): Promise<Finding[]> {
  const { steps, close } = await elasticsearchSteps(of, [STREAM], VERSION, 5_000);
  const found: Finding[] = [];
  const never = () => {
    throw new Error("nothing is too late here");
  };
  for await (const finding of findingsOf(steps, never, new AbortController().signal)) {
    found.push(finding);
  }
  await close();
  return found;
}

test("an Elasticsearch that is set up right has nothing but ok", async () => {
  expect(await findings()).toEqual([
    { step: "Elasticsearch", verdict: "ok", message: expect.stringMatching(/is reached, version 9\.4\.3\.$/) },
    {
      step: "key privileges",
      verdict: "ok",
      message:
        "The key may create documents, and nothing that could do harm. It may not look them up (read): what is sent again after a roll-over is counted and reported as possibly doubled.",
    },
    { step: "templates", verdict: "ok", message: "logs-aquila_salesforce.login: version 1.2.3 is installed." },
    {
      step: "test document",
      verdict: "ok",
      message: `${NAME} takes a document, by the pipeline logs-aquila_salesforce.login-1.2.3.`,
    },
  ]);
});

const SECURITY = { error: { type: "security_exception", reason: "missing authentication credentials" } };
const INSTALL = "Install the package AQUILA for Salesforce.";
const LEAST = "Use a key with only monitor on the cluster, and auto_configure, create_doc and read on logs-*.";

describe("an Elasticsearch that is set up wrong", () => {
  test.each<[string, Record<string, Answer>, string, string, RegExp, string | undefined]>([
    [
      "the key is refused",
      { [ROOT]: { status: 401, body: SECURITY } },
      "Elasticsearch",
      "failed",
      /^Elasticsearch refused the key \(status 401: missing authentication credentials\)\.$/,
      "Check the output's api_key, or username and password.",
    ],
    [
      "something else answers",
      { [ROOT]: { status: 200, body: { name: "kibana" } } },
      "Elasticsearch",
      "failed",
      /is not Elasticsearch\.$/,
      "Check the output's hosts: they must be Elasticsearch's own addresses, not Kibana's.",
    ],
    [
      "the key may not write",
      { [PRIVILEGES]: privileges({ auto_configure: true, create_doc: false }) },
      "key privileges",
      "failed",
      /^The key lacks create_doc on logs-aquila_salesforce\.login-default\.$/,
      "Give the key the privileges auto_configure and create_doc on logs-*.",
    ],
    [
      "the key may do more than it needs",
      {
        [PRIVILEGES]: privileges({ auto_configure: true, create_doc: true, delete: true }, { manage_security: true }),
      },
      "key privileges",
      "warning",
      /^The key may do more than it needs: manage_security on the cluster, delete on its data streams\.$/,
      LEAST,
    ],
    [
      "the package is missing",
      { [TEMPLATES]: { status: 404, body: {} } },
      "templates",
      "failed",
      /^Elasticsearch has no templates for logs-aquila_salesforce\.login\.$/,
      INSTALL,
    ],
    [
      "the package is of another version",
      { [TEMPLATES]: installed("1.1.0") },
      "templates",
      "warning",
      /^logs-aquila_salesforce\.login: version 1\.1\.0 is installed, and this runner is 1\.2\.3\.$/,
      "Install version 1.2.3 of the package AQUILA for Salesforce, or the runner of the package's version.",
    ],
    [
      "the key may not look at templates",
      { [TEMPLATES]: { status: 403, body: SECURITY } },
      "templates",
      "skipped",
      /the key may not look at templates; that needs monitor on the cluster\.$/,
      undefined,
    ],
    [
      "a document would be refused",
      { [SIMULATION]: simulated({ error: { type: "document_parsing_exception", reason: "no" } }) },
      "test document",
      "failed",
      /would not take a document \(document_parsing_exception: no\)\.$/,
      INSTALL,
    ],
    [
      "the pipeline is missing",
      { [SIMULATION]: { status: 400, body: { error: { reason: "pipeline with id [x] does not exist" } } } },
      "test document",
      "failed",
      /would not take a document \(pipeline with id \[x\] does not exist\)\.$/,
      INSTALL,
    ],
    [
      "no pipeline runs",
      { [SIMULATION]: simulated({ executed_pipelines: [], _source: {} }) },
      "test document",
      "failed",
      /takes a document without the pipeline logs-aquila_salesforce\.login-1\.2\.3\.$/,
      INSTALL,
    ],
    [
      "the pipeline fails",
      {
        [SIMULATION]: simulated({ executed_pipelines: ["x"], _source: { event: { kind: "pipeline_error" } } }),
      },
      "test document",
      "warning",
      /the pipeline fails for a test document\.$/,
      "Install the package AQUILA for Salesforce anew.",
    ],
    [
      "the key may not simulate",
      { [SIMULATION]: { status: 403, body: SECURITY } },
      "test document",
      "skipped",
      /the key may not simulate \(status 403\)\.$/,
      undefined,
    ],
  ])("%s", async (_, wrong, step, verdict, message, cure) => {
    answers = { ...RIGHT, ...wrong };
    const found = (await findings()).filter((finding) => finding.verdict !== "ok" && finding.step !== "not checked");
    expect(found).toEqual([expect.objectContaining({ step, verdict, message: expect.stringMatching(message) })]);
    expect(found[0]?.cure).toBe(cure);
  });

  test("without security there is a warning", async () => {
    const found = await findings({ ...output(), credentials: undefined });
    expect(found.filter(({ verdict }) => verdict === "warning")).toEqual([
      expect.objectContaining({
        step: "key privileges",
        cure: "Switch its security on, and give the output an api_key.",
      }),
    ]);
  });

  test("nobody listens", async () => {
    const of = { ...output(), credentials: { apiKey: new Secret("aWQ6a2V5") } };
    server.closeAllConnections();
    server.close();
    await once(server, "close");
    expect(await findings(of)).toEqual([
      expect.objectContaining({
        step: "Elasticsearch",
        verdict: "failed",
        code: "output_unreachable",
        cure: "Check the output's hosts, and that Elasticsearch is running.",
      }),
      { step: "not checked", verdict: "skipped", message: "key privileges, templates, test document." },
    ]);
  });
});

describe("a file output", () => {
  const found = async (path: string) => await fileSteps({ type: "file", name: "default", path })[0]?.run(never());
  const never = () => new AbortController().signal;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "check-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test("may be made by the runner", async () => {
    const path = join(folder, "new", "out");
    expect(await found(path)).toEqual([{ step: "output folder", verdict: "ok", message: `${path} can be written.` }]);
  });

  test("is refused where a file is in its place", async () => {
    writeFileSync(join(folder, "out"), "", { mode: 0o600 });
    await expect(found(join(folder, "out", "events"))).rejects.toMatchObject({
      code: "output_unwritable",
      cure: "Check the output's path, that the runner's user may write there, and that there is room.",
    });
  });

  test("is refused where nothing can be written, whoever asks, and nothing is left behind", async () => {
    await expect(found("/proc/nowhere/events")).rejects.toMatchObject({
      code: "output_unwritable",
      message: expect.stringMatching(/^The folder \/proc can't be written \(E[A-Z]+\)\.$/),
    });
    await found(folder);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is refused where a file of events can't be added to", async () => {
    mkdirSync(join(folder, "logs-aquila_salesforce.login-default.ndjson"));
    await expect(found(folder)).rejects.toMatchObject({
      message: expect.stringMatching(/^The file .*\.ndjson can't be written \(EISDIR\)\.$/),
    });
  });
});

test("what a key lacks is told by privilege, with the data streams that need it", () => {
  const index = {
    "logs-a-default": { auto_configure: false, create_doc: true },
    "logs-b-default": { auto_configure: false, create_doc: false },
  };
  expect(privilegeFinding({ cluster: {}, index }).message).toBe(
    "The key lacks auto_configure on logs-a-default, logs-b-default; create_doc on logs-b-default.",
  );
});
