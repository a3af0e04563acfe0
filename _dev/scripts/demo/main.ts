/**
 * `npm run demo`: the whole way of the data on this machine. Two mock Salesforce orgs (or the real files of a folder), the
 * runner, a real Elasticsearch with the package's pipelines and templates, then what has arrived.
 */

import { accessSync, constants, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { stringify } from "yaml";
import { type OptionValues, textOf, usage } from "../../../src/cli/command_declaration.ts";
import { Progress, ProgressDisplay } from "../../../src/cli/progress.ts";
import { run } from "../../../src/cli/run.ts";
import { systemClock } from "../../../src/core/clock.ts";
import type { RunnerError } from "../../../src/core/errors.ts";
import { createLog, terminalLine } from "../../../src/core/log.ts";
import type { DeliveryFact } from "../../../src/pump/facts.ts";
import type { AnyFact } from "../../../src/sources/fact.ts";
import { type DevCommand, runDevCommand } from "../../shared/command/dev_command.ts";
import { COLLECTING, hasLogFiles } from "../../shared/testing/data_streams.ts";
import { type DemoOrg, startDemoOrg } from "./demo_orgs.ts";
import { type Brought, type DemoOutput, openDemoOutput, type StreamContent } from "./demo_output.ts";
import { lastWords } from "./last_words.ts";
import { showLogin } from "./live_demo.ts";
import { type ServedFolder, servedFolder } from "./served_folder.ts";
import { table } from "./table.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

/** Events a day and type of the production org; the sandbox has a tenth. */
const ROWS_PER_DAY = {
  Login: 4_000,
  LoginAs: 40,
  Logout: 1_500,
  SalesforceLoginAs: 5,
  ApexExecution: 4_000,
  ApexCallout: 600,
  ApexRestApi: 500,
  ApexSoap: 100,
  ApexTrigger: 1_500,
  ApexUnexpectedException: 60,
  ConcurrentLongRunningApexLimit: 10,
  QueuedExecution: 400,
  API: 600,
  RestApi: 4_000,
  ApiTotalUsage: 5_000,
  BulkApi: 60,
  BulkApiRequest: 80,
  BulkApi2: 80,
  ReportExport: 60,
  Report: 900,
  ContentTransfer: 500,
  ContentDistribution: 20,
  DocumentAttachmentDownloads: 60,
  LightningInteraction: 900,
  FlowExecution: 200,
};
const SETUP_CHANGES_PER_DAY = 120;
const DETECTIONS_PER_DAY = { SessionHijackingEventStore: 1, ReportAnomalyEventStore: 2, ApiAnomalyEventStore: 2 };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The runner's own reports come with every run, also with one that brings nothing. */
const REPORTS = "collector";

/** Real files may be of any year. */
const ALL_YEARS = "36500d";

interface DemoOptions {
  readonly files: string | undefined;
  readonly fresh: boolean;
  readonly details: boolean;
  readonly keep: boolean;
  readonly agent: boolean;
  /** Absolute. */
  readonly folder: string;
}

const COMMAND: DevCommand = {
  name: "npm run demo",
  summary: "The whole way of the data on this machine: Salesforce orgs, the runner, Elasticsearch with the package.",
  options: {
    files: {
      type: "string",
      value: "DIR",
      help: "Collects the event log files (CSV) of a folder instead of generated ones, whatever their dates.",
    },
    fresh: { type: "boolean", help: "Forgets what earlier runs collected from these orgs." },
    details: { type: "boolean", help: "Shows whole events and everything else there is to say." },
    keep: { type: "boolean", help: "Leaves Elasticsearch running; npm run elasticsearch -- stop ends it." },
    agent: {
      type: "boolean",
      help: "Lets a stand-in of Elastic Agent run the collector, with three orgs of which one is set up wrongly.",
    },
    folder: { type: "string", value: "DIR", default: "build/demo", help: "Where keys, cursors and files are kept." },
  },
  examples: ["npm run demo", "npm run demo -- --files event-log-files --keep"],
};

const say = (line: string) => process.stdout.write(`${line}\n`);

await runDevCommand(COMMAND, demo);

async function demo(values: OptionValues): Promise<number> {
  const options: DemoOptions = {
    files: textOf(values, "files"),
    fresh: values.fresh === true,
    details: values.details === true,
    keep: values.keep === true,
    agent: values.agent === true,
    folder: resolve(ROOT, textOf(values, "folder") ?? ""),
  };
  const served = options.files === undefined ? undefined : servedFolder(resolve(options.files));
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  accessSync(options.folder, constants.W_OK);
  const output = await openDemoOutput(ROOT, options.folder, say);
  const orgs: DemoOrg[] = [];
  try {
    orgs.push(...(served === undefined ? await generatedOrgs(options) : [await orgOfFiles(options, served)]));
    const orgIds = orgs.map(({ orgId }) => orgId);
    if (options.fresh) {
      rmSync(stateFolder(options, output), { recursive: true, force: true });
      await output.forget(orgIds);
    }
    const brought = await output.begin(orgIds);
    say(`Collecting ${orgs.map(({ name }) => name).join(", ")}`);
    if (options.agent) {
      orgs.push(await unapprovedOrg(options));
    }
    const { exitCode, existing } = options.agent
      ? await collectAsAgent(options, orgs, output)
      : await collect(options, orgs, output);
    const isLive = options.agent || (await collectLive(options, orgs, output));
    await end(options, output, brought, existing);
    return isLive ? exitCode : 1;
  } finally {
    await Promise.all(orgs.map((org) => org.stop()));
    await output.close(options.keep);
  }
}

/** One folder for each past: an output, and for real files the folder as it is now. */
function stateFolder({ folder }: DemoOptions, { identity }: DemoOutput): string {
  return join(folder, `state-${identity}`);
}

async function generatedOrgs({ folder }: DemoOptions): Promise<DemoOrg[]> {
  // Another hour has other files.
  const hour = Math.floor(Date.now() / HOUR_MS);
  const [production, sandbox] = await Promise.all([
    startDemoOrg(folder, { name: "Acme production", sandbox: false, serial: 1, past: `1-${hour}`, pubSub: true }),
    startDemoOrg(folder, { name: "Acme sandbox", sandbox: true, serial: 2, past: `2-${hour}` }),
  ]);
  const yesterdayMorning = Math.floor(hour / 24) * 24 - 24 + 9;
  const incidents = [{ kind: "stolenSession", at: new Date(yesterdayMorning * HOUR_MS).toISOString() }] as const;
  const small = Object.fromEntries(Object.entries(ROWS_PER_DAY).map(([type, rows]) => [type, Math.ceil(rows / 10)]));
  const added = await Promise.all([
    production.given.traffic({
      rowsPerDay: ROWS_PER_DAY,
      recordsPerDay: { SetupAuditTrail: SETUP_CHANGES_PER_DAY, ...DETECTIONS_PER_DAY },
      days: 1,
      lacking: 0.01,
      late: 0.02,
      madeByNow: true,
      incidents,
    }),
    sandbox.given.traffic({
      rowsPerDay: small,
      recordsPerDay: { SetupAuditTrail: SETUP_CHANGES_PER_DAY },
      days: 1,
      seed: "sandbox",
      madeByNow: true,
    }),
  ]);
  const files = added.reduce((sum, one) => sum + one.files, 0);
  const rows = added.reduce((sum, one) => sum + one.rows, 0);
  say(`Two Salesforce orgs on this machine with ${files} event log files and ${rows.toLocaleString("en")} rows.`);
  return [production, sandbox];
}

/** A folder of files is an org of its own, so that what one brought is never taken for another's. */
async function orgOfFiles({ folder }: DemoOptions, { path, serial, past }: ServedFolder): Promise<DemoOrg> {
  const org = await startDemoOrg(folder, { name: basename(path), sandbox: false, serial, past, files: path });
  if (org.files === 0) {
    await org.stop();
    throw usage(
      `None of the files in ${path} is an event log file.`,
      "An event log file is a CSV file with the columns EVENT_TYPE and TIMESTAMP and at least one row.",
    );
  }
  return org;
}

/** An org whose administrator has not approved the app for the user. */
async function unapprovedOrg({ folder }: DemoOptions): Promise<DemoOrg> {
  const org = await startDemoOrg(folder, { name: "Acme subsidiary", sandbox: false, serial: 3 });
  await org.given.app({ clientId: org.clientId, approvedUsers: [] });
  return org;
}

function inputOf(org: DemoOrg) {
  const id = `demo-${org.past}`;
  return {
    ...connectionOf(org),
    streams: COLLECTING.filter((stream) => !org.servesFiles || hasLogFiles(stream)).map((stream) => ({
      id: `${id}-${stream}`,
      data_stream: { type: "logs", dataset: `aquila_salesforce.${stream}` },
      ...(hasLogFiles(stream) ? { event_log_files: { initial_lookback: org.servesFiles ? ALL_YEARS : "24h" } } : {}),
    })),
  };
}

/** An input without its streams. */
function connectionOf(org: DemoOrg) {
  return {
    id: `demo-${org.past}`,
    name: org.name,
    type: "aquila-salesforce",
    use_output: "default",
    organization: { name: org.name },
    auth: {
      login_url: org.url,
      audience: org.name.includes("sandbox") ? "https://test.salesforce.com" : "https://login.salesforce.com",
      client_id: org.clientId,
      username: org.username,
      private_key_path: org.privateKeyPath,
    },
  };
}

interface Collected {
  readonly exitCode: number;
  /** Events that were stored already; 0 where only Elastic Agent knows. */
  readonly existing: number;
}

async function collectAsAgent(
  { folder }: DemoOptions,
  orgs: readonly DemoOrg[],
  output: DemoOutput,
): Promise<Collected> {
  if (output.policyBlock.type !== "elasticsearch") {
    throw usage(
      "Elastic Agent writes no files, and there is no Elasticsearch here.",
      "Name one by ELASTICSEARCH_URL, or leave out --agent.",
    );
  }
  const { collectUnderAgent } = await import("./agent_demo.ts");
  const units = await collectUnderAgent({
    folder,
    identity: output.identity,
    outputBlock: output.policyBlock,
    inputs: orgs.map(inputOf),
    say,
  });
  say("What Fleet shows of each unit:");
  say(
    table(
      ["unit", "state", "message"],
      units.map(({ unit, state, message }) => [unit, state, message]),
    ),
  );
  return { exitCode: 0, existing: 0 };
}

async function collect(options: DemoOptions, orgs: readonly DemoOrg[], output: DemoOutput): Promise<Collected> {
  const policy = join(options.folder, "policy.yml");
  const text = stringify({ outputs: { default: output.policyBlock }, inputs: orgs.map(inputOf) });
  writeFileSync(policy, text, { mode: 0o600 });
  const progress = new Progress(systemClock);
  const display = new ProgressDisplay(process.stdout, () => progress.line());
  const [stop, ended] = [new AbortController(), new AbortController()];
  const log = createLog(
    (level, message, fields) => display.print(terminalLine(new Date(), level, message, fields)),
    () => "warn",
  );
  let existing = 0;
  const observe = (fact: AnyFact) => {
    progress.see(fact);
    const told = fact as DeliveryFact;
    existing += told.fact === "delivered" ? told.existing : 0;
  };
  let errors: readonly RunnerError[] = [];
  const keepErrors = (all: readonly RunnerError[]) => {
    errors = all;
  };
  const kept = process.stdout.isTTY ? display.keep(systemClock, ended.signal) : undefined;
  const exitCode = await run(
    { policy, dataDirectory: stateFolder(options, output), once: true },
    { environment: process.env, log, stop: stop.signal, observe, ended: keepErrors },
  ).finally(async () => {
    ended.abort();
    await kept;
  });
  display.print(progress.outcome(stop.signal.aborted, errors));
  return { exitCode, existing };
}

/** Of orgs that push events, a login as it arrives. */
async function collectLive({ folder }: DemoOptions, orgs: readonly DemoOrg[], output: DemoOutput): Promise<boolean> {
  const org = orgs.find(({ pubSubUrl }) => pubSubUrl !== "");
  const outputBlock = output.policyBlock;
  return org === undefined || (await showLogin({ folder, outputBlock, org, input: connectionOf(org), say }));
}

/** The last screen. On a terminal the dashboards are served until somebody has seen them; elsewhere the demo just ends. */
async function end(options: DemoOptions, output: DemoOutput, brought: Brought, existing: number): Promise<void> {
  const contents = (await brought.contents()).filter(({ stream }) => stream !== REPORTS);
  const samples = contents.length === 0 ? [] : await brought.samples();
  const preview = process.stdin.isTTY ? await output.dashboards?.(timeOf(contents)) : undefined;
  const { dashboardsCommand: command } = output;
  const waits = preview !== undefined;
  const code = samples
    .map((one) => (one.event as { code?: unknown } | undefined)?.code)
    .find((one) => one !== undefined);
  const files = options.files === undefined ? "" : ` --files ${options.files}`;
  const words = lastWords({
    contents,
    existing,
    samples,
    lacking: output.lacking,
    dashboards: waits ? { url: preview.url } : command === undefined ? undefined : { command },
    search: output.search(String(code ?? "Login"), !waits && !output.outlives(options.keep)),
    command: `npm run demo --${files}`,
    details: options.details,
  });
  say("");
  words.forEach(say);
  if (waits) {
    const question = createInterface({ input: process.stdin, output: process.stdout });
    await question.question("Press Enter to end the demo. ");
    question.close();
    await preview.close();
  }
}

/** From the oldest to the newest event; the last day where there are none. */
function timeOf(contents: readonly StreamContent[]): { readonly from: number; readonly to: number } {
  const times = contents.flatMap(({ oldest, newest }) => [Date.parse(oldest), Date.parse(newest)]);
  return times.length === 0
    ? { from: Date.now() - DAY_MS, to: Date.now() }
    : { from: Math.min(...times), to: Math.max(...times) + 1 };
}
