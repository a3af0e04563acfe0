import { join } from "node:path";
import { systemClock } from "../core/clock.ts";
import { closest } from "../core/suggestion.ts";
import { collectedNames, isListed } from "../policy/kind_settings.ts";
import type { Input, Stream } from "../policy/policy.ts";
import { Supervisor } from "../pump/supervisor.ts";
import { KINDS } from "../sources/kinds.ts";
import type { TimeRange } from "../sources/time_range.ts";
import { usage } from "./command_declaration.ts";
import { exitCodeOf } from "./exit_codes.ts";
import { tellProblems } from "./follow_policies.ts";
import { openState, runnerFacts } from "./open_state.ts";
import { policySource } from "./policy_source.ts";
import type { RunSurroundings } from "./run.ts";
import { Wiring } from "./wire.ts";

export interface BackfillOptions {
  /** A file, or the page of an agent policy in Kibana. */
  readonly policy: string | URL;
  readonly range: TimeRange;
  /** Event types and objects; undefined for all that the policy collects. */
  readonly eventTypes: readonly string[] | undefined;
  /** That of `run`. */
  readonly dataDirectory: string;
}

/**
 * `backfill`: collects a past range once and ends. Its cursors are its own, in the folder `backfill` of the data directory,
 * which a running `run` does not lock; started again with the same range, it goes on where it was. API calls count together
 * with those of `run`. What has been collected before is found to be there by its identity, as long as the index that holds
 * it is still the one that is written to. Gives the exit code. Throws what keeps it from starting.
 */
export async function backfill(options: BackfillOptions, surroundings: RunSurroundings): Promise<number> {
  const { environment, log, stop, observe, ended, clock = systemClock } = surroundings;
  const source = policySource(options.policy, { environment, log, stop });
  const policy = await source.readAloud().finally(() => source.close());
  const inputs = chosenInputs(policy.inputs, options.eventTypes);
  const state = openState(join(options.dataDirectory, "backfill"), options.dataDirectory);
  try {
    tellProblems(policy, log);
    const wiring = new Wiring({
      ...state,
      agent: await runnerFacts(state.cursors),
      range: options.range,
      log,
      clock,
      ...(observe === undefined ? {} : { observe }),
    });
    const failures = await new Supervisor(clock).once(
      [...wiring.wanted(inputs).values()],
      stop,
      Number.POSITIVE_INFINITY,
    );
    const errors = [...failures, ...policy.brokenInputs.map(({ error }) => error)];
    ended?.(errors);
    return exitCodeOf(
      errors.map(({ code }) => code),
      stop.aborted,
    );
  } finally {
    state.close();
  }
}

/** The inputs with nothing but these event types and objects. Throws `usage` for a name that the policy does not collect. Pure. */
function chosenInputs(inputs: readonly Input[], names: readonly string[] | undefined): readonly Input[] {
  if (names === undefined) {
    return inputs;
  }
  const chosen = inputs.flatMap((input) => {
    const streams = input.streams
      .map((stream) => only(stream, names))
      .filter((stream) => collectedNames(stream).length > 0);
    return streams.length === 0 ? [] : [{ ...input, streams }];
  });
  const collected = (of: readonly Input[]) => of.flatMap(({ streams }) => streams.flatMap(collectedNames));
  const unknown = names.find((name) => !collected(chosen).includes(name));
  if (unknown !== undefined) {
    const known = new Set(collected(inputs));
    const meant = closest(unknown, [...known]);
    throw usage(
      `The policy does not collect ${unknown}.`,
      meant === undefined ? `It collects ${[...known].join(", ")}.` : `Did you mean ${meant}?`,
    );
  }
  return chosen;
}

/** The stream with nothing but these names, of each kind. */
function only(stream: Stream, names: readonly string[]): Stream {
  const sources = KINDS.map((kind) => {
    const settings = stream.sources[kind.group];
    const left = names.filter((name) => isListed(kind, settings?.names ?? [], name));
    return [kind.group, { ...settings, enabled: settings?.enabled === true && left.length > 0, names: left }];
  });
  return { ...stream, sources: Object.fromEntries(sources) };
}
