import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type Standing, standingText } from "../coordination/standing.ts";
import type { Turn } from "../coordination/turn.ts";
import type { AgentFacts } from "../core/agent_facts.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { asRunnerError, messageOf, RunnerError } from "../core/errors.ts";
import { dataStreamName } from "../core/event.ts";
import type { Log } from "../core/log.ts";
import { Memory } from "../core/memory.ts";
import { createMemoryCallHours } from "../cursors/call_hours.ts";
import { createMemoryNames, type NameCache } from "../cursors/name_cache.ts";
import { SharedCallHours } from "../cursors/shared_call_hours.ts";
import type { CallCounts } from "../cursors/sqlite_call_hours.ts";
import { ApiBudget } from "../org/api_budget.ts";
import type { Input, Stream } from "../policy/policy.ts";
import type { DeliveryFact } from "../pump/facts.ts";
import { Keeping } from "../pump/keeping.ts";
import { MetEvents } from "../pump/met_events.ts";
import { pump } from "../pump/pump.ts";
import type { InputRun, Job, WantedInput } from "../pump/supervisor.ts";
import { underWayId } from "../pump/under_way.ts";
import { Collector } from "../reporting/collector.ts";
import { dropped } from "../reporting/dropped.ts";
import { sentence } from "../reporting/facts.ts";
import { tellAll } from "../reporting/tell_all.ts";
import { createNamingSink } from "../sinks/naming.ts";
import { createProcessingSink } from "../sinks/processing.ts";
import { settingAside } from "../sinks/setting_aside.ts";
import type { SinkHealth } from "../sinks/sink.ts";
import type { AnyFact, Tell } from "../sources/fact.ts";
import { COLLECTOR_DATASET } from "../sources/report_document.ts";
import type { Source } from "../sources/source.ts";
import type { TimeRange } from "../sources/time_range.ts";
import { callerOf } from "./shared_org.ts";
import { VERSION } from "./version.ts";
import { InputOpening, type InputState, type OpenedInput } from "./wire_input.ts";
import { equalityKey } from "./wire_key.ts";
import { SharedLeases } from "./wire_leases.ts";
import { SharedOutputs } from "./wire_output.ts";
import { type StreamSource, streamSources } from "./wire_stream.ts";

/** What the runs of all inputs share. */
export interface Surroundings {
  /** Opens what is kept of an input; called at its first round, and again if it was rejected. */
  readonly stateOf: (input: Input) => Promise<InputState>;
  readonly log: Log;
  /** Told every fact with the input, data stream and source that it concerns. */
  readonly observe?: (fact: AnyFact, input: Input, stream: Stream, sourceId: string) => void;
  /** Told where the org of an input stands that several hosts share. */
  readonly stand?: (standing: Standing, input: Input) => void;
  /** Told what holds an output's deliveries up, and `undefined` when they flow. */
  readonly deliveryHealth?: SinkHealth;
  readonly clock?: Clock;
  readonly agent?: AgentFacts;
  /** What all orgs and outputs of the process share. */
  readonly memory?: Memory;
  /** Where API calls are counted; by default each input counts its own, in memory. */
  readonly calls?: Pick<CallCounts, "of">;
  /** Where names of ids are kept; in memory by default. */
  readonly names?: Pick<NameCache, "find" | "keep">;
  /** Collects this range once instead of following the present. */
  readonly range?: TimeRange;
}

/** One state for all inputs; its owner closes it. */
export function sharedState(state: Omit<InputState, "close">): Surroundings["stateOf"] {
  return async () => ({ ...state, close: () => {} });
}

/** Makes runs of inputs: puts the policy, an org, its sources, the cursors and an output together. */
export class Wiring {
  readonly #surroundings: Surroundings;
  readonly #clock: Clock;
  readonly #agent: AgentFacts;
  readonly #leases: SharedLeases;
  readonly #opening: InputOpening;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#clock = surroundings.clock ?? systemClock;
    const { deliveryHealth = () => {}, log, memory = new Memory(), names = createMemoryNames() } = surroundings;
    const health: SinkHealth = (...state) => dropped(() => deliveryHealth(...state), "An output's state", log);
    this.#agent = surroundings.agent ?? {
      id: randomUUID(),
      name: hostname(),
      type: "aquila-salesforce",
      version: VERSION,
    };
    this.#leases = new SharedLeases(this.#clock, this.#agent);
    this.#opening = new InputOpening({
      stateOf: surroundings.stateOf,
      names,
      clock: this.#clock,
      memory,
      outputs: new SharedOutputs(this.#clock, memory, health),
      leases: this.#leases,
    });
  }

  /** The inputs by keys that are equal for those that run alike. `starting` is called for each before a run of it begins. */
  wanted(inputs: readonly Input[], starting: (input: Input) => void = () => {}): ReadonlyMap<string, WantedInput> {
    return new Map(
      inputs.map((input) => {
        const { state } = input;
        const start = (turn?: Turn) => {
          starting(input);
          return this.run(input, turn);
        };
        // A range has cursors of its own, on this host.
        const isShared = state.store === "elasticsearch" && this.#surroundings.range === undefined;
        const wanted: WantedInput = isShared
          ? { start, turns: () => this.#leases.turns(input, state, (standing) => this.#stand(standing, input)) }
          : { start };
        return [equalityKey(input), wanted];
      }),
    );
  }

  /** From now on what hosts share is left to the others as soon as its run has ended. */
  leave(): Promise<void> {
    return this.#leases.leave();
  }

  /** Closes what former inputs have used. */
  closeUnused(): Promise<void> {
    return this.#leases.closeUnused();
  }

  #stand(standing: Standing, input: Input): void {
    const log = this.#inputLog(input);
    log[standing.problem === undefined ? "info" : "warn"](standingText(standing));
    this.#surroundings.stand?.(standing, input);
  }

  #inputLog(input: Input): Log {
    return this.#surroundings.log.with({ "organization.name": input.organization.name, input: input.id });
  }

  /** The run of one input, in a turn if several hosts share it. Nothing is opened or sent before its first round; what can't be opened fails the round. */
  run(input: Input, turn?: Turn): InputRun {
    const log = this.#inputLog(input);
    turn?.over.addEventListener("abort", () => log.warn(asRunnerError(turn.over.reason).text), { once: true });
    const sources = input.streams.flatMap((stream) =>
      streamSources(input, stream, { agent: this.#agent, clock: this.#clock, range: this.#surroundings.range }).map(
        (source) => ({ source, stream }),
      ),
    );
    const ids = sources.flatMap(({ source: { id } }) => [id, underWayId(id)]);
    const localCalls = this.#surroundings.calls?.of(callerOf(input));
    const calls =
      turn === undefined ? undefined : new SharedCallHours(localCalls ?? createMemoryCallHours(), this.#clock);
    const budget = new ApiBudget(input.api.dailyRequestShare, calls ?? localCalls);
    const collector = input.collector === undefined ? undefined : this.#collector(input, budget, log, turn);
    // What fails for every source at once, as the login, is one error: it is logged for the first of them.
    const toldErrors = new WeakSet<RunnerError>();
    let opening: Promise<OpenedInput> | undefined;
    const opened = (stop: AbortSignal) => {
      opening ??= this.#opening.open({ input, budget, log, turn, ids, calls }, stop).catch((error) => {
        opening = undefined;
        throw error;
      });
      return opening;
    };
    return {
      jobs: sources.map(({ source, stream }) => this.#job(source, input, stream, opened, collector, log, toldErrors)),
      close: async () => {
        await collector?.close();
        const used = await opening?.catch(() => undefined);
        await used?.close().catch((error) => log.error(`What this input used can't be closed: ${messageOf(error)}`));
      },
    };
  }

  #collector(input: Input, budget: ApiBudget, log: Log, turn?: Turn): Collector {
    const { type = "logs", namespace = "default" } = input.streams[0]?.dataStream ?? {};
    return new Collector({
      inputId: input.id,
      dataStream: { type, dataset: COLLECTOR_DATASET, namespace },
      organizationName: input.organization.name,
      agent: this.#agent,
      apiCalls: () => budget.report(this.#clock.now()),
      lease: turn === undefined ? undefined : { ...turn, holder: turn.host },
      clock: this.#clock,
      log,
    });
  }

  #job(
    { id, keptId, name, interval, open }: StreamSource,
    input: Input,
    stream: Stream,
    opened: (stop: AbortSignal) => Promise<OpenedInput>,
    collector: Collector | undefined,
    log: Log,
    toldErrors: WeakSet<RunnerError>,
  ): Job {
    const tell = this.#tell(input, stream, id, collector?.tell({ stream, name }) ?? (() => {}), log, toldErrors);
    const delivery: Tell<DeliveryFact> = tell;
    let source: Source | undefined;
    let keeping: Keeping | undefined;
    // Where hosts share their state, one that takes an org over may meet what another had under way.
    const met = input.state.store === "local" ? new MetEvents() : undefined;
    return {
      stream: stream.id,
      interval,
      tell,
      round: async (scope, stop, abandon) => {
        const { state, client, pubSub, names, output, collector: reports, memory } = await opened(stop);
        if (reports !== undefined) {
          collector?.begin(reports);
        }
        const identity = await client.identity(stop);
        collector?.identify(identity);
        source ??= open({ id, client, pubSub, ledger: state.ledger, memory, tell });
        const processed = createProcessingSink(output, stream.processors);
        const tellMissing = (error: RunnerError) => delivery({ fact: "names_missing", error });
        keeping ??= new Keeping({
          source: keptId,
          kept: state.kept,
          place: settingAside({
            own: names === undefined ? processed : createNamingSink(processed, names, tellMissing, this.#clock),
            collector: reports,
            clock: this.#clock,
          }),
          isReported: reports !== undefined,
          tell,
          clock: this.#clock,
        });
        await keeping.tryAgain(stop);
        const { cursors } = state;
        const options = { source, sink: keeping.sink, cursors, met, tell, clock: this.#clock, scope, stop, abandon };
        return keeping.endOf(await pump(options));
      },
    };
  }

  #tell(
    input: Input,
    stream: Stream,
    sourceId: string,
    report: Tell,
    log: Log,
    toldErrors: WeakSet<RunnerError>,
  ): Tell {
    const streamLog = log.with({ stream: dataStreamName(stream.dataStream) });
    const say: Tell = (fact) => {
      const { level, message } = sentence(fact, this.#clock.now());
      const error = fact.fact === "round_failed" && fact.error instanceof RunnerError ? fact.error : undefined;
      const isTold = error !== undefined && toldErrors.has(error);
      if (error !== undefined) {
        toldErrors.add(error);
      }
      streamLog[isTold ? "debug" : level](message);
    };
    const observe: Tell = (fact) => this.#surroundings.observe?.(fact, input, stream, sourceId);
    return tellAll([say, report, observe], (error, fact) =>
      streamLog.error(`A report (${fact}) could not be made, and is dropped: ${asRunnerError(error).text}`),
    );
  }
}
