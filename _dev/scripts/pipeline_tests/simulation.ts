import type { Client } from "@elastic/elasticsearch";
import type { DataStreamSource, PackageSource } from "../install_assets/package_source.ts";
import { baseName } from "../install_assets/package_source.ts";
import { fleetPipelines, type Processor, pipelineName } from "../install_assets/pipelines.ts";
import type { Json } from "./test_case.ts";

/**
 * What the installed default pipeline of a data stream makes of events; null for one that it drops. Throws an Error if a
 * processor fails outside any on_failure.
 */
export async function simulate(
  client: Client,
  source: PackageSource,
  stream: DataStreamSource,
  events: readonly Json[],
): Promise<(Json | null)[]> {
  const { docs } = await client.ingest.simulate({
    id: pipelineName(stream, source.version),
    docs: events.map((event) => ({ _index: `${baseName(stream)}-default`, _source: event })),
  });
  return docs.map((result, index) => {
    if (result?.error !== undefined) {
      throw new Error(`event ${index + 1}: ${result.error.type}: ${result.error.reason}`);
    }
    return result?.doc?._source ?? null;
  });
}

/**
 * The fields that a data stream's pipelines look up by a kind of processor that this node doesn't have: the targets of
 * `geoip` (`source.geo`, `source.as`). Pure.
 */
export function unmakeableFields(
  source: PackageSource,
  stream: DataStreamSource,
  processors: ReadonlySet<string>,
): string[] {
  if (processors.has("geoip")) {
    return [];
  }
  const pipelines = [...fleetPipelines(stream, source.name, source.version).values()];
  const targets = pipelines.flatMap((pipeline) =>
    geoipTargets([...pipeline.processors, ...(pipeline.on_failure ?? [])]),
  );
  return [...new Set(targets)].sort();
}

function geoipTargets(processors: readonly Processor[]): string[] {
  return processors.flatMap((processor) =>
    Object.entries(processor).flatMap(([type, options]) => {
      const repeated = options.processor === undefined ? [] : [options.processor as Processor];
      const below = geoipTargets([...repeated, ...((options.on_failure as Processor[] | undefined) ?? [])]);
      return type === "geoip" ? [String(options.target_field ?? "geoip"), ...below] : below;
    }),
  );
}
