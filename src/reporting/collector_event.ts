import type { Stream } from "../policy/policy.ts";
import type { FactEvent } from "../sources/fact.ts";

/** One thing that a stream collects: its event log files, or an object. */
export interface CollectedSource {
  readonly stream: Pick<Stream, "id" | "dataStream" | "tags">;
  /** `EventLogFile` or the object's name. */
  readonly name: string;
}

/**
 * Something the runner reports of itself, before it is written as a document of the collector's data stream. Times in
 * milliseconds since the epoch.
 */
export interface CollectorEvent extends FactEvent {
  /** `event.code`. */
  readonly code: string;
  readonly time: number;
  /** Undefined where it is about the whole org. */
  readonly source: CollectedSource | undefined;
  /** What a person reads. */
  readonly message: string;
}
