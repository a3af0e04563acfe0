import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse";
import { stringify } from "yaml";
import { type DemoOrg, startDemoOrg } from "../demo/demo_orgs.ts";
import { bytesOf, giveUsers, serveLoginFiles } from "./login_files.ts";
import { measureRunner, type ProcessFigures } from "./runner_process.ts";

/** An output as the policy has it. */
export type OutputBlock = Readonly<Record<string, unknown>> & { readonly type: string };

export interface CollectOptions {
  readonly files: number;
  readonly rowsPerFile: number;
  /** By default NDJSON files, whose lines are counted. */
  readonly output?: OutputBlock;
  /** Of the data streams. */
  readonly namespace?: string;
  /** Where the cursors are kept, as the policy has it. */
  readonly state?: Readonly<Record<string, unknown>>;
  /** Rows without usernames, so that names are looked up as this setting says. */
  readonly names?: "none" | "usernames";
  /** Compare with csv-parse, which makes objects of the first file's rows and nothing more. */
  readonly compare?: boolean;
}

export interface CollectFigures {
  readonly rows: number;
  readonly bytes: number;
  readonly figures: ProcessFigures;
  /** CPU microseconds that csv-parse takes for a row. */
  readonly comparison: number | undefined;
}

/** Collects Login files; the mock org runs in a process of its own. Throws if the runner fails or rows are missing. */
export async function benchCollect({
  files,
  rowsPerFile,
  output,
  names,
  compare,
  ...input
}: CollectOptions): Promise<CollectFigures> {
  const folder = mkdtempSync(join(tmpdir(), "bench-collect-"));
  const rows = files * rowsPerFile;
  let org: DemoOrg | undefined;
  try {
    org = await startDemoOrg(folder, { name: "Bench", sandbox: false, serial: 9 });
    const paths = await serveLoginFiles(org, join(folder, "csv"), files, rowsPerFile, names === undefined);
    if (names !== undefined) {
      await giveUsers(org.given);
    }
    const policy = join(folder, "policy.yml");
    const out = join(folder, "out");
    writeFileSync(policy, policyOf(org, output ?? { type: "file", path: out }, { names, ...input }), { mode: 0o600 });
    const figures = await measureRunner(["run", "--policy", policy, "--data-dir", join(folder, "data"), "--once"]);
    if (figures.exitCode !== 0) {
      throw new Error(`exit code ${figures.exitCode}\n${figures.stderr}`);
    }
    const written = output === undefined ? countLines(join(out, "logs-aquila_salesforce.login-default.ndjson")) : rows;
    if (written !== rows) {
      throw new Error(`${written} of ${rows} rows\n${figures.stderr}`);
    }
    const [first] = paths;
    const comparison = compare === true && first !== undefined ? await csvParseMicroseconds(first) : undefined;
    return { rows, bytes: bytesOf(paths), figures, comparison };
  } finally {
    await org?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** CPU time a row of csv-parse reading the file as a stream into objects. */
async function csvParseMicroseconds(path: string): Promise<number> {
  const before = process.cpuUsage();
  let rows = 0;
  for await (const _ of createReadStream(path).pipe(parse({ columns: true }))) {
    rows += 1;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / rows;
}

function policyOf(
  org: DemoOrg,
  output: OutputBlock,
  {
    names = "usernames",
    namespace = "default",
    state,
  }: Pick<CollectOptions, "namespace" | "state"> & { readonly names: CollectOptions["names"] | undefined },
): string {
  return stringify({
    outputs: { default: output },
    inputs: [
      {
        id: "bench",
        type: "aquila-salesforce",
        organization: { name: "Bench" },
        names,
        data_stream: { namespace },
        ...(state === undefined ? {} : { state }),
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
export function collectLines(name: string, { rows, bytes, figures, comparison }: CollectFigures): string[] {
  const { wallSeconds, cpuSeconds, peakMebibytes } = figures;
  const cpuMicroseconds = (cpuSeconds / rows) * 1e6;
  const ratio =
    comparison === undefined
      ? ""
      : `, ${(cpuMicroseconds / comparison).toFixed(2)} of what csv-parse takes to make objects (${comparison.toFixed(1)} µs)`;
  return [
    `${name}: ${rows.toLocaleString("en")} Login rows of 28 columns (${Math.round(bytes / 1e6)} MB) in ${wallSeconds.toFixed(1)} s`,
    `${name}: events a second ${Math.round(rows / wallSeconds).toLocaleString("en")}`,
    `${name}: CPU an event ${cpuMicroseconds.toFixed(1)} µs${ratio}`,
    `${name}: CPU share of one core ${Math.round((cpuSeconds / wallSeconds) * 100)} %`,
    `${name}: peak resident memory ${Math.round(peakMebibytes)} MiB`,
  ];
}
