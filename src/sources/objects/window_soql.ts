import { soqlDateTime } from "../../org/soql.ts";

/** Which records of an event object a query asks for: those of `after` < time <= `to`, in milliseconds since the epoch. */
export interface ObjectQuery {
  readonly object: string;
  readonly columns: readonly string[];
  readonly timeColumn: string;
  readonly after: number;
  readonly to: number;
  /** For standard objects: oldest first by this column behind the time. Big objects always answer newest first. */
  readonly thenBy?: string;
}

/**
 * The records of an object within a window. A big object takes nothing but comparisons of its index, joined by AND; the order
 * of its index, newest first, is its natural one, and some refuse to be told it (Platform Events Developer Guide, "Standard
 * SOQL Usage" of each event object).
 */
export function objectSoql({ object, columns, timeColumn, after, to, thenBy }: ObjectQuery): string {
  const window = `${timeColumn} > ${soqlDateTime(after)} AND ${timeColumn} <= ${soqlDateTime(to)}`;
  const order = thenBy === undefined ? "" : ` ORDER BY ${timeColumn} ASC, ${thenBy} ASC`;
  return `SELECT ${columns.join(", ")} FROM ${object} WHERE ${window}${order}`;
}
