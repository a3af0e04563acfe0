/** Which host is to collect which org. All functions are pure, and give the same wherever they are called with the same. */
import { createHash } from "node:crypto";

export interface Assignment {
  /** The most orgs that a host has once all is in place. */
  readonly share: number;
  /** Who is to take each org that nobody has. */
  readonly homes: ReadonlyMap<string, string>;
  /** Who is to have, instead of its holder, an org of which its holder has more than its share. */
  readonly moves: ReadonlyMap<string, string>;
}

/**
 * Spreads orgs over hosts, so that none has more than an equal share, rounded up. `holders` says who of the hosts has an org now.
 * Whoever has an org keeps it, unless it has more than its share: then it gives no more than is too much, and only to hosts that
 * have less. Among those that have room, rendezvous hashing decides (Thaler and Ravishankar, 1998).
 */
export function assign(
  hosts: readonly string[],
  orgs: readonly string[],
  holders: ReadonlyMap<string, string>,
): Assignment {
  const share = Math.ceil(orgs.length / Math.max(1, hosts.length));
  const had = new Map(hosts.map((host): [string, string[]] => [host, []]));
  const free: string[] = [];
  for (const org of orgs.toSorted()) {
    const orgsOfHolder = had.get(holders.get(org) ?? "");
    (orgsOfHolder ?? free).push(org);
  }
  const loads = new Map([...had].map(([host, held]) => [host, held.length]));
  const settle = (all: readonly string[]): Map<string, string> => {
    const homes = new Map<string, string>();
    for (const org of all) {
      const room = hosts.filter((host) => (loads.get(host) ?? 0) < share);
      const [home] = ranked(org, room);
      if (home !== undefined) {
        homes.set(org, home);
        loads.set(home, (loads.get(home) ?? 0) + 1);
      }
    }
    return homes;
  };
  const homes = settle(free);
  const tooMuch = [...had].flatMap(([host, held]) =>
    held.length <= share ? [] : leastAttached(host, held).slice(0, held.length - share),
  );
  return { share, homes, moves: settle(tooMuch) };
}

/** The hosts as an org prefers them, the dearest first. */
export function ranked(org: string, hosts: readonly string[]): string[] {
  return hosts.toSorted((one, other) => compare(weight(other, org), weight(one, org)));
}

/** The orgs of a host, those first that it would rather give away. */
function leastAttached(host: string, orgs: readonly string[]): string[] {
  return orgs.toSorted((one, other) => compare(weight(host, one), weight(host, other)));
}

/** Equal on every host; without equals in practice. */
function weight(host: string, org: string): string {
  return createHash("sha256")
    .update(JSON.stringify([host, org]))
    .digest("hex");
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
