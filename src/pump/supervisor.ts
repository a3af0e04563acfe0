import type { Turn, Turns } from "../coordination/turn.ts";
import type { Clock } from "../core/clock.ts";
import { asRunnerError, RETRY, RunnerError } from "../core/errors.ts";
import type { StreamId } from "../core/event.ts";
import type { Tell } from "../sources/fact.ts";
import type { RoundEnd, RoundScope } from "../sources/source.ts";
import type { DeliveryFact } from "./facts.ts";
import { collectOnce, keepCollecting, type ScheduleOptions } from "./schedule.ts";

/** One thing to do again and again: a source of a stream with everything it needs. */
export interface Job {
  readonly stream: StreamId;
  /** Milliseconds between rounds. */
  readonly interval: number;
  readonly tell: Tell<DeliveryFact>;
  /** One round; `scope`, `stop`, `abandon` and what it gives as in pump.ts. */
  round(scope: RoundScope, stop: AbortSignal, abandon: AbortSignal): Promise<RoundEnd | undefined>;
}

/** An input of the policy that is to run. */
export interface WantedInput {
  /** Begins a run, in the turn that this host has with the org, if it shares it with others. */
  start(turn?: Turn): InputRun;
  /** When this host may run it; called once before the first run. Without it, always. */
  turns?(): Turns;
}

/** What one input of the policy runs as. */
export interface InputRun {
  readonly jobs: readonly Job[];
  /** Called once after the last round has ended. */
  close(): Promise<void>;
}

/**
 * Milliseconds that what is under way gets to be delivered after a stop. With the collector's last reports it stays below 8 s:
 * a container is killed after 10.
 */
const GRACE_MS = 5_000;

/** Milliseconds between the first rounds of inputs that start together: a thousand orgs begin within 20 seconds. */
const START_SPACING_MS = 20;

const NEVER = new AbortController().signal;

/**
 * Runs inputs beside each other; none waits for another, and what one throws stays with it. `replace` makes the running set
 * equal to the wanted one: an input that is gone or changed is stopped first, with its batches delivered and saved. An input that
 * several hosts share runs while it is this host's turn, again and again: a turn that ends is finished as a stop is, one that is over
 * leaves everything as it is.
 */
export class Supervisor {
  readonly #clock: Clock;
  readonly #running = new Map<string, { readonly stop: AbortController; readonly ended: Promise<void> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** By a key that is equal for inputs that run alike: what runs with a key goes on undisturbed. */
  async replace(wanted: ReadonlyMap<string, WantedInput>): Promise<void> {
    const leaving = [...this.#running].filter(([key]) => !wanted.has(key));
    await Promise.all(leaving.map(([key]) => this.#stop(key)));
    let started = 0;
    for (const [key, input] of wanted) {
      if (!this.#running.has(key)) {
        const stop = new AbortController();
        const ended = this.#keep(input, stop.signal, started * START_SPACING_MS);
        this.#running.set(key, { stop, ended });
        started += 1;
      }
    }
  }

  /** Stops everything: batches under way are delivered and saved, within a limit. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((key) => this.#stop(key)));
  }

  /**
   * Runs inputs until each has delivered everything, or can't. Gives the errors that kept some from it: `lease_lost` where another
   * host has the org. `patience` as in schedule.ts.
   */
  async once(inputs: readonly WantedInput[], stop: AbortSignal, patience?: number): Promise<readonly RunnerError[]> {
    const outcomes = await Promise.all(inputs.map((input) => this.#once(input, stop, patience)));
    return outcomes.flat();
  }

  async #stop(key: string): Promise<void> {
    const running = this.#running.get(key);
    running?.stop.abort(new Error("stopped"));
    await running?.ended;
    this.#running.delete(key);
  }

  async #keep(input: WantedInput, stop: AbortSignal, delay: number): Promise<void> {
    if (delay > 0) {
      await this.#clock.sleep(delay, stop).catch(() => {});
    }
    if (input.turns === undefined) {
      return await this.#keepCollecting(input.start(), stop, NEVER);
    }
    const turns = input.turns();
    for (let turn = await nextOf(turns, stop); turn !== undefined; turn = await nextOf(turns, stop)) {
      const { ending, over } = turn;
      await this.#keepCollecting(input.start(turn), AbortSignal.any([stop, ending, over]), over);
      await turn.end();
    }
    turns.close();
  }

  async #keepCollecting(run: InputRun, stop: AbortSignal, over: AbortSignal): Promise<void> {
    await this.#ended(run, stop, over, ({ round, interval, tell }) =>
      keepCollecting({ round, interval, tell, clock: this.#clock, stop }),
    );
  }

  async #once(input: WantedInput, stop: AbortSignal, patience?: number): Promise<readonly RunnerError[]> {
    if (input.turns === undefined) {
      return await this.#collectOnce(input.start(), stop, NEVER, patience);
    }
    const turns = input.turns();
    const isElsewhere = new AbortController();
    const waited = new AbortController();
    this.#clock.sleep(turns.patience, waited.signal).then(
      () => isElsewhere.abort(),
      () => {},
    );
    const turn = await nextOf(turns, AbortSignal.any([stop, isElsewhere.signal]));
    waited.abort();
    let errors: readonly RunnerError[] = [];
    if (turn !== undefined) {
      errors = await this.#collectOnce(input.start(turn), AbortSignal.any([stop, turn.over]), turn.over, patience);
      await turn.end();
    }
    turns.close();
    if (turn?.over.aborted === true) {
      return [asRunnerError(turn.over.reason)];
    }
    return turn === undefined && !stop.aborted ? [collectedElsewhere()] : errors;
  }

  async #collectOnce(
    run: InputRun,
    stop: AbortSignal,
    over: AbortSignal,
    patience: number | undefined,
  ): Promise<readonly RunnerError[]> {
    const outcomes = await this.#ended(run, stop, over, ({ round, interval, tell }) =>
      collectOnce({ round, interval, tell, clock: this.#clock, stop, patience }).catch(asRunnerError),
    );
    return outcomes.filter((error) => error !== undefined);
  }

  /** Does something with each job of a run, and closes it when all has ended. */
  async #ended<T>(
    run: InputRun,
    stop: AbortSignal,
    over: AbortSignal,
    act: (job: Omit<ScheduleOptions, "clock" | "stop">) => Promise<T>,
  ): Promise<T[]> {
    const grace = this.#afterGrace(stop);
    const abandon = AbortSignal.any([grace.signal, over]);
    const outcomes = await Promise.all(
      run.jobs.map(({ round, interval, tell }) =>
        act({ round: (scope) => round(scope, stop, abandon), interval, tell }),
      ),
    );
    grace.over();
    await run.close();
    return outcomes;
  }

  /** A signal that follows `stop` after the grace, unless everything is over by then. */
  #afterGrace(stop: AbortSignal): { readonly signal: AbortSignal; over(): void } {
    const abandon = new AbortController();
    const done = new AbortController();
    const onStop = () => {
      this.#clock.sleep(GRACE_MS, done.signal).then(
        () => abandon.abort(stop.reason),
        () => {},
      );
    };
    stop.addEventListener("abort", onStop, { once: true, signal: done.signal });
    return {
      signal: abandon.signal,
      over: () => done.abort(new Error("over")),
    };
  }
}

/** `undefined` when the signal has aborted. */
async function nextOf(turns: Turns, stop: AbortSignal): Promise<Turn | undefined> {
  try {
    return await turns.next(stop);
  } catch (error) {
    if (stop.aborted) {
      return undefined;
    }
    throw error;
  }
}

function collectedElsewhere(): RunnerError {
  return new RunnerError("lease_lost", "Another host collects this org, or the shared state can't be reached.", {
    next: RETRY,
    cure: "Look at the status of the other hosts.",
  });
}
