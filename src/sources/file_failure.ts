import { type Backoff, waitBefore } from "../core/backoff.ts";
import { ERRORS, type ErrorCode, RETRY, RunnerError } from "../core/errors.ts";
import type { FileFacts } from "../core/fact.ts";
import type { RoundEnd } from "./source.ts";

const HOUR_MS = 3_600_000;

/** One second, two, four … an hour: a cut download is there again at once, a file that can't be read costs little. */
const FILE_BACKOFF: Backoff = { first: 1_000, factor: 2, longest: HOUR_MS };
/** After so many attempts, about five hours, a file is parked: tried once a day, and no longer waited for. */
export const PARKED_AFTER = 16;
const PARKED_WAIT_MS = 24 * HOUR_MS;

/** What is known of a file that could not be read; a part of its cursor. */
export interface FileFailure {
  /** In a row. */
  readonly attempts: number;
  /** It is not tried before this moment; milliseconds since the epoch, by Salesforce's clock. */
  readonly retryAt: number;
  readonly code: ErrorCode;
  /** Cause and cure of the last attempt. */
  readonly text: string;
}

export interface Attempt {
  readonly error: RunnerError;
  /** By this machine's clock, as `error.next` is, and by Salesforce's; milliseconds since the epoch. */
  readonly machineNow: number;
  readonly now: number;
  /** From 0 to 1. */
  readonly random: number;
}

/** After one more attempt. What the far side asks to wait is kept, up to an hour. Pure. */
export function afterAttempt(
  before: FileFailure | undefined,
  { error, machineNow, now, random }: Attempt,
): FileFailure {
  const attempts = (before?.attempts ?? 0) + 1;
  const asked = error.next.do === "waitUntil" ? Math.min(error.next.at - machineNow, HOUR_MS) : 0;
  const wait = attempts >= PARKED_AFTER ? PARKED_WAIT_MS : Math.max(asked, waitBefore(attempts, FILE_BACKOFF, random));
  return { attempts, retryAt: now + wait, code: error.code, text: error.text };
}

export function isParked({ attempts }: FileFailure): boolean {
  return attempts >= PARKED_AFTER;
}

/** A failure as a cursor holds it; undefined for anything else. Pure. */
export function readFailure(value: unknown): FileFailure | undefined {
  const { attempts, retryAt, code, text } = (value ?? {}) as Record<string, unknown>;
  const isOne =
    Number.isSafeInteger(attempts) &&
    Number.isFinite(retryAt) &&
    typeof code === "string" &&
    Object.hasOwn(ERRORS, code) &&
    typeof text === "string";
  return isOne ? (value as FileFailure) : undefined;
}

/** How a round ends with these files unread; undefined without any. `now` by Salesforce's clock. Pure. */
export function endWith(
  failing: ReadonlyMap<string, { readonly eventType: string; readonly failure: FileFailure }>,
  now: number,
): RoundEnd | undefined {
  const files = [...failing].sort(([, a], [, b]) => a.failure.retryAt - b.failure.retryAt);
  const shown = files.find(([, { failure }]) => isParked(failure)) ?? files[0];
  if (files[0] === undefined || shown === undefined) {
    return undefined;
  }
  const [id, { eventType, failure }] = shown;
  return { error: unreadError({ id, eventType }, failure), retryIn: Math.max(0, files[0][1].failure.retryAt - now) };
}

/** Cause and cure of a file that could not be read. */
export function unreadError({ id, eventType }: Pick<FileFacts, "id" | "eventType">, failure: FileFailure): RunnerError {
  const { attempts, code, text } = failure;
  const parked = isParked(failure);
  return new RunnerError(
    code,
    `Event log file ${id} (${eventType}) could not be read in ${attempts} attempts${parked ? " and is parked" : ""}; the others go on. ${text}`,
    {
      next: RETRY,
      cure: parked
        ? `It is tried again once a day, and at once after: aquila-salesforce cursors --retry ${id}.`
        : "It is tried again, ever more rarely.",
    },
  );
}
