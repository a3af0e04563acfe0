import { type Backoff, waitBefore } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import { asRunnerError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { afterPart, inParts } from "./checkin_chunks.ts";
import { type ControlChannel, type OpenChannel, openGrpcChannel } from "./control_channel.ts";
import {
  ACTION_STATUS,
  type ActionRequest,
  CHECKIN_CHUNKING,
  type CheckinExpected,
  type DiagnosticFile,
  timestampOf,
  type UnitExpected,
  type UnitObserved,
} from "./control_protocol.ts";
import type { StartUpInfo } from "./start_up_info.ts";

/** An answer to an action: what it found, or why it could not be done. */
export type ActionOutcome = { readonly files: readonly DiagnosticFile[] } | { readonly refusal: string };

export interface ControlConnectionOptions {
  readonly startUp: StartUpInfo;
  readonly name: string;
  readonly version: string;
  readonly processId: number;
  /** What is known of the platform, for the agent's status. */
  readonly meta: Readonly<Record<string, string>>;
  readonly observed: () => readonly UnitObserved[];
  readonly expected: (units: readonly UnitExpected[]) => void;
  readonly act: (request: ActionRequest) => Promise<ActionOutcome>;
  readonly clock: Clock;
  readonly log: Log;
  readonly openChannel?: OpenChannel;
}

/** The agent fails a component that is silent for three times its check-in timeout of 30 s. */
const HEARTBEAT_MS = 5_000;

/**
 * The shortest time between two check-ins. The agent answers every check-in at once as long as a unit is not healthy, so
 * answering each answer would keep both busy.
 */
const BETWEEN_CHECKINS_MS = 200;

/** The agent is on this machine, and may just be restarting. */
const RECONNECT_BACKOFF: Backoff = { first: 500, factor: 2, longest: 10_000 };

/**
 * Keeps Elastic Agent informed: opens the streams, checks in on every change and as a heartbeat, and opens them again with
 * back-off when they end. Collection goes on while there is no connection.
 */
export class ControlConnection {
  readonly #options: ControlConnectionOptions;
  #wake = new AbortController();
  #features = 0;
  #component = 0;

  constructor(options: ControlConnectionOptions) {
    this.#options = options;
  }

  /** What is observed may have changed. */
  changed(): void {
    this.#wake.abort(new Error("changed"));
  }

  /** Until the signal aborts; then the last state is told and the streams are closed. Never rejects. */
  async run(stop: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    for (let failures = 0; !stop.aborted; ) {
      const { reason, heard } = await this.#session(stop);
      if (stop.aborted) {
        return;
      }
      failures = heard ? 1 : failures + 1;
      if (failures === 1) {
        log.warn(`The connection to Elastic Agent has ended (${reason}). Collection goes on while it is made again.`);
      }
      await clock.sleep(waitBefore(failures, RECONNECT_BACKOFF, clock.random()), stop).catch(() => {});
    }
  }

  /** One connection, from its first check-in to its end. */
  async #session(stop: AbortSignal): Promise<{ readonly reason: string; readonly heard: boolean }> {
    const { startUp, openChannel = openGrpcChannel, log } = this.#options;
    let pending: CheckinExpected | undefined;
    let heard = false;
    const channel = openChannel(startUp, {
      expected: (part) => {
        heard = true;
        const assembly = afterPart(pending, part);
        pending = assembly.pending;
        if (assembly.whole !== undefined) {
          this.#expected(assembly.whole);
        }
      },
      action: (request) => {
        heard = true;
        this.#act(request, channel).catch((error) => log.error(`An action failed: ${asRunnerError(error).text}`));
      },
    });
    channel.respond({
      token: startUp.token.reveal(),
      id: "init",
      status: ACTION_STATUS.success,
      result: Buffer.from("{}"),
    });
    const over = new AbortController();
    const reason = channel.ended.finally(() => over.abort(new Error("ended")));
    await this.#checkIn(channel, AbortSignal.any([stop, over.signal]));
    if (stop.aborted) {
      this.#send(channel, false);
      channel.close();
    }
    return { reason: await reason, heard };
  }

  async #checkIn(channel: ControlChannel, end: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let said: string | undefined;
    for (let first = true, due = true; !end.aborted; first = false) {
      const state = this.#summary();
      if (due || state !== said) {
        this.#send(channel, first);
        said = state;
      }
      await clock.sleep(BETWEEN_CHECKINS_MS, end).catch(() => {});
      const heartbeat = clock.sleep(HEARTBEAT_MS - BETWEEN_CHECKINS_MS, AbortSignal.any([end, this.#wake.signal]));
      due = await heartbeat.then(
        () => true,
        () => false,
      );
      this.#wake = new AbortController();
    }
  }

  #send(channel: ControlChannel, first: boolean): void {
    const { startUp, name, version, meta, processId, observed, clock } = this.#options;
    const message = {
      token: startUp.token.reveal(),
      units: observed(),
      versionInfo: first ? { name, meta, buildHash: version } : undefined,
      featuresIdx: this.#features,
      componentIdx: this.#component,
      unitsTimestamp: undefined,
      supports: first ? [CHECKIN_CHUNKING] : [],
      pid: processId,
    };
    const mostBytes = startUp.chunking ? startUp.maxMessageSize : Number.POSITIVE_INFINITY;
    for (const part of inParts(message, mostBytes, timestampOf(clock.now()))) {
      channel.checkin(part);
    }
  }

  #expected({ units, featuresIdx, componentIdx }: CheckinExpected): void {
    if (featuresIdx !== this.#features || componentIdx !== this.#component) {
      this.#features = featuresIdx;
      this.#component = componentIdx;
      this.changed();
    }
    this.#options.expected(units);
  }

  async #act(request: ActionRequest, channel: ControlChannel): Promise<void> {
    const { startUp, act } = this.#options;
    const answer = { token: startUp.token.reveal(), id: request.id };
    const outcome = await act(request).catch((error) => ({ refusal: asRunnerError(error).text }));
    if ("refusal" in outcome) {
      const result = Buffer.from(JSON.stringify({ error: outcome.refusal }));
      channel.respond({ ...answer, status: ACTION_STATUS.failed, result });
    } else {
      const result = Buffer.from("{}");
      channel.respond({ ...answer, status: ACTION_STATUS.success, result, diagnostic: outcome.files });
    }
  }

  /** What makes a check-in worth sending before its time. */
  #summary(): string {
    const units = this.#options.observed();
    const states = units.map(({ type, id, configStateIdx, state, message }) => [
      type,
      id,
      configStateIdx,
      state,
      message,
    ]);
    return JSON.stringify([this.#features, this.#component, states]);
  }
}
