import type { LogLevel } from "../core/log.ts";
import type { JsonObject } from "../core/struct.ts";
import { STATE, UNIT_LOG_LEVEL, UNIT_TYPE, type UnitExpected, type UnitType } from "./control_protocol.ts";

/** What Elastic Agent wants of one unit: an input of the policy (one org) or the output that inputs deliver to. */
export interface Unit {
  readonly id: string;
  readonly type: UnitType;
  /** False if the unit shall stop. */
  readonly wanted: boolean;
  /** The whole block of the policy; `undefined` until the agent has sent it. */
  readonly config: JsonObject | undefined;
  /** The number of `config`; 0 for none. */
  readonly configStateIdx: number;
  readonly logLevel: LogLevel;
}

/** By `unitKey`, in the agent's order. */
export type Units = ReadonlyMap<string, Unit>;

export function unitKey({ type, id }: { readonly type: UnitType; readonly id: string }): string {
  return `${type === UNIT_TYPE.output ? "output" : "input"}/${id}`;
}

/**
 * The units after an expected state. A unit that it does not name is gone. A config is sent only while the runner has not
 * answered with its number, so without one the known config stays. Gives `known` itself if nothing has changed. Pure.
 */
export function expectedUnits(known: Units, expected: readonly UnitExpected[]): Units {
  const units = new Map(
    expected.map((unit) => {
      const key = unitKey(unit);
      return [key, expectedUnit(known.get(key), unit)];
    }),
  );
  const same = units.size === known.size && [...units].every(([key, unit]) => known.get(key) === unit);
  return same ? known : units;
}

function expectedUnit(
  known: Unit | undefined,
  { id, type, state, config, configStateIdx, logLevel }: UnitExpected,
): Unit {
  const source = config?.source ?? undefined;
  const unit: Unit = {
    id,
    type,
    wanted: state !== STATE.stopped,
    config: source ?? known?.config,
    configStateIdx: source === undefined ? (known?.configStateIdx ?? 0) : configStateIdx,
    logLevel: logLevelOf(logLevel),
  };
  const unchanged =
    known !== undefined &&
    known.wanted === unit.wanted &&
    known.configStateIdx === unit.configStateIdx &&
    known.logLevel === unit.logLevel;
  return unchanged ? known : unit;
}

function logLevelOf(level: number): LogLevel {
  switch (level) {
    case UNIT_LOG_LEVEL.error:
      return "error";
    case UNIT_LOG_LEVEL.warn:
      return "warn";
    case UNIT_LOG_LEVEL.info:
      return "info";
    default:
      return "debug";
  }
}
