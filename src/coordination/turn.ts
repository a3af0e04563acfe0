import type { Host } from "./lease.ts";

/** A host's time with an org, from taking its lease until it is given up or lost. What the org's cursors are written under. */
export interface Turn {
  /** What the org is called in the shared state. */
  readonly org: string;
  readonly term: number;
  readonly host: Host;
  /** Milliseconds to let pass between making the org's cursors one's own and beginning; 0 where nobody can still be at work. */
  readonly settle: number;
  /** Aborts when what is under way is to be finished, and the org to be given up. */
  readonly ending: AbortSignal;
  /** Aborts when the org is this host's no more: nothing may be sent or saved, and what is under way is given up. */
  readonly over: AbortSignal;
  /** Throws `lease_lost` if the org is this host's no more. For whoever is about to do what only its holder may. */
  check(): void;
  /**
   * Says that another host has made the org's cursors its own, in `term` if that is known: a write was refused. Ends the turn at
   * once, and throws `lease_lost`.
   */
  outranked(term?: number): never;
}
