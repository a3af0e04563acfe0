import { type Backoff, waitBefore } from "../core/backoff.ts";
import { ERRORS, type ErrorCode, RETRY, RunnerError } from "../core/errors.ts";
import type { RoundEnd } from "./source.ts";

const HOUR_MS = 3_600_000;

/** One second, two, four … an hour: a cut download is there again at once, what can't be read costs little. */
const PART_BACKOFF: Backoff = { first: 1_000, factor: 2, longest: HOUR_MS };
/** After so many attempts, about five hours, a part is parked: tried once a day, and no longer waited for. */
export const PARKED_AFTER = 16;
const PARKED_WAIT_MS = 24 * HOUR_MS;

/** What is known of a part of a source that could not be read, a file or a window; it stands in the cursors. */
export interface PartFailure {
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
  before: PartFailure | undefined,
  { error, machineNow, now, random }: Attempt,
): PartFailure {
  const attempts = (before?.attempts ?? 0) + 1;
  const asked = error.next.do === "waitUntil" ? Math.min(error.next.at - machineNow, HOUR_MS) : 0;
  const wait = attempts >= PARKED_AFTER ? PARKED_WAIT_MS : Math.max(asked, waitBefore(attempts, PART_BACKOFF, random));
  return { attempts, retryAt: now + wait, code: error.code, text: error.text };
}

export function isParked({ attempts }: PartFailure): boolean {
  return attempts >= PARKED_AFTER;
}

/** A failure as a cursor holds it; undefined for anything else. Pure. */
export function readFailure(value: unknown): PartFailure | undefined {
  const { attempts, retryAt, code, text } = (value ?? {}) as Record<string, unknown>;
  const isOne =
    Number.isSafeInteger(attempts) &&
    Number.isFinite(retryAt) &&
    typeof code === "string" &&
    Object.hasOwn(ERRORS, code) &&
    typeof text === "string";
  return isOne ? (value as PartFailure) : undefined;
}

/** A part (a file, a window) that could not be read. */
export interface FailedPart {
  /** What `cursors --retry` knows it by. */
  readonly id: string;
  /** For people; names the id. */
  readonly name: string;
  readonly failure: PartFailure;
}

/** Whether a part is no longer waited for. */
export function isGivenUp(failure: PartFailure | undefined): failure is PartFailure {
  return failure !== undefined && isParked(failure);
}

/** Whether a part that failed is to be tried: a new process tries at once what is not parked. */
export function isDue(failure: PartFailure | undefined, now: number, isNewProcess: boolean): boolean {
  return failure !== undefined && (failure.retryAt <= now || (isNewProcess && !isParked(failure)));
}

/** How a round ends with these parts unread; undefined without any. `now` by Salesforce's clock. Pure. */
export function endWith(failing: readonly FailedPart[], now: number): RoundEnd | undefined {
  const [first, ...others] = failing.toSorted((a, b) => a.failure.retryAt - b.failure.retryAt);
  if (first === undefined) {
    return undefined;
  }
  const shown = [first, ...others].find(({ failure }) => isParked(failure)) ?? first;
  return { error: unreadError(shown), retryIn: Math.max(0, first.failure.retryAt - now) };
}

/** Cause and cure of a part that could not be read. */
function unreadError({ id, name, failure }: FailedPart): RunnerError {
  const { attempts, code, text } = failure;
  const parked = isParked(failure);
  return new RunnerError(
    code,
    `${name} could not be read in ${attempts} attempts${parked ? " and is parked" : ""}; the others go on. ${text}`,
    {
      next: RETRY,
      cure: parked
        ? `It is tried again once a day, and at once after: aquila-salesforce cursors --retry ${id}.`
        : "It is tried again, ever more rarely.",
    },
  );
}
