/** Ingest pipelines under the names and with the additions that Fleet gives them. Pure. */
import { parse } from "yaml";
import { z } from "zod";
import { baseName, type DataStreamSource } from "./package_source.ts";

/** A processor: one type with its options. */
export type Processor = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Pipeline {
  readonly description?: string | undefined;
  readonly processors: readonly Processor[];
  readonly on_failure?: readonly Processor[] | undefined;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

const processor = z.record(z.string(), z.record(z.string(), z.unknown()));
const pipelineFile = z.strictObject({
  description: z.string().optional(),
  processors: z.array(processor),
  on_failure: z.array(processor).optional(),
});

const ENTRY = "default";

export function fleetMeta(packageName: string): Readonly<Record<string, unknown>> {
  return { managed_by: "fleet", managed: true, package: { name: packageName } };
}

/** `default` has the data stream's name and the version alone; other files append theirs. */
export function pipelineName(stream: DataStreamSource, version: string, file: string = entryOf(stream)): string {
  const entry = `${baseName(stream)}-${version}`;
  return file === entryOf(stream) ? entry : `${entry}-${file}`;
}

function entryOf(stream: DataStreamSource): string {
  return stream.manifest.elasticsearch?.ingest_pipeline?.name ?? ENTRY;
}

/** Every pipeline of a data stream by its name; an entry without processors if the package has none. */
export function fleetPipelines(stream: DataStreamSource, packageName: string, version: string): Map<string, Pipeline> {
  const entry = entryOf(stream);
  const texts = new Map(stream.pipelines);
  if (!texts.has(entry)) {
    texts.set(entry, "processors: []");
  }
  const names = new Map([...texts.keys()].map((file) => [file, pipelineName(stream, version, file)]));
  const pipelines = new Map<string, Pipeline>();
  for (const [file, text] of texts) {
    const read = pipelineFile.safeParse(parse(withPipelineNames(text, names)));
    if (!read.success) {
      throw new Error(`${stream.folder}/elasticsearch/ingest_pipeline/${file}.yml: ${z.prettifyError(read.error)}`);
    }
    const hooks = file === entry ? customHooks(stream, packageName) : [];
    pipelines.set(names.get(file) ?? file, {
      ...read.data,
      processors: [...read.data.processors, ...hooks],
      _meta: fleetMeta(packageName),
    });
  }
  return pipelines;
}

/**
 * Puts the versioned name for `{{ IngestPipeline "x" }}`. As in Fleet only the first mention of each x in a file is replaced;
 * a pipeline that mentions one twice fails here as it would there, at the second call.
 */
export function withPipelineNames(text: string, names: ReadonlyMap<string, string>): string {
  let replaced = text;
  for (const [file, name] of names) {
    const quoted = file.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
    for (const [open, close] of [
      ["{{", "}}"],
      ["{<", ">}"],
    ] as const) {
      const mention = new RegExp(`${open}\\s?IngestPipeline\\s+['"]${quoted}['"]\\s?${close}`);
      replaced = replaced.replace(mention, () => name);
    }
  }
  return replaced;
}

function customHooks(stream: DataStreamSource, packageName: string): Processor[] {
  const { type } = stream;
  const hooks = [
    ["global@custom", "all data streams"],
    [`${type}@custom`, `all data streams of type \`${type}\``],
    [
      `${type}-${packageName}.integration@custom`,
      `all data streams of type \`${type}\` in the \`${packageName}\` integration`,
    ],
    [`${baseName(stream)}@custom`, `the \`${stream.dataset}\` dataset`],
  ] as const;
  return hooks.map(([name, scope]) => ({
    pipeline: {
      name,
      ignore_missing_pipeline: true,
      description: `[Fleet] Pipeline for ${scope}`,
    },
  }));
}
