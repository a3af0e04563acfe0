import { isMapping } from "../core/block.ts";
import type { Clock } from "../core/clock.ts";
import { asRunnerError, GIVE_UP, RunnerError } from "../core/errors.ts";
import type { Http } from "../core/http.ts";
import type { Log } from "../core/log.ts";
import { addressProblem } from "../core/setting_kinds.ts";
import type { Policy } from "../policy/policy.ts";
import { askKibana, type KibanaCredentials } from "./kibana.ts";

export interface KibanaPolicySurroundings {
  readonly http: Http;
  readonly credentials: KibanaCredentials;
  readonly parse: (policy: unknown) => Promise<Policy>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Elastic Agent itself asks about as often. */
const POLL_MS = 30_000;
const TIMEOUT_MS = 30_000;

/**
 * The agent policy at an address of Kibana, and every later revision of it, until the signal aborts. Rejects if the first one
 * can't be had or used and a person has to mend that; where waiting helps, it waits. A later revision that can't be used is
 * reported in the log, and what runs goes on.
 */
export async function* followKibanaPolicy(
  address: string,
  surroundings: KibanaPolicySurroundings,
  signal: AbortSignal,
): AsyncGenerator<Policy> {
  const { clock, log } = surroundings;
  const source = kibanaPolicyAddress(address);
  let running: string | undefined;
  let complaint: string | undefined;
  while (!signal.aborted) {
    try {
      const { revision, content, key } = await fetchPolicy(source, surroundings, signal);
      const policy = key === running ? undefined : await surroundings.parse(content);
      complaint = undefined;
      if (policy !== undefined) {
        log.info(`${running === undefined ? "Took" : "Took over"} revision ${revision} of ${source.asked}.`);
        running = key;
        yield policy;
      }
    } catch (caught) {
      if (signal.aborted) {
        return;
      }
      const error = asRunnerError(caught);
      if (running === undefined && error.fault !== "remote") {
        throw error;
      }
      if (error.text !== complaint) {
        complaint = error.text;
        log.error(`${error.text} ${running === undefined ? "It is asked again." : "The policy from before goes on."}`);
      }
    }
    await clock.sleep(POLL_MS, signal).catch(() => {});
  }
}

/** The policy of Kibana as it is now. Throws as `askKibana` and `parse` do. */
export async function readKibanaPolicy(
  address: string,
  surroundings: KibanaPolicySurroundings,
  signal: AbortSignal,
): Promise<Policy> {
  const { content } = await fetchPolicy(kibanaPolicyAddress(address), surroundings, signal);
  return await surroundings.parse(content);
}

export interface KibanaPolicyAddress {
  /** Of the policy as a standalone agent gets it. */
  readonly url: string;
  readonly asked: string;
}

/** Takes the address of the policy's page in Fleet, as the browser shows it, or that of its API. Throws `usage`. */
export function kibanaPolicyAddress(address: string): KibanaPolicyAddress {
  const problem = addressProblem(address);
  if (problem !== undefined) {
    throw unusable(`The address of the policy ${problem.startsWith("must") ? problem : `is wrong: ${problem}`}.`);
  }
  const { origin, pathname } = new URL(address);
  const found = /^(.*)\/(?:app\/fleet\/policies|api\/fleet\/agent_policies)\/([^/]+)/.exec(pathname);
  const [, base, id] = found ?? [];
  if (base === undefined || id === undefined) {
    throw unusable("The address of the policy names no agent policy.");
  }
  return {
    url: `${origin}${base}/api/fleet/agent_policies/${id}/full?standalone=true`,
    asked: `the agent policy ${decodeURIComponent(id)}`,
  };
}

function unusable(message: string): RunnerError {
  const cure = "Copy it from the browser: https://KIBANA/app/fleet/policies/ID.";
  return new RunnerError("usage", message, { next: GIVE_UP, cure });
}

interface FetchedPolicy {
  readonly revision: string;
  readonly content: unknown;
  /** Equal for equal policies. Outputs and hosts may change without a new revision. */
  readonly key: string;
}

async function fetchPolicy(
  source: KibanaPolicyAddress,
  { http, credentials }: KibanaPolicySurroundings,
  signal: AbortSignal,
): Promise<FetchedPolicy> {
  const answer = await askKibana(http, credentials, {
    method: "GET",
    url: source.url,
    asked: source.asked,
    privilege: "Fleet > Agent policies: Read",
    timeout: TIMEOUT_MS,
    signal,
  });
  const content = isMapping(answer) ? answer.item : undefined;
  if (!isMapping(content)) {
    throw new RunnerError("answer_unreadable", `Kibana's answer holds no policy for ${source.asked}.`, {
      next: GIVE_UP,
    });
  }
  return { revision: String(content.revision ?? "?"), content, key: JSON.stringify(content) };
}
