import type { Turn } from "../coordination/turn.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Memory, MemoryShare } from "../core/memory.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import type { KeptEvents } from "../cursors/kept_events.ts";
import type { NameCache } from "../cursors/name_cache.ts";
import type { RowLedger } from "../cursors/row_ledger.ts";
import type { SharedCallHours } from "../cursors/shared_call_hours.ts";
import type { ApiBudget } from "../org/api_budget.ts";
import type { OrgClient } from "../org/org_client.ts";
import { OrgNames } from "../org/org_names.ts";
import type { PubSub } from "../org/pub_sub.ts";
import type { Input } from "../policy/policy.ts";
import { createProcessingSink } from "../sinks/processing.ts";
import type { Sink } from "../sinks/sink.ts";
import { openOrg } from "./open_org.ts";
import { callerOf } from "./shared_org.ts";
import { createTurnSink, type SharedLeases } from "./wire_leases.ts";
import { moveIntoShared } from "./wire_moved_state.ts";
import type { SharedOutputs } from "./wire_output.ts";

/** What is kept of one input beyond the life of the process. */
export interface InputState {
  readonly cursors: CursorStore;
  readonly ledger: RowLedger;
  /** Events that have no place in Elasticsearch. */
  readonly kept: KeptEvents;
  /** Called once, after the input's last round. */
  close(): void;
}

/** What an input holds open while it runs. */
export interface OpenedInput {
  readonly state: InputState;
  readonly client: OrgClient;
  readonly pubSub: PubSub;
  /** None where the policy wants none. */
  readonly names: OrgNames | undefined;
  readonly output: Sink;
  /** Takes the collector's events; undefined where the input may not write them. */
  readonly collector: Sink | undefined;
  readonly memory: MemoryShare;
  close(): Promise<void>;
}

/** What the run of an input knows before it opens anything. */
export interface InputToOpen {
  readonly input: Input;
  readonly budget: ApiBudget;
  readonly log: Log;
  /** If several hosts share the org. */
  readonly turn: Turn | undefined;
  /** Of the sources whose cursors are used. */
  readonly ids: readonly string[];
  /** API calls of all hosts, where they share the org. */
  readonly calls: SharedCallHours | undefined;
}

/** What the inputs of the process share. */
export interface SharedByInputs {
  /** Opens what is kept of an input; called at its first round, and again if it was rejected. */
  readonly stateOf: (input: Input) => Promise<InputState>;
  readonly names: Pick<NameCache, "find" | "keep">;
  readonly clock: Clock;
  readonly memory: Memory;
  readonly outputs: SharedOutputs;
  readonly leases: SharedLeases;
}

/** Opens what runs of inputs need: state, org, names and output, in this order; what was opened is closed again if one can't be. */
export class InputOpening {
  readonly #shared: SharedByInputs;

  constructor(shared: SharedByInputs) {
    this.#shared = shared;
  }

  async open(wanted: InputToOpen, stop: AbortSignal): Promise<OpenedInput> {
    const { input, budget, log, turn, calls } = wanted;
    const { clock, outputs, memory } = this.#shared;
    const held = new AsyncDisposableStack();
    try {
      const local = held.adopt(await this.#shared.stateOf(input), (one) => one.close());
      const shared = turn === undefined ? undefined : await this.#sharedCursors(wanted, turn, local.cursors, stop);
      held.defer(() => shared?.close());
      if (shared !== undefined) {
        await calls?.begin(shared);
        held.defer(() => calls?.end());
      }
      const state = { ...local, cursors: shared ?? local.cursors };
      const org = await openOrg(input, { budget, clock, log });
      held.defer(() => org.close());
      const { client, pubSub } = org;
      const output = held.adopt(await outputs.hold(input.output, log), (one) => one.release());
      const names = this.#orgNames(input, client);
      held.defer(() => names?.close());
      const { collector } = input;
      return {
        state,
        client,
        pubSub,
        names,
        output: turn === undefined ? output.sink : createTurnSink(output.sink, turn),
        collector: collector === undefined ? undefined : createProcessingSink(output.sink, collector.processors),
        memory: memory.share(`org of ${input.id}`, output.key),
        close: () => held.disposeAsync(),
      };
    } catch (error) {
      await held.disposeAsync();
      throw error;
    }
  }

  /** They are made this host's own before anything begins: whoever had them before can write none from then on. */
  async #sharedCursors(
    { input, ids, log }: InputToOpen,
    turn: Turn,
    local: CursorStore,
    stop: AbortSignal,
  ): Promise<CursorStore | undefined> {
    const { state } = input;
    if (state.store === "local") {
      return undefined;
    }
    const cursors = await this.#shared.leases.cursors(turn, state);
    try {
      await Promise.all(ids.map((id) => cursors.load(id)));
      await moveIntoShared(input, local, cursors, log);
      await this.#shared.clock.sleep(turn.settle, stop);
      return cursors;
    } catch (error) {
      cursors.close();
      throw error;
    }
  }

  #orgNames(input: Input, client: OrgClient): OrgNames | undefined {
    if (input.names === "none") {
      return undefined;
    }
    return new OrgNames({
      client,
      cache: this.#shared.names,
      org: `${callerOf(input)}: ${input.names}`,
      everything: input.names === "full",
      clock: this.#shared.clock,
    });
  }
}
