import type { Standing } from "../coordination/standing.ts";
import type { RunnerError } from "../core/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../core/log.ts";
import type { PolicyContext } from "../policy/parse_policy.ts";
import type { Input, Policy } from "../policy/policy.ts";
import { prepareRegularExpressions } from "../processing/regular_expression.ts";
import { STATE, UNIT_TYPE, type UnitExpected, type UnitObserved } from "./control_protocol.ts";
import { type ManagedPolicy, managedPolicy } from "./managed_policy.ts";
import { brokenHealth, inputHealth, outputHealth, type StreamStanding, type UnitHealth } from "./unit_health.ts";
import { expectedUnits, type Unit, type Units, unitKey } from "./units.ts";

const NO_UNITS: Units = new Map();

/**
 * The units between Elastic Agent and the supervisor: what the agent expects becomes policies, and what the streams and the
 * output tell becomes the observed state of each unit.
 */
export class ManagedUnits {
  readonly #context: Omit<PolicyContext, "environment">;
  readonly #standings: (inputId: string) => readonly StreamStanding[];
  readonly #shared: (input: Input) => Standing | undefined;
  readonly #changed: () => void;
  #units = NO_UNITS;
  /** The units whose policy has been taken over. */
  #applied = NO_UNITS;
  #managed: ManagedPolicy | undefined;
  #deliveryProblem: RunnerError | undefined;
  #stopping = false;
  #wake: () => void = () => {};

  /**
   * `standings` tells where the streams of an input stand, `shared` where its org does if several hosts share it; `changed` is
   * called when `observed` may have changed.
   */
  constructor(
    context: Omit<PolicyContext, "environment">,
    standings: (inputId: string) => readonly StreamStanding[],
    changed: () => void,
    shared: (input: Input) => Standing | undefined = () => undefined,
  ) {
    this.#context = context;
    this.#standings = standings;
    this.#shared = shared;
    this.#changed = changed;
  }

  /** Takes in what the agent expects. */
  expect(expected: readonly UnitExpected[]): void {
    const units = expectedUnits(this.#units, expected);
    if (units !== this.#units) {
      this.#units = units;
      this.#wake();
      this.#changed();
    }
  }

  /**
   * The newest policy whenever it has changed, until the signal aborts. The next pull says that the last one has been taken
   * over: what it left out is stopped then.
   */
  async *policies(stop: AbortSignal): AsyncGenerator<Policy> {
    const onStop = () => this.#wake();
    stop.addEventListener("abort", onStop);
    let given = NO_UNITS;
    try {
      while (!stop.aborted) {
        const units = this.#units;
        const isNew = units !== given;
        if (isNew) {
          await prepareRegularExpressions([...units.values()].map(({ config }) => config));
        }
        const managed = isNew ? managedPolicy(units, this.#context) : undefined;
        given = units;
        if (managed === undefined) {
          if (units === this.#units && !stop.aborted) {
            await new Promise<void>((resolve) => {
              this.#wake = resolve;
            });
          }
          continue;
        }
        this.#managed = managed;
        yield managed.policy;
        this.#applied = units;
        this.#changed();
      }
    } finally {
      stop.removeEventListener("abort", onStop);
    }
  }

  /** What holds delivery up; `undefined` when it flows. */
  delivery(problem: RunnerError | undefined): void {
    this.#deliveryProblem = problem;
    this.#changed();
  }

  /** From now on every unit is reported as stopping. */
  stop(): void {
    this.#stopping = true;
    this.#changed();
  }

  /** The state of exactly the units that the agent expects: it fails one that is missing and one that it does not know. */
  observed(): UnitObserved[] {
    return [...this.#units.values()].map((unit) => {
      const applied = this.#applied.get(unitKey(unit));
      const { state, message, payload } = this.#health(unit, applied);
      return { id: unit.id, type: unit.type, configStateIdx: applied?.configStateIdx ?? 0, state, message, payload };
    });
  }

  #health(unit: Unit, applied: Unit | undefined): UnitHealth {
    if (!unit.wanted && applied?.wanted === false) {
      return { state: STATE.stopped, message: "Stopped." };
    }
    if (!unit.wanted || this.#stopping) {
      return { state: STATE.stopping, message: "Stopping: batches under way are delivered and their cursors saved." };
    }
    if (unit.config === undefined) {
      return { state: STATE.starting, message: "Waiting for the configuration." };
    }
    if (applied?.configStateIdx !== unit.configStateIdx) {
      return { state: STATE.configuring, message: "Taking over the configuration." };
    }
    const broken = this.#managed?.broken.get(unitKey(unit));
    if (broken !== undefined) {
      return brokenHealth(broken);
    }
    if (unit.type === UNIT_TYPE.output) {
      return outputHealth(this.#deliveryProblem);
    }
    const input = this.settings(unit);
    return input === undefined
      ? { state: STATE.healthy, message: "Switched off in the policy." }
      : inputHealth(this.#standings(input.id), this.#shared(input));
  }

  /** The unit of that id, if the agent expects it. */
  unit(key: string): Unit | undefined {
    return this.#units.get(key);
  }

  units(): readonly Unit[] {
    return [...this.#units.values()];
  }

  /** The id of the policy's input that a unit is. */
  inputId(unit: Unit): string | undefined {
    return this.#managed?.inputIds.get(unitKey(unit));
  }

  /** The settings that a unit runs with, as far as they could be read. */
  settings(unit: Unit): Input | undefined {
    const inputId = this.inputId(unit);
    return this.#managed?.policy.inputs.find(({ id }) => id === inputId);
  }

  /** The log level of an input; without one, or for an input that is none of the units, the most talkative of all. */
  logLevel(inputId: string | undefined): LogLevel {
    const units = this.units();
    const unit = inputId === undefined ? undefined : units.find((candidate) => this.inputId(candidate) === inputId);
    if (unit !== undefined) {
      return unit.logLevel;
    }
    const levels = units.map(({ logLevel }) => logLevel);
    return LOG_LEVELS.find((level) => levels.includes(level)) ?? "info";
  }
}
