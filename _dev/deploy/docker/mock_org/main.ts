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
  --pub-sub              serves the Pub/Sub API too, on a port of its own
  --push SPEC            pushes so many believable events a minute there, such as '{"LoginEventStream": 30}'
  --pub-sub-port N       on this port (by default a free one)
  --pub-sub-tls FILE     behind TLS, with the certificate and private key (PEM) of this file
  --no-gzip              never compresses answers
  --port N, --host H     where to listen (by default a free port on loopback)
  --stop-with-parent     stops when standard input closes
`;

/** Something on the command line that can't be. */
class Mistake extends Error {}

try {
  await main();
} catch (error) {
  const problem = problemOf(error);
  if (problem === undefined) {
    throw error;
  }
  process.stderr.write(`${problem} See npm run mock-org -- --help.\n`);
  process.exit(2);
}

async function main(): Promise<void> {
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
      "pub-sub": { type: "boolean", default: false },
      push: { type: "string" },
      "pub-sub-port": { type: "string", default: "0" },
      "pub-sub-tls": { type: "string" },
      port: { type: "string", default: "0" },
      host: { type: "string", default: "127.0.0.1" },
      "stop-with-parent": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });

  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }

  const traffic = values.generate === undefined ? undefined : given<TrafficSpec>("generate", values.generate);
  const push = values.push === undefined ? undefined : given<Record<string, number>>("push", values.push);
  if (push !== undefined && !values["pub-sub"]) {
    throw new Mistake("--push needs --pub-sub.");
  }

  if (values.write !== undefined) {
    if (traffic === undefined) {
      throw new Mistake("--write needs --generate.");
    }
    process.stdout.write(`${JSON.stringify(await writeTraffic(values.write, traffic, Date.now()))}\n`);
    return;
  }

  const org = await startMockOrg({
    sandbox: values.sandbox,
    hourlyFiles: !values["no-hourly-files"],
    gzip: !values["no-gzip"],
    port: wholeNumber("port", values.port, 65_535),
    host: values.host,
    ...(values["pub-sub"] && {
      pubSub: {
        port: wholeNumber("pub-sub-port", values["pub-sub-port"], 65_535),
        ...(values["pub-sub-tls"] !== undefined && keyAndCertificate(readFileSync(values["pub-sub-tls"], "utf8"))),
      },
    }),
    serial: wholeNumber("org-serial", values["org-serial"], Number.MAX_SAFE_INTEGER),
    ...(values.certificate !== undefined && { certificate: readFileSync(values.certificate, "utf8") }),
    ...(values["client-id"] !== undefined && { clientId: values["client-id"] }),
    ...(values.username !== undefined && { username: values.username }),
    ...(values["org-name"] !== undefined && { name: values["org-name"] }),
  });

  if (values.files !== undefined) {
    const { files, skipped } = await org.given.folder(values.files);
    if (files.length === 0 && skipped.length === 0) {
      throw new Mistake(`${values.files} is empty.`);
    }
    for (const { reason } of skipped) {
      process.stderr.write(`left out: ${reason}\n`);
    }
  }

  const added = traffic === undefined ? undefined : await org.given.traffic(traffic);

  if (push !== undefined) {
    await org.given.pushed(push).catch((error: unknown) => {
      throw new Mistake(`--push: ${(error as Error).message}.`);
    });
  }

  const { url, orgId, clientId, username, pubSubUrl } = org;
  const files = (await org.given.logFiles()).length;
  process.stdout.write(
    `${JSON.stringify({ url, orgId, clientId, username, files, traffic: added, ...(pubSubUrl !== "" && { pubSubUrl }) })}\n`,
  );

  const stop = () => void org.close().then(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  if (values["stop-with-parent"]) {
    process.stdin.once("end", stop);
    process.stdin.resume();
  }
}

function wholeNumber(option: string, text: string, largest: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > largest) {
    throw new Mistake(`--${option} must be a whole number up to ${largest}.`);
  }
  return number;
}

/** The parts of a PEM file. */
function keyAndCertificate(pem: string): { certificate: string; key: string } {
  const blocks = pem.match(/-----BEGIN [\s\S]+?-----END .+?-----\n?/g) ?? [];
  const key = blocks.find((block) => block.includes("PRIVATE KEY"));
  const certificate = blocks.filter((block) => block.includes("CERTIFICATE")).join("");
  if (key === undefined || certificate === "") {
    throw new Mistake("--pub-sub-tls needs a file with a certificate and its private key.");
  }
  return { certificate, key };
}

/** What a person who typed something wrong has to know; undefined for what should not happen. */
function problemOf(error: unknown): string | undefined {
  const { code, path, port, message } = error as NodeJS.ErrnoException & { port?: number };
  if (error instanceof Mistake) {
    return message;
  }
  if (code?.startsWith("ERR_PARSE_ARGS")) {
    return `${message.split(/\. |\n/)[0]}.`;
  }
  switch (code) {
    case "EADDRINUSE":
      return `Another program listens on port ${port}: give another one with --port, or 0 for a free one.`;
    case "EACCES":
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return path === undefined
        ? `It can't listen there (${code}): change --host or --port.`
        : `${path} can't be used (${code}).`;
    default:
      return path === undefined ? undefined : `${path} can't be used (${code}).`;
  }
}

/** The JSON of an option, or of the file that it names. */
function given<T>(option: string, text: string): T {
  const json = text.trimStart().startsWith("{") ? text : readFileSync(text, "utf8");
  try {
    return JSON.parse(json) as T;
  } catch (error) {
    throw new Mistake(`--${option} holds no JSON (${(error as Error).message}).`);
  }
}
