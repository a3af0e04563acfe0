/** Runs alert conditions over generated traffic, hour by hour as hourly files bring it. */
import type { Client } from "@elastic/elasticsearch";
import type { AlertCondition } from "../../shared/kibana/alert_condition.ts";
import { ALERT_TEMPLATES, PRIVILEGED_PLACEHOLDER } from "../../shared/kibana/alert_templates.ts";
import { alertSearch, type Finding, findings } from "../dashboards/alert_search.ts";
import type { TimeRange } from "./time_range.ts";

const HOUR_MS = 3_600_000;

export function conditionOf(key: string): AlertCondition {
  const template = ALERT_TEMPLATES.find((one) => one.key === key);
  if (template === undefined) {
    throw new Error(`there is no alert template ${key}`);
  }
  return template.condition;
}

/** The condition as a person completes it who names the privileged users. */
export function withPrivileged(condition: AlertCondition, ids: readonly string[]): AlertCondition {
  const where = condition.where.map((one) => (one.is.includes(PRIVILEGED_PLACEHOLDER) ? { ...one, is: ids } : one));
  return { ...condition, where };
}

/** What a condition finds among the events of a time, looked at `now`. */
export async function found(
  client: Client,
  index: string,
  condition: AlertCondition,
  { from, to }: TimeRange,
  now: number = to,
): Promise<Finding[]> {
  const { aggregations } = await client.search({
    index,
    ...alertSearch(condition, { field: "@timestamp", from, to }),
  });
  const groups = aggregations?.groups as { buckets: Parameters<typeof findings>[1] } | undefined;
  return findings(condition, groups?.buckets ?? [], now);
}

/** The hours of a time, counted from its start, in which a condition finds something, with what it finds. */
export async function foundByHour(
  client: Client,
  index: string,
  condition: AlertCondition,
  time: TimeRange,
): Promise<ReadonlyMap<number, Finding[]>> {
  const byHour = new Map<number, Finding[]>();
  for (let from = time.from; from < time.to; from += HOUR_MS) {
    const some = await found(client, index, condition, { from, to: from + HOUR_MS });
    if (some.length > 0) {
      byHour.set((from - time.from) / HOUR_MS, some);
    }
  }
  return byHour;
}
