/** The time that a dashboard is looked at for, in milliseconds since the epoch. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface HistogramInterval {
  /** As Elasticsearch takes it: one calendar unit, or a fixed time. */
  readonly aggregation: { readonly calendar_interval: string } | { readonly fixed_interval: string };
  /** Nominal length in milliseconds. */
  readonly length: number;
}

/** Bars that Kibana aims at, its default setting histogram:barTarget. */
const BARS = 50;

/** For bars shorter than `below` Kibana rounds to the given interval; longest last. */
const ROUNDED: readonly { readonly below: number; readonly interval: string; readonly length: number }[] = [
  { below: 500, interval: "100ms", length: 100 },
  { below: 5 * SECOND, interval: "1s", length: SECOND },
  { below: 7.5 * SECOND, interval: "5s", length: 5 * SECOND },
  { below: 15 * SECOND, interval: "10s", length: 10 * SECOND },
  { below: 45 * SECOND, interval: "30s", length: 30 * SECOND },
  { below: 3 * MINUTE, interval: "1m", length: MINUTE },
  { below: 9 * MINUTE, interval: "5m", length: 5 * MINUTE },
  { below: 20 * MINUTE, interval: "10m", length: 10 * MINUTE },
  { below: 45 * MINUTE, interval: "30m", length: 30 * MINUTE },
  { below: 2 * HOUR, interval: "1h", length: HOUR },
  { below: 6 * HOUR, interval: "3h", length: 3 * HOUR },
  { below: DAY, interval: "12h", length: 12 * HOUR },
  { below: 7 * DAY, interval: "1d", length: DAY },
  { below: 21 * DAY, interval: "1w", length: 7 * DAY },
  { below: 365 * DAY, interval: "1M", length: 30 * DAY },
];

/** The interval that Kibana's "auto" stands for in a time range. */
export function autoInterval({ from, to }: TimeRange): HistogramInterval {
  const bar = (to - from) / BARS;
  const { interval, length } = ROUNDED.find(({ below }) => bar < below) ?? { interval: "1y", length: 365 * DAY };
  const calendar = /^1[mhdwMy]$/.test(interval);
  return { aggregation: calendar ? { calendar_interval: interval } : { fixed_interval: interval }, length };
}
