/**
 * Check-ins in parts: messages with the same `unitsTimestamp` belong together, and one without units ends them. A message
 * without a timestamp is whole. All functions are pure.
 */
import { CHECKIN_OBSERVED, type CheckinExpected, type CheckinObserved, type Timestamp } from "./control_protocol.ts";

export interface Assembly {
  /** The parts of a set that has not ended yet. */
  readonly pending: CheckinExpected | undefined;
  /** The message that has just become whole. */
  readonly whole: CheckinExpected | undefined;
}

/** The assembly after one more part. A part of an older set is dropped, one of a newer set drops what was pending. */
export function afterPart(pending: CheckinExpected | undefined, part: CheckinExpected): Assembly {
  const { unitsTimestamp } = part;
  if (!unitsTimestamp) {
    return { pending: undefined, whole: part };
  }
  const order = pending?.unitsTimestamp ? compared(unitsTimestamp, pending.unitsTimestamp) : 1;
  if (pending === undefined || order > 0) {
    return { pending: part, whole: undefined };
  }
  if (order < 0) {
    return { pending, whole: undefined };
  }
  if (part.units.length === 0) {
    return { pending: undefined, whole: pending };
  }
  return { pending: { ...pending, units: [...pending.units, ...part.units] }, whole: undefined };
}

/**
 * The message as it is if it has at most `mostBytes`, else in parts of at most that, the first with everything besides the
 * units. A single unit that is larger is sent all the same: it can't be cut.
 */
export function inParts(message: CheckinObserved, mostBytes: number, timestamp: Timestamp): CheckinObserved[] {
  if (CHECKIN_OBSERVED.encode(message).length <= mostBytes) {
    return [message];
  }
  const { token } = message;
  const rest: CheckinObserved = {
    ...CHECKIN_OBSERVED.decode(new Uint8Array()),
    token,
    unitsTimestamp: timestamp,
  };
  const parts: CheckinObserved[] = [];
  let part: CheckinObserved = { ...message, units: [], unitsTimestamp: timestamp };
  let length = CHECKIN_OBSERVED.encode(part).length;
  for (const unit of message.units) {
    const unitLength = CHECKIN_OBSERVED.encode({ units: [unit] }).length;
    if (part.units.length > 0 && length + unitLength > mostBytes) {
      parts.push(part);
      part = rest;
      length = CHECKIN_OBSERVED.encode(rest).length;
    }
    part = { ...part, units: [...part.units, unit] };
    length += unitLength;
  }
  return [...parts, part, rest];
}

function compared(one: Timestamp, other: Timestamp): number {
  return one.seconds === other.seconds ? one.nanos - other.nanos : one.seconds - other.seconds;
}
