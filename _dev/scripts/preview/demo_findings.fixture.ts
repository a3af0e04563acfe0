/** Runs alert conditions over generated traffic. */
import type { Client } from "@elastic/elasticsearch";
import type { AlertCondition } from "../../shared/kibana/alert_condition.ts";
import { ALERT_TEMPLATES } from "../../shared/kibana/alert_templates.ts";
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
    ...alertSearch(condition, { from, to }, now),
  });
  const groups = aggregations?.groups as { buckets: Parameters<typeof findings>[1] } | undefined;
  return findings(condition, groups?.buckets ?? [], now);
}

/** The hours of a time, counted from its start, in which a condition that judges each hour finds something, with what it finds. */
export async function foundByHour(
  client: Client,
  index: string,
  condition: AlertCondition,
  time: TimeRange,
): Promise<ReadonlyMap<number, Finding[]>> {
  const all = await found(client, index, condition, time);
  return Map.groupBy(all, ({ hour }) => (Number(hour) - time.from) / HOUR_MS);
}
