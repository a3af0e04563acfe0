import { describe, expect, test } from "vitest";
import { randomNumbers } from "../../_dev/shared/faults/random_numbers.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { MemoryDocuments } from "../../_dev/shared/testing/memory_documents.ts";
import { leaseId, readLease } from "./lease.ts";
import { orgs, passInSteps, SECOND, settled, TestHost } from "./lease_hosts.fixture.ts";
import type { StateDocuments } from "./state_documents.ts";

/** Documents that an answer of the real index holds at most. */
const PIECE = 16;
const STEP = SECOND / 4;

/** Hosts that come and go, each with a view of its own: every answer takes its time, and a long one comes in pieces. */
class Scene {
  readonly documents = new MemoryDocuments();
  readonly hosts = new Map<string, TestHost>();
  readonly random: () => number;
  /** Told how many orgs each host has, again and again. */
  watch: (name: string, load: number) => void = () => {};
  readonly #orgs: readonly string[];

  constructor(count: number, seed: number) {
    this.#orgs = orgs(count);
    this.random = randomNumbers(seed);
  }

  join(name: string): void {
    const clock = new ManualClock(this.random() * 1e9);
    const finish = () => this.random() * 2 * SECOND;
    this.hosts.set(name, new TestHost(name, this.#slow(clock), clock, this.#orgs, { finish }));
  }

  async leave(name: string): Promise<void> {
    const host = this.hosts.get(name);
    let isOver = false;
    const stopped = host?.stop().then(() => {
      isOver = true;
    });
    while (!isOver) {
      await this.pass(STEP / SECOND);
    }
    await stopped;
    this.hosts.delete(name);
  }

  kill(name: string): void {
    this.hosts.delete(name);
  }

  async pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += STEP / SECOND) {
      await passInSteps(STEP / SECOND, STEP, [...this.hosts.values()]);
      for (const [name, load] of this.loads()) {
        this.watch(name, load);
      }
    }
  }

  /** Passes until every org is collected and none has moved for half a minute. */
  async settle(): Promise<void> {
    for (let [quiet, before, passed] = [0, "", 0]; quiet < 6; passed += 5) {
      expect(passed, "seconds until it settles").toBeLessThan(600);
      await this.pass(5);
      const now = JSON.stringify([...this.leases()]);
      const isWhole = [...this.loads().values()].reduce((sum, load) => sum + load, 0) === this.#orgs.length;
      quiet = now === before && isWhole ? quiet + 1 : 0;
      before = now;
    }
  }

  leases(): Map<string, { readonly term: number; readonly holder: string | undefined }> {
    return new Map(
      this.#orgs.map((org) => {
        const { term, holder } = readLease(this.documents.value(leaseId(org)));
        return [org, { term, holder: holder?.id }];
      }),
    );
  }

  loads(): Map<string, number> {
    return new Map([...this.hosts].map(([name, host]) => [name, host.orgs.length]));
  }

  get names(): string[] {
    return [...this.hosts.keys()];
  }

  /** How often an org was taken so far. */
  get taken(): number {
    return [...this.leases().values()].reduce((sum, { term }) => sum + term, 0);
  }

  async stop(): Promise<void> {
    this.watch = () => {};
    for (const name of this.names) {
      await this.leave(name);
    }
    await settled();
  }

  #slow(clock: ManualClock): StateDocuments {
    const wait = () => clock.sleep(this.random() * 0.2 * SECOND);
    return {
      read: async (ids) => {
        const found = [];
        for (let at = 0; at < ids.length; at += PIECE) {
          found.push(...(await this.documents.read(ids.slice(at, at + PIECE))));
          await wait();
        }
        return new Map(found);
      },
      write: async (writes) => {
        await wait();
        return await this.documents.write(writes);
      },
    };
  }
}

type Event = "joins" | "leaves" | "dies";

/** `SPREADING_SEEDS=50 npx vitest run --project unit spreading` for a longer look. */
const SEEDS = Number(process.env.SPREADING_SEEDS ?? 1);
const TURNS = 8;

describe.each([60, 61, 7])("%i orgs", (count) => {
  const share = (hosts: number) => Math.ceil(count / hosts);

  /** Chooses what happens next, and to whom. */
  function chosen(scene: Scene, turn: number): { readonly what: Event; readonly name: string } {
    const { names, random } = scene;
    if (names.length === 1 || (names.length < 5 && random() < 0.5)) {
      return { what: "joins", name: `host ${turn}` };
    }
    const name = names[Math.floor(random() * names.length)] ?? "";
    return { what: random() < 0.5 ? "leaves" : "dies", name };
  }

  async function act(scene: Scene, { what, name }: ReturnType<typeof chosen>): Promise<void> {
    switch (what) {
      case "joins":
        return scene.join(name);
      case "leaves":
        return await scene.leave(name);
      case "dies":
        return scene.kill(name);
    }
  }

  test("hosts join, leave and die: no more orgs move than must, and none goes to who has its share", async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const scene = new Scene(count, seed);
      scene.join("first");
      await scene.settle();
      for (let turn = 0; turn < TURNS; turn += 1) {
        const event = chosen(scene, turn);
        const about = `seed ${seed}, turn ${turn}: ${event.name} ${event.what} of ${scene.names}`;
        const left = scene.names.length + (event.what === "joins" ? 1 : -1);
        const before = scene.loads();
        const tooMuch = [...before.values()].reduce((sum, load) => sum + Math.max(0, load - share(left)), 0);
        const needed = event.what === "joins" ? tooMuch : (before.get(event.name) ?? 0);
        const taken = scene.taken;
        scene.watch = (name, load) =>
          expect(load, `${about}, at ${name}`).toBeLessThanOrEqual(Math.max(before.get(name) ?? 0, share(left) + 1));
        await act(scene, event);
        await scene.settle();
        expect(Math.max(...scene.loads().values()), about).toBeLessThanOrEqual(share(left));
        expect(scene.taken - taken, about).toBe(needed);
      }
      await scene.stop();
    }
  });

  test("they do so all at once: it settles evenly, and no org moves more often than hosts come and go", async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const scene = new Scene(count, seed);
      scene.join("first");
      await scene.settle();
      for (let turn = 0; turn < TURNS; turn += 3) {
        const taken = scene.taken;
        let most = 0;
        for (let n = 0; n < 3; n += 1) {
          const event = chosen(scene, turn + n);
          most += share(scene.names.length + (event.what === "joins" ? 1 : 0));
          await act(scene, event);
          await scene.pass(scene.random() * 10);
        }
        await scene.settle();
        const about = `seed ${seed}, turn ${turn}`;
        expect(Math.max(...scene.loads().values()), about).toBeLessThanOrEqual(share(scene.names.length));
        expect(scene.taken - taken, about).toBeLessThanOrEqual(most);
      }
      await scene.stop();
    }
  });
});
