/** A past range that is collected once: `from` included, `to` not. Milliseconds since the epoch. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}
