import { describe, expect, test } from "vitest";
import { assign } from "./assignment.ts";

const HOSTS = ["a", "b", "c", "d", "e", "f"];

/** Everything in its place: who has which org after all that is free is taken and all that is to move has moved. */
function settled(hosts: readonly string[], orgs: readonly string[], holders: ReadonlyMap<string, string>) {
  const { homes, moves } = assign(hosts, orgs, holders);
  return new Map([...holders].filter(([, host]) => hosts.includes(host)).concat([...homes], [...moves]));
}

function loads(hosts: readonly string[], holders: ReadonlyMap<string, string>): number[] {
  return hosts.map((host) => [...holders.values()].filter((one) => one === host).length);
}

function moved(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...after].flatMap(([org, host]) => (before.get(org) === host ? [] : org));
}

const orgs = (count: number) => Array.from({ length: count }, (_, n) => `org ${n}`);

describe.each([1, 2, 3, 7, 10, 60, 61])("%i orgs", (count) => {
  test("come and go with up to six hosts: none has more than its share, and no more moves than needed", () => {
    const all = orgs(count);
    let hosts = ["a"];
    let holders: ReadonlyMap<string, string> = settled(hosts, all, new Map());
    // Hosts that join and leave in an order that depends on nothing but the count.
    for (let turn = 0; turn < 60; turn += 1) {
      const next = HOSTS[(turn * 7 + count * 3 + Math.floor(turn / 5)) % HOSTS.length] ?? "a";
      const isJoining = !hosts.includes(next);
      if (!isJoining && hosts.length === 1) {
        continue;
      }
      const before = holders;
      const leaver = isJoining ? undefined : next;
      hosts = isJoining ? [...hosts, next].toSorted() : hosts.filter((host) => host !== next);
      holders = settled(hosts, all, before);

      const share = Math.ceil(count / hosts.length);
      expect([...holders.keys()].toSorted()).toEqual(all.toSorted());
      expect(Math.max(...loads(hosts, holders))).toBeLessThanOrEqual(share);
      const tooMuch = loads(hosts, before).reduce((sum, load) => sum + Math.max(0, load - share), 0);
      const left = [...before.values()].filter((host) => host === leaver).length;
      expect(moved(before, holders)).toHaveLength(tooMuch + left);
      expect(settled(hosts, all, holders)).toEqual(holders);
    }
  });
});

test("a third host gets a third of the orgs, and the two others keep theirs", () => {
  const two = settled(["a", "b"], orgs(60), new Map());
  const three = settled(["a", "b", "c"], orgs(60), two);
  expect(loads(["a", "b", "c"], three)).toEqual([20, 20, 20]);
  expect(moved(two, three)).toHaveLength(20);
});

test("every host comes to the same", () => {
  const holders = new Map([
    ["org 1", "b"],
    ["org 2", "b"],
    ["org 3", "gone"],
  ]);
  const one = assign(["a", "b", "c"], orgs(9), holders);
  const other = assign(["c", "a", "b"], orgs(9).toReversed(), new Map([...holders].toReversed()));
  expect(new Map([...other.homes].toSorted())).toEqual(new Map([...one.homes].toSorted()));
  expect(new Map([...other.moves].toSorted())).toEqual(new Map([...one.moves].toSorted()));
});

test("without orgs there is nothing to do", () => {
  expect(assign(["a"], [], new Map())).toEqual({ share: 0, homes: new Map(), moves: new Map() });
});
