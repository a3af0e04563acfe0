/**
 * A Salesforce org for development: `npm run mock-org -- --certificate org.crt --files DIR`. Prints one JSON line when it is ready.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startMockOrg } from "./mock_org.ts";
import type { TrafficSpec } from "./traffic/plan.ts";
import { writeTraffic } from "./traffic/write_traffic.ts";

const USAGE = `Usage: npm run mock-org -- [options]
  --certificate FILE     X.509 certificate or public key (PEM) of the app; without it nobody can log in
  --client-id KEY        consumer key of the app
  --username NAME        user that the app may log in
  --org-name NAME        name of the organization
  --sandbox              a sandbox: its audience is https://test.salesforce.com
  --org-serial N         gives the org its own id
  --no-hourly-files      an org without hourly event log files
  --files DIR            serves each CSV file of a folder as a daily event log file
  --generate SPEC        serves generated traffic; SPEC is JSON, or the path of a JSON file, such as
                         {"rowsPerDay": {"Login": 50000, "RestApi": 200000}, "days": 2, "recordsPerDay": {"LoginEvent": 1000}}
                         (every setting: traffic/plan.ts)
  --write DIR            writes the generated daily files there, for --files, and stops
  --no-gzip              never compresses answers
  --port N, --host H     where to listen (by default a free port on loopback)
  --stop-with-parent     stops when standard input closes
`;

const { values } = parseArgs({
  options: {
    certificate: { type: "string" },
    "client-id": { type: "string" },
    username: { type: "string" },
    "org-name": { type: "string" },
    sandbox: { type: "boolean", default: false },
    "org-serial": { type: "string", default: "1" },
    "no-hourly-files": { type: "boolean", default: false },
    "no-gzip": { type: "boolean", default: false },
    files: { type: "string" },
    generate: { type: "string" },
    write: { type: "string" },
    port: { type: "string", default: "0" },
    host: { type: "string", default: "127.0.0.1" },
    "stop-with-parent": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

const traffic = values.generate === undefined ? undefined : trafficSpec(values.generate);

if (values.write !== undefined) {
  if (traffic === undefined) {
    process.stderr.write("--write needs --generate\n");
    process.exit(2);
  }
  process.stdout.write(`${JSON.stringify(await writeTraffic(values.write, traffic, Date.now()))}\n`);
  process.exit(0);
}

const org = await startMockOrg({
  sandbox: values.sandbox,
  hourlyFiles: !values["no-hourly-files"],
  gzip: !values["no-gzip"],
  port: Number(values.port),
  host: values.host,
  serial: Number(values["org-serial"]),
  ...(values.certificate !== undefined && { certificate: readFileSync(values.certificate, "utf8") }),
  ...(values["client-id"] !== undefined && { clientId: values["client-id"] }),
  ...(values.username !== undefined && { username: values.username }),
  ...(values["org-name"] !== undefined && { name: values["org-name"] }),
});

if (values.files !== undefined) {
  const { skipped } = await org.given.folder(values.files);
  for (const { reason } of skipped) {
    process.stderr.write(`left out: ${reason}\n`);
  }
}

const added = traffic === undefined ? undefined : await org.given.traffic(traffic);

const { url, orgId, clientId, username } = org;
const files = (await org.given.logFiles()).length;
process.stdout.write(`${JSON.stringify({ url, orgId, clientId, username, files, traffic: added })}\n`);

const stop = () => void org.close().then(() => process.exit(0));
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
if (values["stop-with-parent"]) {
  process.stdin.once("end", stop);
  process.stdin.resume();
}

function trafficSpec(text: string): TrafficSpec {
  const json = text.trimStart().startsWith("{") ? text : readFileSync(text, "utf8");
  return JSON.parse(json) as TrafficSpec;
}
