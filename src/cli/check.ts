import { createBudget } from "../core/budget.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { GIVE_UP, RETRY, RunnerError } from "../core/errors.ts";
import type { DataStream } from "../core/event.ts";
import { type Finding, failed, findingsOf, ok, type Step, warning } from "../core/finding.ts";
import { type Log, silentLog } from "../core/log.ts";
import { closest } from "../core/suggestion.ts";
import { ApiBudget } from "../org/api_budget.ts";
import { exposureOf } from "../policy/file_exposure.ts";
import type { BrokenInput, Input, Output, Policy, SharedState } from "../policy/policy.ts";
import type { Environment } from "../policy/variables.ts";
import { COLLECTOR_DATASET } from "../sources/report_document.ts";
import { logstashSteps } from "./check/logstash_steps.ts";
import { orgSteps } from "./check/org_steps.ts";
import { elasticsearchSteps, fileSteps } from "./check/output_steps.ts";
import { reportJson, reportLines, type SubjectReport, summary, verdictCounts } from "./check/report.ts";
import { stateSteps } from "./check/state_steps.ts";
import { exitCodeOf } from "./exit_codes.ts";
import { openOrg } from "./open_org.ts";
import { type PolicySourceSurroundings, policySource } from "./policy_source.ts";
import { VERSION } from "./version.ts";
import { equalityKey } from "./wire_key.ts";

export interface CheckOptions {
  /** A file, or the page of an agent policy in Kibana. */
  readonly policy: string | URL;
  /** Name or id of the one org to look at; undefined for all. */
  readonly org?: string | undefined;
  /** Path of the app's certificate, to be compared with the private key. */
  readonly certificate?: string | undefined;
  /** One JSON object a line instead of a table. */
  readonly json: boolean;
}

export interface CheckSurroundings {
  readonly environment: Environment;
  readonly print: (line: string) => void;
  readonly coloured: boolean;
  /** Of the terminal; absent behind a pipe. */
  readonly columns?: number | undefined;
  readonly stop: AbortSignal;
  readonly log?: Log;
  readonly clock?: Clock;
}

/** Orgs that are looked at at once. */
const AT_ONCE = 50;
/** An org or output that takes longer has failed; the others are not kept waiting. */
const LONGEST_CHECK_MS = 20_000;
/** For one answer, unless the policy allows even less. */
const LONGEST_ANSWER_MS = 10_000;

/**
 * `check`: tries each org and output of a policy as `run` would use them, and says what it finds. Events are neither read nor
 * written. Gives the exit code: 0 if everything can be collected, warnings or not, and otherwise
 * the one that `run --once` would end with for the same cause. Throws what keeps it from
 * starting: a policy that can't be read, an org that is not in it.
 */
export async function check(options: CheckOptions, surroundings: CheckSurroundings): Promise<number> {
  const { environment, print, coloured, columns, stop, log = silentLog, clock = systemClock } = surroundings;
  const policy = await readPolicy(options.policy, { environment, log, stop });
  const { inputs, brokenInputs } = chosen(policy, options.org);
  const places = createBudget(AT_ONCE);

  const report = (one: SubjectReport): SubjectReport => {
    const lines = options.json ? reportJson(one) : reportLines(one, coloured, columns);
    lines.forEach(print);
    return one;
  };
  const look = async (
    kind: SubjectReport["kind"],
    name: string,
    open: () => Promise<Opened>,
  ): Promise<SubjectReport> => {
    const giveBack = await places.take(1, stop);
    try {
      return { kind, name, findings: await findingsWithin(open, clock, stop) };
    } finally {
      giveBack();
    }
  };

  const about = await policyFindings(options.policy, policy);
  const first = [
    ...(about.length === 0 ? [] : [report({ kind: "policy", name: String(options.policy), findings: about })]),
    ...brokenInputs.map(({ name, error }) =>
      report({ kind: "organization", name, findings: [failed("policy", error)] }),
    ),
  ];
  const [orgs, outputs, states] = await Promise.all([
    Promise.all(
      inputs.map(async (input) => {
        const open = () => openForCheck(input, options.certificate, clock);
        return report(await look("organization", input.organization.name, open));
      }),
    ),
    Promise.all(
      outputsOf(inputs).map(({ output, streams }) => look("output", output.name, () => outputSteps(output, streams))),
    ),
    Promise.all(
      sharedStatesOf(inputs).map((state) => look("state", state.index, () => stateSteps(state, LONGEST_ANSWER_MS))),
    ),
  ]);
  const reports = [...first, ...orgs, ...[...outputs, ...states].map(report)];
  const totals = verdictCounts(reports);
  print(options.json ? JSON.stringify({ kind: "summary", message: summary(reports), ...totals }) : summary(reports));
  return exitCodeOf(
    reports.flatMap(({ findings }) =>
      findings.flatMap(({ verdict, code }) => (verdict === "failed" ? [code ?? "internal"] : [])),
    ),
  );
}

async function readPolicy(policy: string | URL, surroundings: PolicySourceSurroundings): Promise<Policy> {
  const source = policySource(policy, surroundings);
  try {
    return await source.read();
  } finally {
    source.close();
  }
}

interface Opened {
  readonly steps: readonly Step[];
  close(): Promise<void> | void;
}

/** What the steps find within the limit; an org or output that can't even be opened has one finding. */
async function findingsWithin(open: () => Promise<Opened>, clock: Clock, stop: AbortSignal): Promise<Finding[]> {
  const limit = new AbortController();
  const done = new AbortController();
  clock.sleep(LONGEST_CHECK_MS, done.signal).then(
    () => limit.abort(tooLate()),
    () => {},
  );
  const findings: Finding[] = [];
  let opened: Opened | undefined;
  try {
    opened = await open();
    for await (const finding of findingsOf(opened.steps, tooLate, AbortSignal.any([limit.signal, stop]))) {
      findings.push(finding);
    }
  } catch (error) {
    findings.push(failed("settings", error));
  } finally {
    done.abort(new Error("done"));
    await opened?.close();
  }
  stop.throwIfAborted();
  return findings;
}

function tooLate(): RunnerError {
  return new RunnerError("timed_out", `No answer within ${LONGEST_CHECK_MS / 1_000} s; the check went no further.`, {
    next: RETRY,
    cure: "Check the address, and the proxy and firewall on the way to it.",
  });
}

async function openForCheck(input: Input, certificate: string | undefined, clock: Clock): Promise<Opened> {
  const requestTimeout = Math.min(input.api.requestTimeout, LONGEST_ANSWER_MS);
  const budget = new ApiBudget(input.api.dailyRequestShare);
  const org = await openOrg(input, { budget, clock, log: silentLog, requestTimeout });
  const around = { budget, clock, requestTimeout, ...(certificate === undefined ? {} : { certificate }) };
  return { steps: orgSteps(input, org, around), close: () => org.close() };
}

async function outputSteps(output: Output, streams: readonly DataStream[]): Promise<Opened> {
  switch (output.type) {
    case "elasticsearch":
      return await elasticsearchSteps(output, streams, VERSION, LONGEST_ANSWER_MS);
    case "kafka": {
      const { kafkaSteps } = await import("./check/kafka_steps.ts");
      return await kafkaSteps(output, streams, LONGEST_ANSWER_MS);
    }
    case "logstash":
      return { steps: logstashSteps(output, LONGEST_ANSWER_MS), close: () => {} };
    case "file":
      return { steps: fileSteps(output), close: () => {} };
    case "console": {
      const run = async () => [ok("console", "Events are printed.")];
      return { steps: [{ name: "console", needed: true, run }], close: () => {} };
    }
  }
}

/** Each output that is used, once, with the data streams that go there, the collector's own among them. */
function outputsOf(inputs: readonly Input[]): Array<{ output: Output; streams: DataStream[] }> {
  const byName = Map.groupBy(inputs, ({ output }) => output.name);
  return [...byName.values()].flatMap((users) => {
    const [first] = users;
    const streams = users
      .flatMap(({ streams, collector }) => streams.map(({ dataStream }) => ({ dataStream, collector })))
      .flatMap(({ dataStream, collector }) =>
        collector === undefined ? [dataStream] : [dataStream, { ...dataStream, dataset: COLLECTOR_DATASET }],
      );
    const distinct = new Map(streams.map((stream) => [JSON.stringify(stream), stream]));
    return first === undefined ? [] : [{ output: first.output, streams: [...distinct.values()] }];
  });
}

/** Each state that hosts share, once. */
function sharedStatesOf(inputs: readonly Input[]): SharedState[] {
  const shared = inputs.flatMap(({ state }) => (state.store === "elasticsearch" ? [state] : []));
  return [...new Map(shared.map((state) => [equalityKey([state.cluster, state.index]), state])).values()];
}

async function policyFindings(policy: string | URL, { warnings }: Policy): Promise<Finding[]> {
  const exposed = typeof policy === "string" ? await exposureOf(policy) : undefined;
  return [...(exposed === undefined ? [] : [exposed]), ...warnings].map((text) => warning("policy", text));
}

function chosen(policy: Policy, org: string | undefined): Pick<Policy, "inputs" | "brokenInputs"> {
  if (org === undefined) {
    return policy;
  }
  const namesOf = (input: Input | BrokenInput) =>
    "organization" in input ? [input.organization.name, input.name, input.id] : [input.name, input.id];
  const isChosen = (input: Input | BrokenInput) => namesOf(input).includes(org);
  const inputs = policy.inputs.filter(isChosen);
  const brokenInputs = policy.brokenInputs.filter(isChosen);
  if (inputs.length + brokenInputs.length === 0) {
    const names = [...policy.inputs, ...policy.brokenInputs].map((input) => namesOf(input)[0] ?? "");
    const meant = closest(org, names);
    throw new RunnerError("usage", `The policy has no org ${org}.`, {
      next: GIVE_UP,
      cure: meant === undefined ? `It has: ${names.join(", ")}.` : `Did you mean ${meant}?`,
    });
  }
  return { inputs, brokenInputs };
}
