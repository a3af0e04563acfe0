/**
 * The rows that generated traffic consists of, read from the generator's own files with a CSV reader of its own: what dashboards
 * must agree with. Knows nothing of the runner, the pipelines or the dashboards.
 */
import { text } from "node:stream/consumers";
import { parse } from "csv-parse/sync";
import { type PlannedFile, plannedFiles, type TrafficSpec } from "../../deploy/docker/mock_org/traffic/plan.ts";
import { Traffic } from "../../deploy/docker/mock_org/traffic/traffic.ts";

/** Cells by column, with the CSV's inner quotes taken off; `username` is that of USER_ID_DERIVED, as the org knows it. */
export type Row = Readonly<Record<string, string>>;

/** Rows of the daily files by event type; the hourly ones have some of the same rows. */
export async function generatedRows(spec: TrafficSpec, orgId: string): Promise<ReadonlyMap<string, readonly Row[]>> {
  const incidents = (spec.incidents ?? []).map(({ kind, at }) => ({ kind, at: Date.parse(at) }));
  const traffic = new Traffic(spec.seed ?? "aquila", orgId, incidents);
  const files = plannedFiles({ ...spec, intervals: ["Daily"] }, Date.parse(spec.until ?? ""), false);
  const rows = new Map<string, Row[]>();
  for (const file of files) {
    rows.set(file.eventType, [...(rows.get(file.eventType) ?? []), ...(await rowsOf(traffic, file))]);
  }
  return rows;
}

async function rowsOf(traffic: Traffic, file: PlannedFile): Promise<Row[]> {
  const records: Record<string, string>[] = parse(await text(traffic.file(file).body.open()), { columns: true });
  const { people, integrations } = traffic.world;
  const usernames = new Map([...people, ...integrations].map(({ id, username }) => [id, username]));
  return records.map((record) =>
    Object.fromEntries([
      ...Object.entries(record).map(([column, cell]) => [column, cell.replace(/^"(.*)"$/s, "$1")]),
      ["username", usernames.get(record.USER_ID_DERIVED ?? "") ?? ""],
    ]),
  );
}
