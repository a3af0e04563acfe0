import type { Clock } from "../core/clock.ts";
import { asRunnerError } from "../core/errors.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import type { Input } from "../policy/policy.ts";
import type { ActionOutcome } from "./control_connection.ts";
import { ACTION_LEVEL, ACTION_TYPE, type ActionRequest, type DiagnosticFile, timestampOf } from "./control_protocol.ts";
import type { ManagedUnits } from "./managed_units.ts";
import { type Unit, unitKey } from "./units.ts";

export type ReadCursors = Pick<CursorStore, "load" | "sources">;

export interface DiagnosticsSources {
  readonly units: ManagedUnits;
  /** Lets `read` see the cursors of an input; `undefined` if they are on this host and the input does not collect. */
  readonly cursors: <T>(input: Input, read: (cursors: ReadCursors) => Promise<T>) => Promise<T | undefined>;
  /** Everything that has been counted of an input's streams, as JSON would have it. */
  readonly reports: (inputId: string) => unknown;
  /** What there is to know of the process, as JSON would have it. */
  readonly runner: () => object;
  readonly clock: Pick<Clock, "now">;
}

/**
 * Answers an action of the agent. Diagnostics of a unit are its settings, the state of each of its streams and their cursors;
 * those of the component are the process and the state of every unit. Secrets are `[secret]`: settings hold them as such.
 */
export async function answerAction(request: ActionRequest, sources: DiagnosticsSources): Promise<ActionOutcome> {
  if (request.type !== ACTION_TYPE.diagnostics) {
    return { refusal: `There is no action ${request.name}.` };
  }
  if (request.level !== ACTION_LEVEL.unit) {
    return { files: [componentFile(sources)] };
  }
  const unit = sources.units.unit(unitKey({ id: request.unitId, type: request.unitType }));
  if (unit === undefined) {
    return { refusal: `There is no unit ${request.unitId}.` };
  }
  return { files: [await unitFile(unit, sources)] };
}

function componentFile({ units, runner, clock }: DiagnosticsSources): DiagnosticFile {
  const states = units.observed().map(({ id, state, message }) => ({ id, state, message }));
  return jsonFile("runner", "The process and the state of every unit", { ...runner(), units: states }, clock.now());
}

async function unitFile(unit: Unit, sources: DiagnosticsSources): Promise<DiagnosticFile> {
  const { units, reports, clock } = sources;
  const observed = units.observed().find(({ id, type }) => id === unit.id && type === unit.type);
  const settings = units.settings(unit);
  const content = {
    unit: {
      id: unit.id,
      state: observed?.state,
      message: observed?.message,
      config_state_idx: unit.configStateIdx,
      log_level: unit.logLevel,
    },
    settings,
    streams: settings === undefined ? [] : reports(settings.id),
    cursors: settings === undefined ? {} : await cursorsOf(settings, sources),
  };
  return jsonFile("state", "Settings, streams and cursors, without secrets", content, clock.now());
}

/** By source; why not, if they can't be read. A stream's sources are named `<stream id>/<kind>`. */
async function cursorsOf(input: Input, { cursors }: DiagnosticsSources): Promise<object> {
  const streamIds = input.streams.map(({ id }) => id);
  try {
    const entries = await cursors(input, async (store) => {
      const known = await store.sources();
      const ours = known.filter((source) => streamIds.some((id) => source.startsWith(`${id}/`)));
      return await Promise.all(
        ours.map(async (source) => [source, Object.fromEntries(await store.load(source))] as const),
      );
    });
    return Object.fromEntries(entries ?? []);
  } catch (error) {
    return { error: asRunnerError(error).text };
  }
}

function jsonFile(name: string, description: string, content: object, now: number): DiagnosticFile {
  return {
    name,
    filename: `${name}.json`,
    description,
    contentType: "application/json",
    content: Buffer.from(JSON.stringify(content, null, 2)),
    generated: timestampOf(now),
  };
}
