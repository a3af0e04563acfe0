import type { Clock } from "../core/clock.ts";
import { asRunnerError, type RunnerError } from "../core/errors.ts";
import type { StreamId } from "../core/event.ts";
import type { Tell } from "../sources/fact.ts";
import type { RoundEnd, RoundScope } from "../sources/source.ts";
import type { DeliveryFact } from "./facts.ts";
import { collectOnce, keepCollecting } from "./schedule.ts";

/** One thing to do again and again: a source of a stream with everything it needs. */
export interface Job {
  readonly stream: StreamId;
  /** Milliseconds between rounds. */
  readonly interval: number;
  readonly tell: Tell<DeliveryFact>;
  /** One round; `scope`, `stop`, `abandon` and what it gives as in pump.ts. */
  round(scope: RoundScope, stop: AbortSignal, abandon: AbortSignal): Promise<RoundEnd | undefined>;
}

/** What one input of the policy runs as. */
export interface InputRun {
  /** Equal for inputs that run alike: when the policy changes, an input with the same key goes on undisturbed. */
  readonly key: string;
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

/**
 * Runs inputs beside each other; none waits for another, and what one throws stays with it. `replace` makes the running set
 * equal to the wanted one: an input that is gone or changed is stopped first, with its batches delivered and saved.
 */
export class Supervisor {
  readonly #clock: Clock;
  readonly #running = new Map<string, { readonly stop: AbortController; readonly ended: Promise<void> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `start` is called for the keys that are not running yet. */
  async replace(wanted: ReadonlyMap<string, () => InputRun>): Promise<void> {
    const leaving = [...this.#running].filter(([key]) => !wanted.has(key));
    await Promise.all(leaving.map(([key]) => this.#stop(key)));
    let started = 0;
    for (const [key, start] of wanted) {
      if (!this.#running.has(key)) {
        const stop = new AbortController();
        const ended = this.#keep(start(), stop.signal, started * START_SPACING_MS);
        this.#running.set(key, { stop, ended });
        started += 1;
      }
    }
  }

  /** Stops everything: batches under way are delivered and saved, within a limit. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((key) => this.#stop(key)));
  }

  /** Runs inputs until each has delivered everything, or can't. Gives the errors that kept some from it. `patience` as in schedule.ts. */
  async once(runs: readonly InputRun[], stop: AbortSignal, patience?: number): Promise<readonly RunnerError[]> {
    const outcomes = await Promise.all(runs.map((run) => this.#runOnce(run, stop, patience)));
    return outcomes.flat();
  }

  async #stop(key: string): Promise<void> {
    const running = this.#running.get(key);
    running?.stop.abort(new Error("stopped"));
    await running?.ended;
    this.#running.delete(key);
  }

  async #keep(run: InputRun, stop: AbortSignal, delay: number): Promise<void> {
    const abandon = this.#afterGrace(stop);
    if (delay > 0) {
      await this.#clock.sleep(delay, stop).catch(() => {});
    }
    await Promise.all(
      run.jobs.map((job) =>
        keepCollecting({
          round: (scope) => job.round(scope, stop, abandon.signal),
          interval: job.interval,
          tell: job.tell,
          clock: this.#clock,
          stop,
        }),
      ),
    );
    abandon.over();
    await run.close();
  }

  async #runOnce(run: InputRun, stop: AbortSignal, patience?: number): Promise<readonly RunnerError[]> {
    const abandon = this.#afterGrace(stop);
    const outcomes = await Promise.all(
      run.jobs.map((job) =>
        collectOnce({
          round: (scope) => job.round(scope, stop, abandon.signal),
          interval: job.interval,
          tell: job.tell,
          clock: this.#clock,
          stop,
          patience,
        }).catch(asRunnerError),
      ),
    );
    abandon.over();
    await run.close();
    return outcomes.filter((error) => error !== undefined);
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
    stop.addEventListener("abort", onStop, { once: true });
    return {
      signal: abandon.signal,
      over() {
        stop.removeEventListener("abort", onStop);
        done.abort(new Error("over"));
      },
    };
  }
}
