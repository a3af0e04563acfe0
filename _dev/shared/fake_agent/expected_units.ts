import { encoded, structOf } from "./control_messages.ts";

const LOG_LEVELS = ["error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const HEALTHY = 2;
const STOPPED = 6;
export const INPUT = 0;
export const OUTPUT = 1;

/** The agent counts these up when features or the component's own settings change; a component repeats what it has taken. */
export const FEATURES_IDX = 3;
export const COMPONENT_IDX = 5;

/** Bytes that a part needs besides its units. */
const PART_OVERHEAD = 100;

export interface ExpectedUnit {
  readonly id: string;
  readonly type: number;
  config: object;
  configStateIdx: number;
  wanted: boolean;
  logLevel: LogLevel;
}

/** What the agent expects of each unit, by id. */
export class ExpectedUnits {
  readonly #units = new Map<string, ExpectedUnit>();
  readonly #ever = new Set<string>();
  #sets = 0;

  get(id: string): ExpectedUnit | undefined {
    return this.#units.get(id);
  }

  ids(): Iterable<string> {
    return this.#units.keys();
  }

  get size(): number {
    return this.#units.size;
  }

  /** Whether there ever was such a unit: a check-in may cross the message that it has gone. */
  hasHad(id: string): boolean {
    return this.#ever.has(id);
  }

  delete(id: string): void {
    this.#units.delete(id);
  }

  /** A unit with this config from now on; each config has the next number. */
  put(id: string, type: number, config: object): void {
    const known = this.#units.get(id);
    this.#ever.add(id);
    this.#units.set(id, {
      id,
      type,
      config,
      configStateIdx: (known?.configStateIdx ?? 0) + 1,
      wanted: true,
      logLevel: known?.logLevel ?? "info",
    });
  }

  logLevel(level: LogLevel): void {
    for (const unit of this.#units.values()) {
      unit.logLevel = level;
    }
  }

  /**
   * The messages that tell a component all this. A config is in them only while the component has not answered with its number;
   * `answered` has the numbers by unit. A message of more than `mostBytes` is cut into parts.
   */
  messages(answered: ReadonlyMap<string, number>, mostBytes: number | undefined): object[] {
    const units = [...this.#units.values()].map(({ id, type, config, configStateIdx, wanted, logLevel }) => ({
      id,
      type,
      state: wanted ? HEALTHY : STOPPED,
      configStateIdx,
      logLevel: LOG_LEVELS.indexOf(logLevel),
      ...(answered.get(id) === configStateIdx
        ? {}
        : { config: { source: structOf(config), id, type: "aquila-salesforce" } }),
    }));
    const message = { units, featuresIdx: FEATURES_IDX, componentIdx: COMPONENT_IDX };
    const whole = mostBytes === undefined || encoded("CheckinExpected", message).length <= mostBytes;
    return whole ? [message] : this.#inParts(message, mostBytes);
  }

  #inParts(message: { readonly units: readonly object[] }, mostBytes: number): object[] {
    this.#sets += 1;
    const unitsTimestamp = { seconds: Math.floor(Date.now() / 1_000), nanos: this.#sets };
    const parts: object[] = [];
    let units: object[] = [];
    let length = 0;
    for (const unit of message.units) {
      const size = encoded("CheckinExpected", { units: [unit] }).length;
      if (units.length > 0 && length + size > mostBytes - PART_OVERHEAD) {
        parts.push({ ...message, units, unitsTimestamp });
        units = [];
        length = 0;
      }
      units.push(unit);
      length += size;
    }
    return [...parts, { ...message, units, unitsTimestamp }, { unitsTimestamp, units: [] }];
  }
}
