import { describe, expect, test } from "vitest";
import { randomNumbers } from "../../_dev/shared/faults/random_numbers.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { MemoryDocuments } from "../../_dev/shared/testing/memory_documents.ts";
import { WatchedDocuments } from "../../_dev/shared/testing/watched_documents.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import { leaseId, readLease } from "./lease.ts";
import { orgs, pass, SECOND, settled, TestHost, timing } from "./lease_hosts.fixture.ts";
import { LeaseKeeper } from "./lease_keeper.ts";
import { MEMBERS_ID, readMembers } from "./members.ts";
import type { StateDocuments } from "./state_documents.ts";
import { timingOf } from "./timing.ts";

function once(hosts: readonly TestHost[]): string[] {
  const held = hosts.flatMap((host) => host.orgs).toSorted();
  expect(new Set(held).size, "an org has two hosts").toBe(held.length);
  return held;
}

describe("one host", () => {
  test("takes everything at once, and gives it up when it stops", async () => {
    const documents = new MemoryDocuments();
    const host = new TestHost("a", documents, new ManualClock(), orgs(3));
    await settled();
    expect(host.orgs).toEqual(orgs(3));
    expect(host.working.get("org 000")).toMatchObject({ term: 1, settle: 0, takenFrom: undefined });
    expect(host.standings.get("org 000")).toMatchObject({ is: "holding", term: 1, holder: { id: "a", name: "A" } });
    await host.stop();
    const lease = documents.value(leaseId("org 000"));
    expect(readLease(lease)).toMatchObject({ term: 1, holder: undefined });
    expect(readMembers(documents.value(MEMBERS_ID)).size).toBe(0);
  });

  test("takes at once what the one before has given up, however often; what one has left without a word takes its time", async () => {
    const documents = new MemoryDocuments();
    const clock = new ManualClock();
    for (const [turn, name] of ["a", "b", "c"].entries()) {
      const host = new TestHost(name, documents, clock, orgs(3));
      await settled();
      expect(host.orgs).toEqual(orgs(3));
      expect(host.working.get("org 000")).toMatchObject({ term: turn + 1, settle: 0 });
      await host.stop();
    }
    const gone = new TestHost("gone", documents, new ManualClock(), orgs(3));
    await settled();
    expect(gone.orgs).toEqual(orgs(3));
    const host = new TestHost("d", documents, clock, orgs(3));
    await pass(14, host);
    expect(host.orgs).toEqual([]);
    await pass(6, host);
    expect(host.orgs).toEqual(orgs(3));
    await host.stop();
  });

  test("writes one sign of life in five seconds, whatever it holds", async () => {
    const documents = new MemoryDocuments();
    const host = new TestHost("a", documents, new ManualClock(), orgs(100));
    await settled();
    documents.written = 0;
    await pass(60, host);
    expect(documents.written).toBe(12);
  });

  test("goes on when the shared state is away for some seconds, and stops ten seconds after it was there", async () => {
    const documents = new MemoryDocuments();
    const host = new TestHost("a", documents, new ManualClock(), ["org"]);
    await settled();
    documents.isAway = true;
    await pass(6, host);
    expect(host.orgs).toEqual(["org"]);
    expect(host.standings.get("org")).toMatchObject({ is: "holding", problem: { code: "shared_state_unreachable" } });
    documents.isAway = false;
    await pass(20, host);
    expect(host.working.get("org")?.term).toBe(1);

    documents.isAway = true;
    await pass(11, host);
    expect(host.working.size).toBe(0);
    expect(host.standings.get("org")).toMatchObject({ problem: { code: "shared_state_unreachable" } });
    documents.isAway = false;
    await pass(5, host);
    expect(host.working.get("org")?.term).toBe(2);
    expect(host.standings.get("org")).toMatchObject({ is: "holding", term: 2 });
  });

  test("gives up when it stops what has run out, and names nobody who is not there", async () => {
    const documents = new MemoryDocuments();
    const host = new TestHost("a", documents, new ManualClock(), ["org"]);
    await settled();
    documents.isAway = true;
    await pass(11, host);
    expect(host.orgs).toEqual([]);
    documents.isAway = false;
    // It knows that it may write again, and has not taken the org again yet.
    host.keeper.leave();
    await settled();
    await host.stop();
    expect(readLease(documents.value(leaseId("org")))).toMatchObject({ term: 1, holder: undefined });
  });

  test("begins again with what it still holds when its policy is replaced", async () => {
    const documents = new MemoryDocuments();
    const keeper = new LeaseKeeper({ documents, me: { id: "a", name: "A" }, timing, clock: new ManualClock() });
    const stop = new AbortController();
    const first = keeper.turns("org", () => {});
    const turn = await first.next(stop.signal);
    await turn.end();
    first.close();
    const second = await keeper.turns("org", () => {}).next(stop.signal);
    expect([turn.term, second.term]).toEqual([1, 1]);
    await second.end();
    await keeper.close();
  });

  test("outbids a term that cursors have seen and the lease has not", async () => {
    const documents = new MemoryDocuments();
    const host = new TestHost("a", documents, new ManualClock(), ["org"]);
    await settled();
    host.working.get("org")?.lose(7);
    await pass(5, host);
    expect(host.working.get("org")?.term).toBe(8);
    await host.stop();
  });
});

describe("several hosts", () => {
  test("share orgs evenly; who joins gets its share, and nothing else moves", async () => {
    const documents = new MemoryDocuments();
    const clock = new ManualClock();
    const a = new TestHost("a", documents, clock, orgs(60));
    await pass(1, a);
    const b = new TestHost("b", documents, clock, orgs(60));
    await pass(20, a, b);
    expect([a.orgs.length, b.orgs.length]).toEqual([30, 30]);
    const before = new Map([...a.orgs.map((org) => [org, "a"] as const), ...b.orgs.map((org) => [org, "b"] as const)]);
    const c = new TestHost("c", documents, clock, orgs(60));
    await pass(20, a, b, c);
    expect([a.orgs.length, b.orgs.length, c.orgs.length]).toEqual([20, 20, 20]);
    expect(a.orgs.every((org) => before.get(org) === "a") && b.orgs.every((org) => before.get(org) === "b")).toBe(true);
    expect(once([a, b, c])).toEqual(orgs(60));
    await Promise.all([a.stop(), b.stop(), c.stop()]);
  });

  test("who stops gives its orgs to the others within one look", async () => {
    const documents = new MemoryDocuments();
    const clock = new ManualClock();
    const a = new TestHost("a", documents, clock, orgs(10));
    const b = new TestHost("b", documents, clock, orgs(10));
    await pass(20, a, b);
    const kept = b.orgs;
    await a.stop();
    await pass(6, b);
    expect(b.orgs).toEqual(orgs(10));
    expect(kept.every((org) => b.working.get(org)?.settle === 0)).toBe(true);
    await b.stop();
  });

  test("who leaves says so before it gives anything up, and takes nothing more", async () => {
    const documents = new MemoryDocuments();
    const clock = new ManualClock();
    const a = new TestHost("a", documents, clock, orgs(10));
    await pass(1, a);
    a.keeper.leave();
    await settled();
    expect(readMembers(documents.value(MEMBERS_ID)).get("a")).toMatchObject({ isLeaving: true, asks: [] });
    expect(a.orgs).toEqual(orgs(10));
    const b = new TestHost("b", documents, clock, orgs(10));
    await pass(30, a, b);
    expect([a.orgs, b.orgs]).toEqual([orgs(10), []]);
    const before = documents.requests;
    await a.stop();
    expect(documents.requests - before, "one write gives up everything, and two requests leave the members").toBe(3);
    await pass(6, b);
    expect(b.orgs).toEqual(orgs(10));
    await b.stop();
  });

  test("who is gone without a word is followed within twenty seconds; nothing begins before it can be at work no more", async () => {
    const documents = new MemoryDocuments();
    const [here, there] = [new ManualClock(), new ManualClock(Date.UTC(2026, 6, 17, 9, 10))];
    const a = new TestHost("a", documents, here, ["org"]);
    await pass(1, a);
    const b = new TestHost("b", documents, there, ["org"]);
    await pass(30, a, b);
    expect(a.orgs).toEqual(["org"]);
    expect(b.standings.get("org")).toMatchObject({ is: "standing by", holder: { id: "a", name: "A" }, term: 1 });
    await pass(14, b);
    expect(b.orgs).toEqual([]);
    await pass(6, b);
    expect(b.orgs).toEqual(["org"]);
    expect(b.working.get("org")).toMatchObject({ term: 2, settle: 5 * SECOND, takenFrom: { id: "a" } });
    // The first one stood still, and goes on.
    expect(a.working.get("org")?.holds()).toBe(true);
    here.advance(20 * SECOND);
    expect(a.working.get("org")?.holds()).toBe(false);
    await pass(20, a, b);
    expect(a.standings.get("org")).toMatchObject({ is: "standing by", holder: { id: "b" }, term: 2 });
    expect(once([a, b])).toEqual(["org"]);
    await Promise.all([a.stop(), b.stop()]);
  });

  test("a wall clock that is set takes nothing from a host that lives", async () => {
    const documents = new MemoryDocuments();
    const a = new TestHost("a", documents, new ManualClock(), ["org"]);
    await pass(1, a);
    const set = new ManualClock();
    const steady = { now: () => set.now() + 600 * SECOND, elapsed: () => set.now() };
    const b = new TestHost("b", documents, Object.assign(set, steady), ["org"]);
    await pass(30, a, b);
    expect(a.orgs).toEqual(["org"]);
    await Promise.all([a.stop(), b.stop()]);
  });

  test("an org that only one of them has is collected, wherever it belongs", async () => {
    const documents = new MemoryDocuments();
    const clock = new ManualClock();
    const a = new TestHost("a", documents, clock, orgs(8));
    const b = new TestHost("b", documents, clock, orgs(4));
    await pass(60, a, b);
    expect(once([a, b])).toEqual(orgs(8));
    const held = a.orgs;
    await pass(60, a, b);
    expect(a.orgs).toEqual(held);
    await Promise.all([a.stop(), b.stop()]);
  });

  test("who is given a sign of life that no number follows shows one all the same", async () => {
    const documents = new MemoryDocuments();
    const clock = new ManualClock();
    const a = new TestHost("a", documents, clock, ["org"]);
    await pass(1, a);
    const b = new TestHost("b", documents, clock, ["org"]);
    documents.put(MEMBERS_ID, { hosts: { a: { name: "A", beat: 1e300, asks: [] } } });
    await pass(60, a, b);
    expect([a.orgs, a.working.get("org")?.term]).toEqual([["org"], 1]);
    await Promise.all([a.stop(), b.stop()]);
  });

  test("who was promised a longer lease than others keep has it for as long", async () => {
    const documents = new MemoryDocuments();
    const patient = new TestHost("a", documents, new ManualClock(), ["org"], { timing: timingOf(60 * SECOND) });
    await pass(1, patient);
    const hasty = new TestHost("b", documents, new ManualClock(), ["org"], { timing: timingOf(6 * SECOND) });
    await pass(120, patient, hasty);
    expect([patient.orgs, patient.working.get("org")?.term]).toEqual([["org"], 1]);
    await pass(55, hasty);
    expect(hasty.orgs).toEqual([]);
    await pass(10, hasty);
    expect(hasty.orgs).toEqual(["org"]);
    await Promise.all([patient.stop(), hasty.stop()]);
  });

  test.each([1e300, 1e9, 300_001, -1, 0, "for ever", null])(
    "a lease that is said to last for %s keeps an org from nobody",
    async (lasts) => {
      const documents = new MemoryDocuments();
      documents.put(leaseId("org"), { org: "org", term: 7, holder: { id: "gone", name: "GONE" }, lasts });
      const host = new TestHost("a", documents, new ManualClock(), ["org"]);
      await pass(14, host);
      expect(host.orgs).toEqual([]);
      await pass(6, host);
      expect(host.working.get("org")).toMatchObject({ term: 8, takenFrom: { id: "gone" } });
      await host.stop();
    },
  );

  test("a host of a version that says of no lease how long it lasts shares the orgs with one that does", async () => {
    const documents = new MemoryDocuments();
    const older: StateDocuments = {
      read: (ids) => documents.read(ids),
      write: (writes) =>
        documents.write(writes.map((write) => ({ ...write, value: { ...write.value, lasts: undefined } }))),
    };
    const a = new TestHost("a", older, new ManualClock(), orgs(6));
    await pass(1, a);
    const b = new TestHost("b", documents, new ManualClock(), orgs(6));
    await pass(40, a, b);
    expect([a.orgs.length, b.orgs.length]).toEqual([3, 3]);
    const lasting = orgs(6).map((org) => readLease(documents.value(leaseId(org))).lasts);
    expect(lasting.filter((lasts) => lasts === undefined)).toHaveLength(3);
    // The older one stands still, and the newer one has all in the time of its own lease.
    await pass(30, b);
    expect(b.orgs).toEqual(orgs(6));
    await Promise.all([a.stop(), b.stop()]);
  });

  test("who took an org and was not told lets what the one before had under way end all the same", async () => {
    const documents = new WatchedDocuments();
    const gone = new TestHost("gone", documents, new ManualClock(), ["org"]);
    await pass(1, gone);
    const host = new TestHost("b", documents, new ManualClock(), ["org"]);
    await pass(2, host);
    documents.around = async (call, kind) => {
      const isTaken = kind === "write" && documents.requests.at(-1)?.[0]?.id === leaseId("org");
      const answer = await call();
      if (isTaken) {
        documents.around = (next) => next();
        throw new RunnerError("shared_state_unreachable", "No answer.", { next: RETRY });
      }
      return answer;
    };
    await pass(30, host);
    expect(host.working.get("org")).toMatchObject({ term: 3, settle: 5 * SECOND, takenFrom: undefined });
    await host.stop();
  });

  test("what others have written into the documents ends nothing", async () => {
    const documents = new MemoryDocuments();
    const clock = new ManualClock();
    const a = new TestHost("a", documents, clock, ["org"]);
    await pass(1, a);
    documents.put(MEMBERS_ID, {
      hosts: { x: 5, y: { name: 7, beat: "1" }, z: { beat: 1, asks: "all" }, "": { beat: 1 } },
    });
    await pass(6, a);
    expect(a.orgs).toEqual(["org"]);
    documents.put(leaseId("org"), { term: 1e300, holder: { id: 9 } });
    await pass(21, a);
    expect(a.orgs).toEqual(["org"]);
    await a.stop();
  });

  test("a state that is deleted is written again by whoever holds what was in it, in its next term", async () => {
    const documents = new MemoryDocuments();
    const clock = new ManualClock();
    const a = new TestHost("a", documents, clock, orgs(6));
    const b = new TestHost("b", documents, clock, orgs(6));
    await pass(30, a, b);
    const before = [a.orgs, b.orgs];
    const turns = [...a.working.values(), ...b.working.values()];
    for (const id of [MEMBERS_ID, ...orgs(6).map(leaseId)]) {
      documents.delete(id);
    }
    await pass(15, a, b);
    expect([a.orgs, b.orgs]).toEqual(before);
    expect(turns.every(({ over }) => /was deleted/.test(`${over.reason}`))).toBe(true);
    for (const { org, term } of turns) {
      expect(readLease(documents.value(leaseId(org))).term).toBe(term + 1);
    }
    await Promise.all([a.stop(), b.stop()]);
  });
});

test("whatever happens to the store, no two hosts hold an org at once, and in the end each org has one", async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = randomNumbers(seed);
    const documents = new MemoryDocuments();
    let isFlaky = true;
    const fail = (share: number) => {
      if (isFlaky && random() < share) {
        throw new RunnerError("shared_state_unreachable", "No answer.", { next: RETRY });
      }
    };
    const flaky: StateDocuments = {
      async read(ids) {
        const found = await documents.read(ids);
        fail(0.1);
        return found;
      },
      async write(writes) {
        fail(0.05);
        const versions = await documents.write(writes);
        fail(0.1);
        return versions;
      },
    };
    const hosts = ["a", "b", "c"].map(
      (name) => new TestHost(name, flaky, new ManualClock(seed * 1e6 * random()), orgs(4)),
    );
    for (let minute = 0; minute < 4; minute += 1) {
      const moving = hosts.filter(() => random() < 0.8);
      for (let second = 0; second < 30; second += 1) {
        await pass(1, ...moving);
        // Who stands still does not know it; who looks at its clock does.
        once(moving);
      }
      for (const host of hosts.filter((one) => !moving.includes(one))) {
        host.clock.advance(30 * SECOND);
      }
    }
    isFlaky = false;
    await pass(60, ...hosts);
    expect(once(hosts), `seed ${seed}`).toEqual(orgs(4));
    await Promise.all(hosts.map((host) => host.stop()));
  }
});
