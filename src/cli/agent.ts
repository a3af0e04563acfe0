import { hostname } from "node:os";
import { ControlConnection } from "../agent/control_connection.ts";
import type { AgentInfo } from "../agent/control_protocol.ts";
import { answerAction, type ReadCursors } from "../agent/diagnostics.ts";
import { ManagedUnits } from "../agent/managed_units.ts";
import { readStartUpInfo } from "../agent/start_up_info.ts";
import type { AgentFacts } from "../core/agent_facts.ts";
import { systemClock } from "../core/clock.ts";
import { createLog, LOG_LEVELS, type WriteLine } from "../core/log.ts";
import { type CallCounts, openCallCounts } from "../cursors/sqlite_call_hours.ts";
import type { Input } from "../policy/policy.ts";
import { Supervisor } from "../pump/supervisor.ts";
import { ComponentState } from "./component_state.ts";
import { readSharedCursors } from "./cursors_shared.ts";
import { followPolicies } from "./follow_policies.ts";
import { InputReports } from "./input_reports.ts";
import { knownDatasets } from "./known_datasets.ts";
import { VERSION } from "./version.ts";
import { Wiring } from "./wire.ts";

const NAME = "aquila-salesforce";

export interface AgentOptions {
  /** The folder that the agent gives the component to work in. */
  readonly dataDirectory: string;
}

export interface AgentSurroundings {
  /** Where Elastic Agent writes the start-up information. */
  readonly input: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  readonly writeLine: WriteLine;
  readonly stop: AbortSignal;
}

/**
 * `agent`: collects what Elastic Agent says through its control protocol, and tells it how each org and the output are. Gives
 * the exit code. Throws what keeps it from starting: unusable start-up information.
 */
export async function agent(options: AgentOptions, { input, writeLine, stop }: AgentSurroundings): Promise<number> {
  const startUp = await readStartUpInfo(input);
  const reports = new InputReports();
  let calls: CallCounts | undefined;
  try {
    const units: ManagedUnits = new ManagedUnits(
      { datasets: knownDatasets() },
      (inputId) => reports.standings(inputId),
      () => connection.changed(),
      (input) => reports.shared(input),
    );
    const log = createLog(
      (level, message, fields) => {
        const least = units.logLevel(typeof fields.input === "string" ? fields.input : undefined);
        if (LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least)) {
          writeLine(level, message, fields);
        }
      },
      () => "debug",
    );
    const state = new ComponentState(options.dataDirectory, log);
    calls = openCallCounts(state.folder);
    const connection = new ControlConnection({
      startUp,
      name: NAME,
      version: VERSION,
      processId: process.pid,
      meta: { runtime: `node ${process.version}`, version: VERSION },
      observed: () => units.observed(),
      expected: (expected) => units.expect(expected),
      act: (request) =>
        answerAction(request, {
          units,
          cursors: (input, read) => readCursors(input, state, read),
          reports: (inputId) => reports.of(inputId),
          runner: processFacts,
          clock: systemClock,
        }),
      clock: systemClock,
      log,
    });

    const disconnect = new AbortController();
    const connected = connection.run(disconnect.signal);
    stop.addEventListener("abort", () => units.stop());
    const supervisor = new Supervisor(systemClock);
    const wiring = new Wiring({
      stateOf: (input) => state.open(input),
      calls,
      log,
      observe: (...facts) => {
        if (reports.observe(...facts)) {
          connection.changed();
        }
      },
      stand: (standing, input) => {
        reports.stand(standing, input);
        connection.changed();
      },
      deliveryHealth: (problem) => units.delivery(problem),
      ...(startUp.agent === undefined ? {} : { agent: agentFacts(startUp.agent) }),
    });
    await followPolicies(units.policies(stop), wiring, supervisor, log, (starting) => reports.begin(starting));
    disconnect.abort(new Error("stopped"));
    await connected;
    return 0;
  } finally {
    calls?.close();
  }
}

/** Fleet tells an event's agent by `agent.id`, and checks it against the API key that has sent the event. */
function agentFacts({ id, version, snapshot }: AgentInfo): AgentFacts {
  return { id, name: hostname(), type: NAME, version: VERSION, elasticAgent: { id, version, snapshot } };
}

/** Those that hosts share are read where they lie, whoever of the hosts collects. */
async function readCursors<T>(
  input: Input,
  state: ComponentState,
  read: (cursors: ReadCursors) => Promise<T>,
): Promise<T | undefined> {
  if (input.state.store === "elasticsearch") {
    return await readSharedCursors(input, read);
  }
  const cursors = state.cursors(input.id);
  return cursors === undefined ? undefined : await read(cursors);
}

function processFacts(): object {
  const { rss, heapUsed } = process.memoryUsage();
  return {
    version: VERSION,
    runtime: `node ${process.version} ${process.platform}/${process.arch}`,
    uptime_seconds: Math.round(process.uptime()),
    memory_bytes: { resident: rss, heap: heapUsed },
  };
}
