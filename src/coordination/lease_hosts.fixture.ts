/** Hosts that share orgs, in one process and without a moment's real waiting, for tests. */
import type { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { LeaseKeeper } from "./lease_keeper.ts";
import type { Standing } from "./standing.ts";
import type { StateDocuments } from "./state_documents.ts";
import { type Timing, timingOf } from "./timing.ts";
import type { Turn } from "./turn.ts";

export const SECOND = 1_000;
const FIFTEEN_SECONDS = timingOf(15 * SECOND);

export { FIFTEEN_SECONDS as timing };

/** A host that begins whatever it may, and stops when it must. */
export class TestHost {
  readonly clock: ManualClock;
  readonly keeper: LeaseKeeper;
  readonly working = new Map<string, Turn>();
  readonly standings = new Map<string, Standing>();
  readonly #stop = new AbortController();
  readonly #runs: Promise<void>[] = [];
  readonly #finish: () => number;

  /** `finish` gives the milliseconds that what is under way takes to be delivered when a turn ends. */
  constructor(
    name: string,
    documents: StateDocuments,
    clock: ManualClock,
    orgs: readonly string[],
    { finish = () => 0, timing = FIFTEEN_SECONDS }: { finish?: () => number; timing?: Timing } = {},
  ) {
    this.clock = clock;
    this.#finish = finish;
    this.keeper = new LeaseKeeper({ documents, me: { id: name, name: name.toUpperCase() }, timing, clock });
    for (const org of orgs) {
      this.#runs.push(this.#run(org));
    }
  }

  async #run(org: string): Promise<void> {
    const turns = this.keeper.turns(org, (standing) => this.standings.set(org, standing));
    try {
      for (;;) {
        const turn = await turns.next(this.#stop.signal);
        this.working.set(org, turn);
        await new Promise((done) => {
          const signal = AbortSignal.any([turn.ending, turn.over, this.#stop.signal]);
          signal.addEventListener("abort", done, { once: true });
        });
        const delay = this.#finish();
        if (delay > 0) {
          await this.clock.sleep(delay, turn.over).catch(() => {});
        }
        this.working.delete(org);
        await turn.end();
      }
    } catch {
      turns.close();
    }
  }

  async stop(): Promise<void> {
    this.keeper.leave();
    this.#stop.abort(new Error("stopped"));
    await Promise.all(this.#runs);
    await this.keeper.close();
  }

  get orgs(): string[] {
    return [...this.working].flatMap(([org, turn]) => (turn.holds() ? org : [])).toSorted();
  }
}

/** Lets the time pass for all hosts. */
export async function pass(seconds: number, ...hosts: readonly TestHost[]): Promise<void> {
  await passInSteps(seconds, SECOND / 2, hosts);
}

export async function passInSteps(seconds: number, step: number, hosts: readonly TestHost[]): Promise<void> {
  const clocks = new Set(hosts.map(({ clock }) => clock));
  for (let passed = 0; passed < seconds * SECOND; passed += step) {
    for (const clock of clocks) {
      clock.advance(step);
    }
    await settled();
  }
}

export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((next) => setImmediate(next));
  }
}

export const orgs = (count: number) => Array.from({ length: count }, (_, n) => `org ${String(n).padStart(3, "0")}`);
