import type { Clock } from "../core/clock.ts";
import { asRunnerError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Memory } from "../core/memory.ts";
import type { Output } from "../policy/policy.ts";
import { createProbingSink } from "../sinks/probing.ts";
import type { Sink, SinkHealth } from "../sinks/sink.ts";
import { openOutput } from "./open_output.ts";
import { equalityKey } from "./wire_key.ts";

/** An output that is in use. */
export interface HeldOutput {
  readonly sink: Sink;
  /** The same for all who share it. */
  readonly key: string;
  /** The last one to release it closes the sink. */
  release(): Promise<void>;
}

/** The outputs of all inputs: those with the same settings share one sink, with its connections and its limits. */
export class SharedOutputs {
  readonly #clock: Clock;
  readonly #deliveryHealth: SinkHealth;
  readonly #memory: Memory;
  readonly #sinks = new Map<string, { readonly sink: Promise<Sink>; users: number }>();

  /** `deliveryHealth` is told what holds an output's deliveries up, and `undefined` when they flow. */
  constructor(clock: Clock, memory: Memory, deliveryHealth: SinkHealth) {
    this.#clock = clock;
    this.#memory = memory;
    this.#deliveryHealth = deliveryHealth;
  }

  /** Opens the output, or joins those who use it. Rejects with what keeps it from being opened. */
  async hold(output: Output, log: Log): Promise<HeldOutput> {
    const key = equalityKey(output);
    const sink = await this.#take(key, output, log);
    return { sink, key, release: () => this.#giveBack(key) };
  }

  async #take(key: string, output: Output, log: Log): Promise<Sink> {
    const known = this.#sinks.get(key);
    if (known !== undefined) {
      known.users += 1;
      return await known.sink;
    }
    const logged = loggedHealth(log);
    const health: SinkHealth = (problem) => {
      logged(problem);
      this.#deliveryHealth(problem);
    };
    const opening = openOutput(output, health, this.#clock, this.#memory.share(key)).then((sink) =>
      createProbingSink(sink, this.#clock),
    );
    this.#sinks.set(key, { sink: opening, users: 1 });
    try {
      const sink = await opening;
      this.#deliveryHealth(undefined);
      return sink;
    } catch (error) {
      this.#sinks.delete(key);
      this.#deliveryHealth(asRunnerError(error));
      throw error;
    }
  }

  async #giveBack(key: string): Promise<void> {
    const known = this.#sinks.get(key);
    if (known === undefined) {
      return;
    }
    known.users -= 1;
    if (known.users === 0) {
      this.#sinks.delete(key);
      await (await known.sink).close();
    }
  }
}

/** Says a problem of the output once, and when it is over. */
function loggedHealth(log: Log): SinkHealth {
  let said: string | undefined;
  return (problem) => {
    if (problem?.text === said) {
      return;
    }
    said = problem?.text;
    if (problem === undefined) {
      log.info("Events are delivered again.");
    } else {
      log.warn(`${problem.text} Events wait and are sent again; nothing is lost.`);
    }
  };
}
