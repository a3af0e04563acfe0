/**
 * The presets of an Elasticsearch output, as far as they say something to this runner.
 * Source: "Performance tuning settings" of the Elasticsearch output in Elastic's documentation of Elastic Agent.
 */
const PRESETS = {
  balanced: { bulk_max_size: 1_600, worker: 1, compression_level: 1 },
  throughput: { bulk_max_size: 1_600, worker: 4, compression_level: 1 },
  scale: { bulk_max_size: 1_600, worker: 1, compression_level: 1 },
  latency: { bulk_max_size: 50, worker: 1, compression_level: 1 },
} as const;

type Tuning = { readonly [K in "bulk_max_size" | "worker" | "compression_level"]: number | undefined };

/**
 * The tuning that counts: that of the preset, or the block's own with the preset `custom` or none. `overruled` names those of
 * the block that the preset overrules.
 */
export function tuningOf(
  preset: keyof typeof PRESETS | "custom" | undefined,
  own: Tuning,
): { readonly tuning: Tuning; readonly overruled: readonly string[] } {
  if (preset === undefined || preset === "custom") {
    return { tuning: own, overruled: [] };
  }
  const tuning = PRESETS[preset];
  const names = Object.keys(tuning) as (keyof Tuning)[];
  return { tuning, overruled: names.filter((name) => own[name] !== undefined && own[name] !== tuning[name]) };
}
