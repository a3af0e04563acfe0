/**
 * A condition worth an alert, in the few words that ES|QL and Elasticsearch's aggregations have in common. `_dev/scripts/dashboards`
 * makes the rule's ES|QL of it, and the search that its test runs.
 */
import type { Stream } from "./vocabulary.ts";

/** A field that has one of the values. */
export interface Is {
  readonly field: string;
  readonly is: readonly (string | boolean)[];
}

export type Aggregated = (
  | { readonly of: "count" }
  | { readonly of: "unique_count" | "sum" | "min" | "max"; readonly field: string }
) & {
  /** Counts only the documents that have every one of these; by default all. */
  readonly where?: readonly Is[];
  /** … and are from this moment on, or from before it, counted back from the moment of the check. */
  readonly when?: { readonly is: ">=" | "<"; readonly hoursAgo: number };
};

/** Other measures of the condition together; what there is nothing of counts as 0. */
export interface Total {
  readonly of: "total";
  readonly measures: readonly string[];
}

export type AlertMeasure = Aggregated | Total;

/** What a measure is compared with. */
export type Bound =
  | number
  /** A time before the moment of the check. */
  | { readonly hoursAgo: number }
  /** A part or multiple of another measure. */
  | { readonly times: number; readonly measure: string };

export interface Comparison {
  readonly measure: string;
  readonly is: ">=" | ">" | "<";
  readonly than: Bound;
}

export interface AlertCondition {
  readonly stream: Stream;
  /** Every one of these. */
  readonly where: readonly Is[];
  /** Documents without one of these fields are left out. */
  readonly by: readonly string[];
  /** Whether each hour of `@timestamp` is judged for itself, as `hour` of what is found. */
  readonly hourly?: true;
  /** By name: small letters and underscores. */
  readonly measures: Readonly<Record<string, AlertMeasure>>;
  /** Groups for which every one of these holds raise an alert. */
  readonly having: readonly Comparison[];
}

export interface AlertTemplateSpec {
  /** Last part of the object's id, for good. */
  readonly key: string;
  readonly name: string;
  readonly description: string;
  /** Markdown: what it may mean, and what to look at. */
  readonly guide: string;
  readonly tags: readonly string[];
  /** Key of the dashboard that shows the same. */
  readonly dashboard: string;
  /** How often the rule looks, such as `15m`. */
  readonly interval: string;
  /**
   * Time of the events that each look is about, up to now. Salesforce's files bring events up to two days after they happened, a
   * daily file a whole day at once and a backfill weeks of them, so the time of arrival says nothing of what happened together.
   */
  readonly window: { readonly size: number; readonly unit: "h" | "d" };
  readonly condition: AlertCondition;
}
