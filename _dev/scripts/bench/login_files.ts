import { createWriteStream, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Given } from "../../deploy/docker/mock_org/given.ts";
import type { DemoOrg } from "../demo/demo_orgs.ts";

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

/** Characters of an org's id in event log files. */
const ID_IN_FILES = 15;

/** Hours that the files are spread over; later ones are further files of the same hours. */
const HOURS = 100;
const USERS = 5_000;

/** Lets an org serve hourly Login files of different rows, uncompressed, from `folder`. Gives their paths. */
export async function serveLoginFiles(
  { given, orgId }: Pick<DemoOrg, "given" | "orgId">,
  folder: string,
  files: number,
  rowsPerFile: number,
  withUsernames = true,
): Promise<readonly string[]> {
  await given.org({ gzip: false });
  mkdirSync(folder, { recursive: true });
  const written = { orgId: orgId.slice(0, ID_IN_FILES), withUsernames };
  const paths: string[] = [];
  for (let file = 0; file < files; file += 1) {
    const path = join(folder, `${file}.csv`);
    const hour = new Date(Date.now() - (6 + (file % HOURS)) * 3_600_000);
    hour.setUTCMinutes(0, 0, 0);
    const first = Math.floor(file / HOURS) * rowsPerFile;
    await pipeline(loginRows(hour, first, rowsPerFile, written), createWriteStream(path));
    await given.logFile({ eventType: "Login", interval: "Hourly", logDate: hour.toISOString(), path });
    paths.push(path);
  }
  return paths;
}

/** Lets the org know the users of the rows, for those that have no usernames. */
export async function giveUsers(given: Given): Promise<void> {
  const users = Array.from({ length: USERS }, (_, user) => ({ Id: `${userId(user)}AAA`, Username: username(user) }));
  await given.records("User", users);
}

export function bytesOf(paths: readonly string[]): number {
  return paths.reduce((bytes, path) => bytes + statSync(path).size, 0);
}

/** How rows are written. */
interface Written {
  readonly orgId: string;
  readonly withUsernames: boolean;
}

function* loginRows(hour: Date, from: number, count: number, written: Written): Generator<string> {
  yield `${HEADER.map((name) => `"${name}"`).join(",")}\n`;
  let text = "";
  for (let n = from; n < from + count; n += 1) {
    text += loginRow(hour.getTime(), n, written);
    if (text.length > 100_000) {
      yield text;
      text = "";
    }
  }
  yield text;
}

function userId(user: number): string {
  return `005300000${user.toString(36).toUpperCase().padStart(6, "0")}`;
}

function username(user: number): string {
  return `user${user}@acme.example`;
}

function loginRow(hour: number, n: number, { orgId, withUsernames }: Written): string {
  const time = new Date(hour + ((n * 36) % 3_600_000)).toISOString();
  const user = (n * 7919) % USERS;
  const ip = `89.160.20.${112 + (user % 16)}`;
  const id = userId(user);
  const cells = [
    ...["Login", time.replaceAll(/[-:TZ]/g, ""), `4zX${hour.toString(36)}${n.toString(36)}-`.padEnd(22, "q")],
    ...[orgId, id, String(100 + (n % 900)), String(20 + (n % 90)), "/index.jsp"],
    ...[`k${user}s${n % 977}`, `L${user}x${n % 31}`, "Standard", "", String(50_000_000 + n * 31)],
    ...["A", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/149.0.0.0 Safari/537.36", ""],
    ...[
      "9998.0",
      withUsernames ? username(user) : "",
      "TLSv1.3",
      "TLS_AES_256_GCM_SHA384",
      "acme.my.salesforce.com",
      "SE",
    ],
    ...["", time, `${id}AAA`, ip, n % 17 === 0 ? "LOGIN_ERROR_INVALID_PASSWORD" : "LOGIN_NO_ERROR", ip],
  ];
  return `${cells.map((cell) => `"${cell}"`).join(",")}\n`;
}
