/** What can be done to a cluster's node, whatever runs it. */
export interface NodeControl {
  isRunning(): boolean;
  /** Ends it: politely, or at once when its data are of no further use. Does nothing to one that is not running. */
  stop(how: "politely" | "at once"): Promise<void>;
  /** Ends it and removes what it keeps outside of the cluster's folder. */
  discard(): Promise<void>;
  /** Freezes it: connections stay open and nothing answers. Throws if it is not running. */
  suspend(): void;
  resume(): void;
}
