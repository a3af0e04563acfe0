import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { type FieldDefinition, fieldDefinition, fieldTree } from "./field_definitions.ts";

const packageManifest = z.object({ name: z.string(), version: z.string() });

const settings = z.record(z.string(), z.unknown());
const dataStreamManifest = z.object({
  type: z.string(),
  dataset: z.string().optional(),
  ilm_policy: z.string().optional(),
  hidden: z.boolean().optional(),
  elasticsearch: z
    .object({
      source_mode: z.string().optional(),
      ingest_pipeline: z.object({ name: z.string() }).optional(),
      index_template: z
        .object({
          settings: settings.optional(),
          mappings: settings.optional(),
          data_stream: z.object({ hidden: z.boolean().optional() }).optional(),
        })
        .optional(),
    })
    .optional(),
});

export type DataStreamManifest = z.infer<typeof dataStreamManifest>;

/** One `data_stream/<folder>` of a package. */
export interface DataStreamSource {
  readonly folder: string;
  /** Absolute path of the folder. */
  readonly path: string;
  readonly type: string;
  readonly dataset: string;
  readonly manifest: DataStreamManifest;
  readonly fields: readonly FieldDefinition[];
  /** Texts of `elasticsearch/ingest_pipeline/*.yml` by file name without extension. */
  readonly pipelines: ReadonlyMap<string, string>;
}

export interface PackageSource {
  readonly name: string;
  readonly version: string;
  readonly dataStreams: readonly DataStreamSource[];
}

/** `logs-aquila_salesforce.login`: what Fleet's names for a data stream start with. */
export function baseName(stream: Pick<DataStreamSource, "type" | "dataset">): string {
  return `${stream.type}-${stream.dataset}`;
}

/** Reads what Fleet installs into Elasticsearch from a package's folder. Throws an Error that names the unreadable file. */
export function readPackage(root: string): PackageSource {
  const { name, version } = readYaml(join(root, "manifest.yml"), packageManifest);
  const manifests = globSync("data_stream/*/manifest.yml", { cwd: root }).sort();
  const dataStreams = manifests.map((path) => readDataStream(name, join(root, dirname(path))));
  return { name, version, dataStreams };
}

function readDataStream(packageName: string, path: string): DataStreamSource {
  const folder = basename(path);
  const manifest = readYaml(join(path, "manifest.yml"), dataStreamManifest);
  const definitions = files(path, "fields/*.yml").flatMap((file) => readYaml(file, z.array(fieldDefinition)));
  const pipelines = files(path, "elasticsearch/ingest_pipeline/*.yml").map(
    (file) => [basename(file, ".yml"), readFileSync(file, "utf8")] as const,
  );
  return {
    folder,
    path,
    type: manifest.type,
    dataset: manifest.dataset ?? `${packageName}.${folder}`,
    manifest,
    fields: fieldTree(definitions),
    pipelines: new Map(pipelines),
  };
}

function files(folder: string, pattern: string): string[] {
  return globSync(pattern, { cwd: folder })
    .sort()
    .map((path) => join(folder, path));
}

function readYaml<T>(path: string, schema: z.ZodType<T>): T {
  if (!existsSync(path)) {
    throw new Error(`${path} is missing`);
  }
  const result = schema.safeParse(parse(readFileSync(path, "utf8")));
  if (!result.success) {
    throw new Error(`${path}: ${z.prettifyError(result.error)}`);
  }
  return result.data;
}
