/**
 * What is reported of a unit: DEGRADED for what heals by itself, FAILED for what a person has to mend. Fleet shows the message
 * beside the integration, so it names stream, cause and cure. All functions are pure.
 */
import { type Standing, standingText } from "../coordination/standing.ts";
import type { RunnerError } from "../core/errors.ts";
import type { JsonObject } from "../core/struct.ts";
import { STATE, type State } from "./control_protocol.ts";

/** Where one source of an input stands: the files of a stream, or one of its objects. */
export interface StreamStanding {
  /** The id of its stream in the policy. */
  readonly streamId: string;
  /** The data stream, such as `login`. */
  readonly dataset: string;
  /** As it is called in messages, such as `login` or `login LoginEvent`. */
  readonly name: string;
  readonly health: "starting" | "healthy" | "degraded" | "failed";
  /** Cause and cure; empty while healthy. */
  readonly message: string;
  /** What a person should know although nothing is wrong. */
  readonly note?: string;
  /** Events stored since the stream was started. */
  readonly events: number;
}

export interface UnitHealth {
  readonly state: State;
  readonly message: string;
  readonly payload?: JsonObject;
}

/** Fleet keeps and shows messages whole; longer ones hide what matters. */
const LONGEST_MESSAGE = 2_000;

const SEVERITY = { healthy: 0, starting: 1, degraded: 2, failed: 3 } as const;
const STATES = {
  starting: STATE.starting,
  healthy: STATE.healthy,
  degraded: STATE.degraded,
  failed: STATE.failed,
} as const;

/**
 * An input is as bad as its worst stream; streams with the same trouble are named together. One that several hosts share and another
 * one collects is well; its streams have nothing to say.
 */
export function inputHealth(standings: readonly StreamStanding[], shared?: Standing): UnitHealth {
  if (shared === undefined) {
    return ownHealth(standings);
  }
  const { problem } = shared;
  const own = shared.is === "holding" ? ownHealth(standings) : { state: WITHOUT_TURN[shared.is], message: "" };
  const states = [own.state, ...(problem === undefined ? [] : [troubleState(problem)])];
  const lease = { holder: shared.holder?.name ?? "", term: shared.term, since: shared.since ?? "" };
  return {
    state: states.toSorted().at(-1) ?? own.state,
    message: shortened([own.message, standingText(shared)].filter((part) => part !== "").join("\n")),
    payload: { ...own.payload, lease },
  };
}

/** While another host has the org, or nobody. */
const WITHOUT_TURN = { "standing by": STATE.healthy, waiting: STATE.starting } as const;

function troubleState({ fault }: RunnerError): State {
  return fault === "configuration" ? STATE.failed : STATE.degraded;
}

function ownHealth(standings: readonly StreamStanding[]): UnitHealth {
  const streams = standings.map((standing) => ({ ...standing, health: underWay(standing) }));
  const [worst = { health: "starting" as const }] = streams.toSorted((a, b) => SEVERITY[b.health] - SEVERITY[a.health]);
  const byStream = Map.groupBy(streams, ({ streamId }) => streamId);
  const payload = { streams: Object.fromEntries([...byStream].map(([id, sources]) => [id, streamPayload(sources)])) };
  return { state: STATES[worst.health], message: shortened(inputMessage(worst.health, streams)), payload };
}

/** As Beats tell it: a stream is as bad as its worst source. */
function streamPayload(sources: readonly StreamStanding[]): JsonObject {
  const [worst] = sources.toSorted((a, b) => SEVERITY[b.health] - SEVERITY[a.health]);
  const errors = [...new Set(sources.map(({ message }) => message).filter((message) => message !== ""))];
  return {
    status: (worst?.health ?? "starting").toUpperCase(),
    ...(errors.length === 0 ? {} : { error: shortened(errors.join("\n")) }),
    events: sources.reduce((sum, { events }) => sum + events, 0),
  };
}

function inputMessage(worst: StreamStanding["health"], streams: readonly StreamStanding[]): string {
  switch (worst) {
    case "starting":
      return "Logging in to the org and looking for events.";
    case "healthy":
      return [
        `Collecting ${[...new Set(streams.map(({ dataset }) => dataset))].join(", ")}.`,
        ...notesOf(streams),
      ].join(" ");
    case "degraded":
    case "failed": {
      const troubles = Map.groupBy(
        streams.filter(({ message }) => message !== "").toSorted((a, b) => SEVERITY[b.health] - SEVERITY[a.health]),
        ({ message }) => message,
      );
      return [...troubles].map(([message, of]) => `${of.map(({ name }) => name).join(", ")}: ${message}`).join("\n");
    }
  }
}

function notesOf(streams: readonly StreamStanding[]): string[] {
  return [...new Set(streams.flatMap(({ note }) => note ?? []))];
}

/** The first round may take hours; a stream that delivers in it is well. */
function underWay({ health, events }: StreamStanding): StreamStanding["health"] {
  return health === "starting" && events > 0 ? "healthy" : health;
}

/** A unit whose configuration can't run. */
export function brokenHealth(error: RunnerError): UnitHealth {
  return { state: STATE.failed, message: shortened(error.text) };
}

/** The output is as well as the last delivery. */
export function outputHealth(problem: RunnerError | undefined): UnitHealth {
  if (problem === undefined) {
    return { state: STATE.healthy, message: "Events are delivered." };
  }
  return {
    state: troubleState(problem),
    message: shortened(`${problem.text} Events wait and are sent again; nothing is lost.`),
  };
}

function shortened(message: string): string {
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE - 1)}…`;
}
