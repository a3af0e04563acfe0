import type { Host } from "./lease.ts";

/** A host's time with an org, from taking its lease until it is given up or lost. */
export interface Turn {
  /** What the org is called in the shared state. */
  readonly org: string;
  readonly term: number;
  readonly host: Host;
  /** When it began, in milliseconds since the epoch. */
  readonly since: number;
  /** Who had the org before and showed no sign of life any more. */
  readonly takenFrom: Host | undefined;
  /** Milliseconds to let pass between making the org's cursors one's own and beginning: somebody may still be at work. */
  readonly settle: number;
  /** Aborts when what is under way is to be finished, and the org to be given up. */
  readonly ending: AbortSignal;
  /** Aborts when the org is this host's no more, with `lease_lost`: nothing may be sent or saved any more. */
  readonly over: AbortSignal;
  /** Whether the org is this host's now, by its clocks; to be asked before whatever only the holder may do. */
  holds(): boolean;
  /** Ends the turn at once: another host has made the org's cursors its own, in `term` if that is known. */
  lose(term?: number): void;
  /** Says that nothing is under way any more; called once, in any case. */
  end(): Promise<void>;
}

/** The turns of one org on this host. */
export interface Turns {
  /** Milliseconds after which it is another host's for as long as that one lives. */
  readonly patience: number;
  /** Resolves when the org is this host's; never called again before the last turn has ended. Rejects with the signal's reason. */
  next(stop: AbortSignal): Promise<Turn>;
  /** This host does not want the org any more; called once, after the last turn has ended. */
  close(): void;
}
