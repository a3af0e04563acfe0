import { systemClock } from "../core/clock.ts";
import { createHttp } from "../core/http.ts";
import type { Log } from "../core/log.ts";
import { followKibanaPolicy, readKibanaPolicy } from "../policy/kibana_policy.ts";
import { parsePolicy } from "../policy/parse_policy.ts";
import type { Policy } from "../policy/policy.ts";
import { followPolicyFile, readText } from "../policy/policy_file.ts";
import type { Environment } from "../policy/variables.ts";
import { kibanaCredentials } from "./install_package.ts";
import { knownDatasets } from "./wire.ts";

/** Where the policy of `run` comes from. */
export interface PolicySource {
  /** The policy as it is now. */
  read(): Promise<Policy>;
  /** The policy as it is now, and each later version of it. */
  follow(): AsyncGenerator<Policy>;
  close(): void;
}

export interface PolicySourceSurroundings {
  readonly environment: Environment;
  readonly log: Log;
  readonly stop: AbortSignal;
}

/** A policy in a file, or in Kibana with the credentials of the environment. Throws `usage` if there are none. */
export function policySource(policy: string | URL, surroundings: PolicySourceSurroundings): PolicySource {
  const { environment, log, stop } = surroundings;
  const parse = (content: unknown) => parsePolicy(content, { datasets: knownDatasets(), environment });
  if (typeof policy === "string") {
    return {
      read: async () => parse(await readText(policy)),
      follow: () => followPolicyFile(policy, { parse, clock: systemClock, log }, stop),
      close: () => {},
    };
  }
  const http = createHttp();
  const kibana = { http, credentials: kibanaCredentials(environment), parse, clock: systemClock, log };
  return {
    read: () => readKibanaPolicy(policy.href, kibana, stop),
    follow: () => followKibanaPolicy(policy.href, kibana, stop),
    close: () => http.close(),
  };
}
