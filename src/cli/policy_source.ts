import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { type Clock, systemClock } from "../core/clock.ts";
import { createHttp } from "../core/http.ts";
import type { Log } from "../core/log.ts";
import { followKibanaPolicy, readKibanaPolicy } from "../kibana/kibana_policy.ts";
import { parsePolicy } from "../policy/parse_policy.ts";
import type { Policy } from "../policy/policy.ts";
import { followPolicyFile, readText, reportExposure } from "../policy/policy_file.ts";
import type { Environment } from "../policy/variables.ts";
import { prepareRegularExpressions } from "../processing/regular_expression.ts";
import { kibanaCredentials } from "./install_package.ts";
import { knownDatasets } from "./known_datasets.ts";

/** Where the policy of `run` comes from. */
export interface PolicySource {
  /** The policy as it is now. */
  read(): Promise<Policy>;
  /** The same for whoever goes on to use it: files of secrets that others can read are logged, as `follow` does. */
  readAloud(): Promise<Policy>;
  /** The policy as it is now, and each later version of it. */
  follow(): AsyncGenerator<Policy>;
  close(): void;
}

export interface PolicySourceSurroundings {
  readonly environment: Environment;
  readonly log: Log;
  readonly stop: AbortSignal;
  readonly clock?: Clock;
}

/** As Elastic Agent's provider `host` has them. */
const HOST = {
  name: hostname(),
  platform: process.platform === "win32" ? "windows" : process.platform,
  architecture: process.arch === "x64" ? "amd64" : process.arch,
};

/** Files that a policy takes values from. */
class NamedFiles {
  readonly #paths = new Set<string>();

  read(path: string): string {
    this.#paths.add(path);
    return readFileSync(path, "utf8");
  }

  /** Another text whenever one of the files that have been read holds something else. */
  fingerprint(): string {
    const hash = createHash("sha256");
    for (const path of this.#paths) {
      hash.update(`${path}\0${existsSync(path) ? readFileSync(path, "utf8") : ""}\0`);
    }
    return hash.digest("hex");
  }
}

/** A policy in a file, or in Kibana with the credentials of the environment. Throws `usage` if there are none. */
export function policySource(policy: string | URL, surroundings: PolicySourceSurroundings): PolicySource {
  const { environment, log, stop, clock = systemClock } = surroundings;
  const named = new NamedFiles();
  const context = { datasets: knownDatasets(), environment, host: HOST, readFile: (path: string) => named.read(path) };
  const parse = async (content: unknown) => {
    await prepareRegularExpressions(content);
    return parsePolicy(content, context);
  };
  if (typeof policy === "string") {
    const namedFiles = () => named.fingerprint();
    return {
      read: async () => await parse(await readText(policy)),
      readAloud: async () => {
        const read = await parse(await readText(policy));
        await reportExposure(policy, read, log);
        return read;
      },
      follow: () => followPolicyFile(policy, { parse, clock, log, namedFiles }, stop),
      close: () => {},
    };
  }
  const http = createHttp();
  const kibana = { http, credentials: kibanaCredentials(environment), parse, clock, log };
  const read = () => readKibanaPolicy(policy.href, kibana, stop);
  return {
    read,
    readAloud: read,
    follow: () => followKibanaPolicy(policy.href, kibana, stop),
    close: () => http.close(),
  };
}
