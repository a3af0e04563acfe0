import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isMapping } from "../core/block.ts";
import { createHttp, type Http } from "../core/http.ts";
import { Secret } from "../core/secret.ts";
import { addressProblem } from "../core/setting_kinds.ts";
import { askKibana, type KibanaCredentials } from "../kibana/kibana.ts";
import type { Environment } from "../policy/variables.ts";
import { usage } from "./command_declaration.ts";
import { VERSION } from "./version.ts";

export interface InstallPackageOptions {
  /** Kibana's address, with `/s/NAME` for a space. */
  readonly kibana: string;
  /** The package's zip file; found among the release files if `undefined`. */
  readonly package: string | undefined;
}

export interface InstallPackageSurroundings {
  readonly environment: Environment;
  readonly print: (line: string) => void;
  readonly http?: Http;
  /** Where the package is looked for, in this order. */
  readonly releaseFolders?: readonly string[];
}

/** Fleet installs templates, pipelines and dashboards before it answers. */
const TIMEOUT_MS = 300_000;

/**
 * `install-package`: uploads the package to Fleet and says what Fleet has installed. The credentials come from the
 * environment only: arguments can be seen by every user of a machine. Throws `usage` and the errors of `askKibana`.
 */
export async function installPackage(
  options: InstallPackageOptions,
  surroundings: InstallPackageSurroundings,
): Promise<number> {
  const { print, http = createHttp() } = surroundings;
  const url = `${kibanaAddress(options.kibana)}/api/fleet/epm/packages`;
  const credentials = kibanaCredentials(surroundings.environment);
  const content = zipContent(options.package ?? releasedPackage(surroundings.releaseFolders ?? []));
  try {
    const answer = await askKibana(http, credentials, {
      method: "POST",
      url,
      body: { type: "application/zip", content },
      asked: "the package",
      privilege: "Integrations: All (and Fleet: All)",
      timeout: TIMEOUT_MS,
    });
    for (const line of installedLines(answer)) {
      print(line);
    }
    return 0;
  } finally {
    http.close();
  }
}

/** `KIBANA_API_KEY`, or `KIBANA_USERNAME` and `KIBANA_PASSWORD`. Throws `usage` if there are neither. */
export function kibanaCredentials(environment: Environment): KibanaCredentials {
  const { KIBANA_API_KEY: apiKey, KIBANA_USERNAME: username, KIBANA_PASSWORD: password } = environment;
  if (apiKey) {
    return { apiKey: new Secret(/^[^:\s]+:[^:\s]+$/.test(apiKey) ? Buffer.from(apiKey).toString("base64") : apiKey) };
  }
  if (username && password) {
    return { username, password: new Secret(password) };
  }
  throw usage(
    "There are no credentials for Kibana.",
    "Set the environment variable KIBANA_API_KEY, or KIBANA_USERNAME and KIBANA_PASSWORD.",
  );
}

function kibanaAddress(address: string): string {
  const problem = addressProblem(address);
  if (problem !== undefined) {
    throw usage(`--kibana: ${problem}.`, "Give Kibana's address, such as https://kibana.example.com:5601.");
  }
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname.replace(/\/app(?:\/.*)?$/, "").replace(/\/+$/, "")}`;
}

function releasedPackage(folders: readonly string[]): string {
  const name = `aquila_salesforce-${VERSION}.zip`;
  const path = folders.map((folder) => join(folder, name)).find((one) => existsSync(one));
  if (path === undefined) {
    throw usage(
      `There is no ${name} in ${[...new Set(folders)].join(" or ")}.`,
      "Give its path with --package; npm run package builds it in build/release.",
    );
  }
  return path;
}

function zipContent(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw usage(
      `The package ${path} can't be read (${code}).`,
      "Give its path with --package; npm run package builds it in build/release.",
    );
  }
}

/** Fleet's answer: `items`, each with id and type of an installed asset. */
function installedLines(answer: unknown): string[] {
  const items: readonly unknown[] = isMapping(answer) && Array.isArray(answer.items) ? answer.items : [];
  const meta = isMapping(answer) && isMapping(answer._meta) ? answer._meta : {};
  const counts = new Map<string, number>();
  for (const item of items) {
    const type = isMapping(item) && typeof item.type === "string" ? item.type : "other";
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return [
    `Fleet has installed ${String(meta.name ?? "the package")}: ${items.length} assets.`,
    ...[...counts].toSorted().map(([type, count]) => `  ${String(count).padStart(4)} ${type.replaceAll("_", " ")}`),
  ];
}
