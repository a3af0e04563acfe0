import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { stringify } from "yaml";
import { type DemoOrg, startDemoOrg } from "../demo/demo_orgs.ts";
import { measureRunner, type ProcessFigures } from "./runner_process.ts";

/** A Login file of today as orgs deliver it: 28 columns. */
const HEADER = [
  ...["EVENT_TYPE", "TIMESTAMP", "REQUEST_ID", "ORGANIZATION_ID", "USER_ID", "RUN_TIME", "CPU_TIME", "URI"],
  ...["SESSION_KEY", "LOGIN_KEY", "USER_TYPE", "REQUEST_STATUS", "DB_TOTAL_TIME", "LOGIN_TYPE", "BROWSER_TYPE"],
  ...["API_TYPE", "API_VERSION", "USER_NAME", "TLS_PROTOCOL", "CIPHER_SUITE", "LOGIN_URL", "COUNTRY_CODE"],
  ...[
    "AUTHENTICATION_METHOD_REFERENCE",
    "TIMESTAMP_DERIVED",
    "USER_ID_DERIVED",
    "CLIENT_IP",
    "LOGIN_STATUS",
    "SOURCE_IP",
  ],
];

export interface CollectFigures {
  readonly rows: number;
  readonly bytes: number;
  readonly figures: ProcessFigures;
}

/** Collects `files` Login files of `rowsPerFile` rows into NDJSON files; the mock org runs in a process of its own. */
export async function benchCollect(files: number, rowsPerFile: number): Promise<CollectFigures> {
  const folder = mkdtempSync(join(tmpdir(), "bench-collect-"));
  let org: DemoOrg | undefined;
  try {
    org = await startDemoOrg(folder, { name: "Bench", sandbox: false, serial: 9 });
    const bytes = await serveLoginFiles(org, folder, files, rowsPerFile);
    const policy = join(folder, "policy.yml");
    writeFileSync(policy, policyOf(org, join(folder, "out")), { mode: 0o600 });
    const figures = await measureRunner(["run", "--policy", policy, "--data-dir", join(folder, "data"), "--once"]);
    const written = countLines(join(folder, "out", "logs-aquila_salesforce.login-default.ndjson"));
    if (figures.exitCode !== 0 || written !== files * rowsPerFile) {
      throw new Error(`${written} of ${files * rowsPerFile} rows, exit code ${figures.exitCode}\n${figures.stderr}`);
    }
    return { rows: files * rowsPerFile, bytes, figures };
  } finally {
    await org?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function serveLoginFiles(org: DemoOrg, folder: string, files: number, rowsPerFile: number): Promise<number> {
  await org.given.org({ gzip: false });
  mkdirSync(join(folder, "csv"));
  let bytes = 0;
  for (let file = 0; file < files; file += 1) {
    const path = join(folder, "csv", `${file}.csv`);
    const hour = new Date(Date.now() - (6 + file) * 3_600_000);
    hour.setUTCMinutes(0, 0, 0);
    await pipeline(loginRows(hour, rowsPerFile), createWriteStream(path));
    bytes += statSync(path).size;
    await org.given.logFile({ eventType: "Login", interval: "Hourly", logDate: hour.toISOString(), path });
  }
  return bytes;
}

function* loginRows(hour: Date, count: number): Generator<string> {
  yield `${HEADER.map((name) => `"${name}"`).join(",")}\n`;
  let text = "";
  for (let n = 0; n < count; n += 1) {
    text += loginRow(hour.getTime(), n);
    if (text.length > 100_000) {
      yield text;
      text = "";
    }
  }
  yield text;
}

function loginRow(hour: number, n: number): string {
  const time = new Date(hour + ((n * 36) % 3_600_000)).toISOString();
  const user = (n * 7919) % 5_000;
  const ip = `89.160.20.${112 + (user % 16)}`;
  const id = `005300000${user.toString(36).toUpperCase().padStart(6, "0")}`;
  const cells = [
    ...["Login", time.replaceAll(/[-:TZ]/g, ""), `4zX${hour.toString(36)}${n.toString(36)}-`.padEnd(22, "q")],
    ...["00D30000000V77Y", id, String(100 + (n % 900)), String(20 + (n % 90)), "/index.jsp"],
    ...[`k${user}s${n % 977}`, `L${user}x${n % 31}`, "Standard", "", String(50_000_000 + n * 31)],
    ...["A", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/149.0.0.0 Safari/537.36", ""],
    ...["9998.0", `user${user}@acme.example`, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "acme.my.salesforce.com", "SE"],
    ...["", time, `${id}AAA`, ip, n % 17 === 0 ? "LOGIN_ERROR_INVALID_PASSWORD" : "LOGIN_NO_ERROR", ip],
  ];
  return `${cells.map((cell) => `"${cell}"`).join(",")}\n`;
}

function policyOf(org: DemoOrg, out: string): string {
  return stringify({
    outputs: { default: { type: "file", path: out } },
    inputs: [
      {
        id: "bench",
        type: "aquila-salesforce",
        organization: { name: "Bench" },
        auth: {
          login_url: org.url,
          client_id: org.clientId,
          username: org.username,
          private_key_path: org.privateKeyPath,
        },
        streams: [
          {
            id: "login",
            data_stream: { type: "logs", dataset: "aquila_salesforce.login" },
            event_log_files: { event_types: ["Login"], interval: "hourly", initial_lookback: "5d" },
          },
        ],
      },
    ],
  });
}

function countLines(path: string): number {
  let lines = 0;
  const bytes = readFileSync(path);
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
    lines += 1;
  }
  return lines;
}

/** One line per figure. */
export function collectLines({ rows, bytes, figures }: CollectFigures): string[] {
  const { wallSeconds, cpuSeconds, peakMebibytes } = figures;
  return [
    `collect: ${rows.toLocaleString("en")} Login rows of 28 columns (${Math.round(bytes / 1e6)} MB) in ${wallSeconds.toFixed(1)} s`,
    `collect: events a second ${Math.round(rows / wallSeconds).toLocaleString("en")}`,
    `collect: CPU an event ${((cpuSeconds / rows) * 1e6).toFixed(1)} µs`,
    `collect: peak resident memory ${Math.round(peakMebibytes)} MiB`,
  ];
}

if (import.meta.main) {
  const lines = collectLines(await benchCollect(5, 100_000));
  process.stdout.write(`${lines.join("\n")}\n`);
}
