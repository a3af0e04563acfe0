/** The lease of an org, as a document that all hosts share: who collects it, and in which term. All functions are pure. */

/** One process of the runner. */
export interface Host {
  /** Drawn anew at each start. */
  readonly id: string;
  /** As people call it. */
  readonly name: string;
}

export interface Lease {
  /** Grows with each holder; 0 before the first. */
  readonly term: number;
  readonly holder: Host | undefined;
  /** When it was taken or given up, by the clock of the host that did, for people. */
  readonly since: string | undefined;
  /** The id of the host that it was given up for. */
  readonly offeredTo: string | undefined;
  /** Milliseconds without a sign of life that its holder reckons with, whose settings may be other than those of the host that waits. */
  readonly lasts: number | undefined;
}

export const NO_LEASE: Lease = {
  term: 0,
  holder: undefined,
  since: undefined,
  offeredTo: undefined,
  lasts: undefined,
};

/** That a policy may set, in milliseconds. */
export const LONGEST_LEASE_MS = 300_000;
/** Beyond all that hosts can take in turn; what is higher is nobody's count. */
export const HIGHEST_TERM = 2 ** 50;
/** Of a name or id. */
const LONGEST_TEXT = 256;

export function leaseId(org: string): string {
  return `${org}|lease`;
}

/** The lease in a document; what can't be one was never held. */
export function readLease(value: unknown): Lease {
  const { term, holder, since, offered_to, lasts } = membersOf(value);
  return {
    term: Number.isSafeInteger(term) && Number(term) >= 0 && Number(term) < HIGHEST_TERM ? Number(term) : 0,
    holder: readHost(holder),
    since: readText(since),
    offeredTo: readText(offered_to),
    lasts: typeof lasts === "number" && lasts > 0 && lasts <= LONGEST_LEASE_MS ? lasts : undefined,
  };
}

export function leaseDocument(org: string, { term, holder, since, offeredTo, lasts }: Lease): object {
  return { org, term, holder: holder ?? null, since, written: since, offered_to: offeredTo, lasts };
}

/** The lease when `host` has taken it for `lasts`. `leastTerm` is one that its cursors are known to have seen. */
export function taken(lease: Lease, host: Host, now: string, lasts: number, leastTerm = 0): Lease {
  return { term: Math.max(lease.term, leastTerm) + 1, holder: host, since: now, offeredTo: undefined, lasts };
}

/** The lease when its holder has given it up, for another host or for anybody. */
export function givenUp(lease: Lease, now: string, offeredTo?: string): Lease {
  return { ...NO_LEASE, term: lease.term, since: now, offeredTo };
}

function readHost(value: unknown): Host | undefined {
  const { id, name } = membersOf(value);
  const known = readText(id);
  return known === undefined ? undefined : { id: known, name: readText(name) ?? known };
}

export function readText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_TEXT ? value : undefined;
}

export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
