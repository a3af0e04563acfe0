/** A range of time, `after` not included, `to` included. Milliseconds since the epoch. */
export interface Window {
  readonly after: number;
  readonly to: number;
}

/** In which order an object gives its records. */
export type ReadingOrder = "newest first" | "oldest first";

/** The width of the first window; it adapts to what the org can answer. Milliseconds. */
export const FIRST_WIDTH_MS = 3_600_000;
/** A window that is too much for Salesforce is halved down to this width. */
export const SHORTEST_WIDTH_MS = 1_000;
/** A quiet org's windows grow up to this width. */
export const LONGEST_WIDTH_MS = 24 * 3_600_000;

/** Windows with more records than this become narrower, so that a query stays far from Salesforce's time limit … */
const MANY_RECORDS = 20_000;
/** … and those that don't fill a page grow. */
const FEW_RECORDS = 2_000;

export function isEmpty(window: Window): boolean {
  return window.to <= window.after;
}

/** How far the past of an object is settled. Milliseconds since the epoch. */
export interface Horizon {
  /** Nothing up to here can still appear in Salesforce. */
  readonly settledTo: number;
  /** Nothing behind here is asked for yet. Between the two, records may still appear and are looked for again and again. */
  readonly readTo: number;
}

/** The time after which a record that Salesforce has not shown yet is no longer expected, on top of the settle time. */
const LATEST_MS = 10 * 60_000;

/** `end`: nothing from there on is wanted. */
export function horizonAt(now: number, settleTime: number, end = Number.POSITIVE_INFINITY): Horizon {
  const readTo = now - settleTime;
  return { settledTo: Math.min(readTo - LATEST_MS, end - 1), readTo: Math.min(readTo, end - 1) };
}

/**
 * The window behind `position`. A long way to the present is gone in settled windows first; close to it, one window takes what
 * has settled lately together with what has not, so that a round needs one query.
 */
export function nextWindow(position: number, width: number, { settledTo, readTo }: Horizon): Window {
  const end = settledTo - position > LATEST_MS ? settledTo : readTo;
  return { after: position, to: Math.min(position + width, end) };
}

/** The part of `rest` that is asked for next: its newest or its oldest `width`, by the order of the object. */
export function slice(rest: Window, width: number, order: ReadingOrder): Window {
  return order === "newest first"
    ? { after: Math.max(rest.after, rest.to - width), to: rest.to }
    : { after: rest.after, to: Math.min(rest.to, rest.after + width) };
}

/**
 * What is left of `rest` when every record up to the one of time `edge` has been given. Further records of that very
 * millisecond may be missing, so it is asked for again.
 */
export function restFrom(rest: Window, edge: number, order: ReadingOrder): Window {
  return order === "newest first"
    ? { after: rest.after, to: Math.min(rest.to, edge) }
    : { after: Math.max(rest.after, edge - 1), to: rest.to };
}

/** What is left of `rest` when the slice has been given as a whole. */
export function restBehind(rest: Window, done: Window, order: ReadingOrder): Window {
  return order === "newest first" ? { after: rest.after, to: done.after } : { after: done.to, to: rest.to };
}

/** What two ranges have in common. */
export function commonPart(a: Window, b: Window): Window {
  return { after: Math.max(a.after, b.after), to: Math.min(a.to, b.to) };
}

/** The width after a slice that gave this many records: double, the same or half. */
export function widthAfter(width: number, records: number): number {
  if (records > MANY_RECORDS) {
    return Math.max(SHORTEST_WIDTH_MS, Math.floor(width / 2));
  }
  return records < FEW_RECORDS ? Math.min(LONGEST_WIDTH_MS, width * 2) : width;
}

/** The width after a slice that was too much for Salesforce; undefined if it can't be narrower. */
export function widthAfterRefusal(refused: Window): number | undefined {
  const width = refused.to - refused.after;
  return width <= SHORTEST_WIDTH_MS ? undefined : Math.max(SHORTEST_WIDTH_MS, Math.floor(width / 2));
}
