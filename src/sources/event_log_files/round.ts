import type { RunnerError } from "../../core/errors.ts";
import type { StreamContext } from "../envelope.ts";
import { type FailedPart, isDue, isGivenUp, type PartFailure } from "../part_failure.ts";
import type { EventLogFile } from "./body.ts";
import { failedFile, isOpen, type ListingCursor, openProgress } from "./progress.ts";

/** Refusals that mostly concern the whole org, and may be one file's alone. */
const REFUSALS: readonly string[] = [
  "session_expired",
  "too_many_requests",
  "request_limit_exceeded",
  "permission_missing",
  "api_disabled",
];

export interface FileRoundOptions {
  readonly cursor: ListingCursor;
  readonly context: StreamContext;
  /** In the order of creation. */
  readonly listed: readonly EventLogFile[];
  /** By Salesforce's clock; milliseconds since the epoch. */
  readonly now: number;
  /** When the first round began. */
  readonly since: number;
  readonly signal: AbortSignal;
}

/** One round over the listed files: what has become of each, and whether it is worth to begin another. */
export class FileRound {
  readonly cursor: ListingCursor;
  readonly context: StreamContext;
  readonly listed: readonly EventLogFile[];
  readonly now: number;
  readonly since: number;
  readonly signal: AbortSignal;
  /** The files that are not done when the round begins, as they are listed. */
  readonly unfinished: readonly EventLogFile[];
  /** The files that are not done, and what each failed of. */
  readonly #open: Map<string, { readonly eventType: string; readonly failure: PartFailure | undefined }>;
  /** The latest download that was refused as the org refuses them, with none that succeeded since. */
  #refused: RunnerError | undefined;
  #stopped: RunnerError | undefined;
  /** Two were refused alike, so the next listing is to say whether the org refuses all. */
  #isHeld = false;

  constructor({ cursor, context, listed, now, since, signal }: FileRoundOptions) {
    this.cursor = cursor;
    this.context = context;
    this.listed = listed;
    this.now = now;
    this.since = since;
    this.signal = signal;
    this.unfinished = listed.filter((file) => openProgress(cursor, file) !== undefined);
    this.#open = new Map(
      this.unfinished.map((file) => {
        const failure = openProgress(cursor, file)?.failure;
        return [file.id, { eventType: file.eventType, failure }];
      }),
    );
  }

  /** The files to read: new ones, unless only `failedOnes` are wanted, and those that have failed and are to be tried again. */
  due(failedOnes: boolean, isNewProcess: boolean): readonly EventLogFile[] {
    const failureOf = ({ id }: EventLogFile) => this.#open.get(id)?.failure;
    // Those that have failed come last: they keep no new file waiting.
    return [
      ...this.unfinished.filter((file) => !failedOnes && failureOf(file) === undefined),
      ...this.unfinished.filter((file) => isDue(failureOf(file), this.now, isNewProcess)),
    ];
  }

  /** Whether no further file is begun. */
  get isOver(): boolean {
    return this.#stopped !== undefined || this.#isHeld;
  }

  done({ id }: EventLogFile): void {
    this.#refused = undefined;
    this.#open.delete(id);
  }

  /** Takes in that a file could not be read. False if that concerns the whole org, and so says nothing of the file. */
  isOwnFailure(error: RunnerError): boolean {
    if (error.scope === "org") {
      this.#stopped ??= error;
      return false;
    }
    if (REFUSALS.includes(error.code)) {
      this.#isHeld ||= this.#refused?.code === error.code;
      this.#refused = error;
    }
    return true;
  }

  failed({ id, eventType }: EventLogFile, failure: PartFailure): void {
    this.#open.set(id, { eventType, failure });
  }

  /** Throws what concerns the whole org. */
  throwIfStopped(): void {
    if (this.#stopped !== undefined) {
      throw this.#stopped;
    }
  }

  /** Files that are still open and not given up. */
  waitedFor(): ReadonlySet<string> {
    return new Set([...this.#open].flatMap(([id, { failure }]) => (isGivenUp(failure) ? [] : [id])));
  }

  /** Listed files that could not be read, in this round or before. */
  failing(): readonly FailedPart[] {
    return [...this.#open].flatMap(([id, { eventType, failure }]) =>
      failure === undefined ? [] : [failedFile(id, eventType, failure)],
    );
  }

  /** Files that were parked, and that the listing has gone past. */
  parkedBehind(): readonly FailedPart[] {
    const ids = new Set(this.listed.map(({ id }) => id));
    return [...this.cursor.files].flatMap(([id, { eventType, failure, done, gone }]) =>
      isGivenUp(failure) && isOpen({ done, gone }) && !ids.has(id) ? [failedFile(id, eventType, failure)] : [],
    );
  }
}
