/**
 * `npm run demo`: the whole way of the data on this machine. Two mock Salesforce orgs (or the real files of a folder), the
 * runner, a real Elasticsearch with the package's pipelines and templates, then what has arrived.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { run } from "../../../src/cli/run.ts";
import { createLog, terminalLine } from "../../../src/core/log.ts";
import { collectUnderAgent } from "./agent_demo.ts";
import { type DemoOrg, startDemoOrg } from "./demo_orgs.ts";
import { type DemoOutput, openDemoOutput, type StreamContent } from "./demo_output.ts";
import { Progress } from "./progress.ts";
import { table } from "./table.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const FOLDER = join(ROOT, "build", "demo");

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
};

/** Real files may be of any year. */
const ALL_YEARS = "36500d";

const { values } = parseArgs({
  options: {
    files: { type: "string" },
    agent: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const say = (line: string) => process.stdout.write(`${line}\n`);

if (values.help) {
  say("npm run demo [-- --files DIR] [-- --agent] [-- --keep]");
  say("  --files DIR  collects the event log files (CSV) of a folder instead of generated ones, whatever their dates");
  say(
    "  --agent      lets a stand-in of Elastic Agent run the collector, with three orgs of which one is set up wrongly",
  );
  say("  --keep       leaves Elasticsearch running; npm run elasticsearch -- stop ends it");
} else {
  await demo();
}

async function demo(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  const output = await openDemoOutput(ROOT, FOLDER, say);
  output.about.forEach(say);
  const orgs: DemoOrg[] = [];
  try {
    orgs.push(...(values.files === undefined ? await generatedOrgs() : await orgOfFiles(resolve(values.files))));
    say(`\nCollecting ${orgs.map(({ name }) => name).join(", ")}`);
    if (values.agent) {
      orgs.push(await unapprovedOrg());
      await collectAsAgent(orgs, output);
    } else {
      process.exitCode = await collect(orgs, output);
    }
    const contents = await output.contents();
    await show(output, contents);
    await showDashboards(output, contents);
  } finally {
    await Promise.all(orgs.map((org) => org.stop()));
    await output.close(values.keep);
  }
}

async function generatedOrgs(): Promise<DemoOrg[]> {
  const [production, sandbox] = await Promise.all([
    startDemoOrg(FOLDER, { name: "Acme production", sandbox: false, serial: 1 }),
    startDemoOrg(FOLDER, { name: "Acme sandbox", sandbox: true, serial: 2 }),
  ]);
  const small = Object.fromEntries(Object.entries(ROWS_PER_DAY).map(([type, rows]) => [type, Math.ceil(rows / 10)]));
  const added = await Promise.all([
    production.given.traffic({ rowsPerDay: ROWS_PER_DAY, days: 1, lacking: 0.01, late: 0.02, madeByNow: true }),
    sandbox.given.traffic({ rowsPerDay: small, days: 1, seed: "sandbox", madeByNow: true }),
  ]);
  const files = added.reduce((sum, one) => sum + one.files, 0);
  const rows = added.reduce((sum, one) => sum + one.rows, 0);
  say(`\nTwo Salesforce orgs on this machine with ${files} event log files and ${rows.toLocaleString("en")} rows.`);
  return [production, sandbox];
}

async function orgOfFiles(files: string): Promise<DemoOrg[]> {
  return [await startDemoOrg(FOLDER, { name: "Real files", sandbox: false, serial: 3, files })];
}

/** An org whose administrator has not approved the app for the user. */
async function unapprovedOrg(): Promise<DemoOrg> {
  const org = await startDemoOrg(FOLDER, { name: "Acme subsidiary", sandbox: false, serial: 4 });
  await org.given.app({ clientId: org.clientId, approvedUsers: [] });
  return org;
}

function inputOf(org: DemoOrg, n: number) {
  const everyDate = values.files !== undefined;
  return {
    id: `demo-${n}`,
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
    streams: ["login", "apex", "api"].map((stream) => ({
      id: `demo-${n}-${stream}${everyDate ? "-files" : ""}`,
      data_stream: { type: "logs", dataset: `aquila_salesforce.${stream}` },
      event_log_files: { initial_lookback: everyDate ? ALL_YEARS : "24h" },
    })),
  };
}

async function collectAsAgent(orgs: readonly DemoOrg[], output: DemoOutput): Promise<void> {
  if (output.policyBlock.type !== "elasticsearch") {
    throw new Error("Elastic Agent has no file output: npm run demo -- --agent needs Elasticsearch.");
  }
  const units = await collectUnderAgent({
    folder: FOLDER,
    identity: output.identity,
    outputBlock: output.policyBlock,
    inputs: orgs.map(inputOf),
    say,
  });
  say("\nWhat Fleet shows of each unit:");
  say(
    table(
      ["unit", "state", "message"],
      units.map(({ unit, state, message }) => [unit, state, message]),
    ),
  );
}

async function collect(orgs: readonly DemoOrg[], output: DemoOutput): Promise<number> {
  const policy = join(FOLDER, "policy.yml");
  const text = stringify({ outputs: { default: output.policyBlock }, inputs: orgs.map(inputOf) });
  writeFileSync(policy, text, { mode: 0o600 });
  const dataDirectory = join(FOLDER, `state-${output.identity}`);
  const progress = new Progress(process.stdout);
  const stop = new AbortController();
  const log = createLog(
    (level, message, fields) => say(terminalLine(new Date(), level, message, fields)),
    () => "warn",
  );
  progress.start();
  try {
    return await run(
      { policy, dataDirectory, once: true },
      { environment: process.env, log, stop: stop.signal, observe: (fact) => progress.see(fact) },
    );
  } finally {
    progress.stop();
  }
}

async function show(output: DemoOutput, contents: readonly StreamContent[]): Promise<void> {
  const rows = contents.map(({ dataStream, events, oldest, newest, byCode }) => [
    dataStream,
    events,
    oldest.slice(0, 16),
    newest.slice(0, 16),
    byCode.map(([code, count]) => `${code} ${count.toLocaleString("en")}`).join(", "),
  ]);
  say(`\n${table(["data stream", "events", "oldest", "newest", "event types"], rows)}`);
  for (const sample of await output.samples(3)) {
    say(JSON.stringify(sample, null, 2));
  }
  say("");
  output.next.forEach(say);
  say(
    "Real orgs: write a policy (README.md, 'Run it against your org') and start: npm run aquila-salesforce -- run --policy policy.yml",
  );
}

/** On a terminal the dashboards are shown until somebody has seen them; elsewhere the demo just ends. */
async function showDashboards(output: DemoOutput, contents: readonly StreamContent[]): Promise<void> {
  const [from, to] = [
    contents.map(({ oldest }) => oldest).sort()[0],
    contents
      .map(({ newest }) => newest)
      .sort()
      .at(-1),
  ];
  if (output.dashboards === undefined || !process.stdin.isTTY || from === undefined || to === undefined) {
    return;
  }
  const preview = await output.dashboards({ from: Date.parse(from), to: Date.parse(to) + 1 });
  say(`\nThe dashboards, without Kibana: ${preview.url}`);
  const question = createInterface({ input: process.stdin, output: process.stdout });
  await question.question("Press Enter to end the demo. ");
  question.close();
  await preview.close();
}
