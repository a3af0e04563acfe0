import { type Client, errors } from "@elastic/elasticsearch";
import { probeAbilities } from "./node_abilities.ts";
import { baseName, type DataStreamSource, type PackageSource, readPackage } from "./package_source.ts";
import { fleetPipelines, type Pipeline, pipelineName } from "./pipelines.ts";
import { FLEET_COMPONENTS, FLEET_FINAL_PIPELINE, OWN_META, STACK_COMPONENTS } from "./stack_assets.ts";
import { fitPipeline, fitTemplate, type Substituted } from "./substitutions.ts";
import { indexTemplate, packageComponent } from "./templates.ts";

export interface InstallOptions {
  /** A client of an administrator. */
  readonly client: Client;
  /** Folder with `manifest.yml` and `data_stream/`. */
  readonly packageRoot: string;
  readonly log?: (line: string) => void;
}

export interface Installed {
  readonly version: string;
  /** What this cluster lacks and what was put instead, a line each; empty on a full distribution. */
  readonly substitutions: readonly string[];
  /** `logs-aquila_salesforce.login` and so on: the data streams' names without their namespace. */
  readonly dataStreams: readonly string[];
}

/**
 * Puts a package's pipelines and templates into Elasticsearch under Fleet's names and in Fleet's order, and brings existing
 * data streams up to date. Assets that Fleet or the stack owns are put only where they are missing. Repeating it changes
 * nothing.
 */
export async function installAssets(options: InstallOptions): Promise<Installed> {
  const { client, packageRoot, log = () => {} } = options;
  const source = readPackage(packageRoot);
  const abilities = await probeAbilities(client);
  const notes = new Set<string>();
  const noted = <T>(substituted: Substituted<T>): T => {
    for (const note of substituted.notes) {
      notes.add(note);
    }
    return substituted.value;
  };

  const components = new Map([...(await missingComponents(client)), ...packageComponents(source)]);
  for (const [name, body] of components) {
    if (name in STACK_COMPONENTS) {
      notes.add(`component template ${name}: a stand-in, this cluster has none of its own`);
    }
    await putTemplate(client, "_component_template", name, noted(fitTemplate(body, abilities)));
  }
  for (const [name, pipeline] of [...(await missingPipelines(client)), ...packagePipelines(source)]) {
    await putPipeline(client, name, noted(fitPipeline(pipeline, abilities)));
  }
  for (const stream of source.dataStreams) {
    await putTemplate(client, "_index_template", baseName(stream), indexTemplate(stream, source.name));
    await updateDataStreams(client, stream, pipelineName(stream, source.version), log);
    log(`${baseName(stream)}: pipelines and templates of version ${source.version} are in place`);
  }
  return { version: source.version, substitutions: [...notes], dataStreams: source.dataStreams.map(baseName) };
}

function packagePipelines(source: PackageSource): [string, Pipeline][] {
  return source.dataStreams.flatMap((stream) => [...fleetPipelines(stream, source.name, source.version)]);
}

function packageComponents(source: PackageSource): [string, object][] {
  return source.dataStreams.map((stream) => [
    `${baseName(stream)}@package`,
    packageComponent(stream, source.name, source.version),
  ]);
}

/** The components of Fleet and of the stack that this cluster lacks, or has from here. */
async function missingComponents(client: Client): Promise<[string, object][]> {
  const { component_templates: present } = await client.cluster.getComponentTemplate();
  const foreign = new Set(
    present.filter(({ component_template }) => !isOwn(component_template._meta)).map(({ name }) => name),
  );
  return Object.entries({ ...FLEET_COMPONENTS, ...STACK_COMPONENTS })
    .filter(([name]) => !foreign.has(name))
    .map(([name, body]) => [name, { ...body, _meta: OWN_META }]);
}

async function missingPipelines(client: Client): Promise<[string, Pipeline][]> {
  const [name, pipeline] = FLEET_FINAL_PIPELINE;
  const present = await client.ingest.getPipeline({ id: name }, { ignore: [404] });
  return Object.values(present).every(({ _meta }) => isOwn(_meta)) ? [[name, pipeline]] : [];
}

function isOwn(meta: unknown): boolean {
  return (meta as { managed_by?: unknown } | undefined)?.managed_by === OWN_META.managed_by;
}

async function putPipeline(client: Client, name: string, pipeline: Pipeline): Promise<void> {
  await client.transport.request({ method: "PUT", path: `/_ingest/pipeline/${name}`, body: pipeline });
}

async function putTemplate(client: Client, kind: string, name: string, body: object): Promise<void> {
  await client.transport.request({ method: "PUT", path: `/${kind}/${encodeURIComponent(name)}`, body });
}

/** As Fleet does on an upgrade: the write index gets the new mapping and pipeline, or the stream rolls over. */
async function updateDataStreams(
  client: Client,
  stream: DataStreamSource,
  pipeline: string,
  log: (line: string) => void,
): Promise<void> {
  const { data_streams: existing } = await client.indices.resolveIndex({ name: `${baseName(stream)}-*` });
  for (const { name } of existing) {
    const { template } = await client.indices.simulateIndexTemplate({ name });
    const { properties = {}, _data_stream_timestamp: _, ...mappings } = template.mappings;
    const { data_stream: __, ...updatable } = properties;
    try {
      await client.indices.putMapping({ index: name, write_index_only: true, ...mappings, properties: updatable });
      await client.indices.putSettings({ index: name, settings: { default_pipeline: pipeline } });
    } catch (error) {
      if (!(error instanceof errors.ResponseError) || error.statusCode !== 400) {
        throw error;
      }
      await client.indices.rollover({ alias: name, lazy: true });
      log(`${name}: rolls over with the next document, its mapping can't be changed in place (${error.message})`);
    }
  }
}
