import type { SourceEvent } from "../core/event.ts";

/** An event that has no place, and why. */
export interface KeptEvent {
  readonly event: SourceEvent;
  readonly reason: string;
}

/** What is kept of one source. */
export interface KeptSum {
  readonly events: number;
  readonly bytes: number;
  /** When the oldest of them came; milliseconds since the epoch. */
  readonly since: number;
  /** Why the newest has no place. */
  readonly reason: string;
}

/**
 * Events that no data stream takes, whole, until they have a place. Every call but `close` throws `state_unusable` (next: retry)
 * when the disk is full or the file is damaged. Several processes may use the store of one data directory.
 */
export interface KeptEvents {
  /** Bytes that it holds: beyond them it keeps nothing more. */
  readonly mostBytes: number;
  /**
   * Keeps all of them or none; when it returns true they survive the death of the process. False, and none is kept, while there
   * is no room. One that is kept already stays and takes no room.
   */
  keep(source: string, events: readonly KeptEvent[], now: number): boolean;
  /** The oldest ones behind `behind`, a serial number: as many as `bytes` hold, and at least one if there is any. */
  read(source: string, behind: number, bytes: number): readonly (KeptEvent & { readonly serial: number })[];
  forget(serials: readonly number[]): void;
  /** Forgets all of a source. */
  clear(source: string): void;
  /** Undefined if nothing is kept. */
  of(source: string): KeptSum | undefined;
  /** The sources of which something is kept, sorted. */
  sources(): readonly string[];
  close(): void;
}
