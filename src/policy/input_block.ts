import type { z } from "zod";
import { type Finding, isMapping, type Key, type Mapping } from "../core/block.ts";
import { dataStreamName } from "../core/event.ts";
import { didYouMean } from "../core/suggestion.ts";
import { type Processor, readProcessors } from "../processing/processors.ts";
import { conditionHolds } from "./agent_condition.ts";
import { defaultAudience } from "./audience.ts";
import type { CollectorStream, Input, Output, Problem, Stream } from "./policy.ts";
import { type Checked, checked, type PreparedBlock, prepared, problemAt, withoutAgentKeys } from "./policy_block.ts";
import { camelKeys, INPUT_SETTINGS, type STREAM_SETTINGS, settingsOfStream } from "./settings.ts";
import { unverified } from "./tls_trust.ts";
import type { VariableProviders } from "./variables.ts";

/** What the catalogue knows of a dataset: the names that its settings may hold, and that count where none are given. */
export interface KnownDataset {
  readonly eventTypes: readonly string[];
  readonly objects: readonly string[];
  /** Of both, those that do not count where none are given. */
  readonly onlyByName?: readonly string[];
}

export interface InputSurroundings {
  readonly datasets: Readonly<Record<string, KnownDataset>>;
  /** For variables; undefined if they have been replaced before. */
  readonly providers: VariableProviders | undefined;
  readonly outputNames: readonly string[];
  /** The output of one of these names, or why it can't be used. */
  readonly output: (name: string) => Output | readonly Problem[];
}

export interface InputReading {
  readonly input: Input | undefined;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

type InputBlock = z.output<typeof INPUT_SETTINGS>;
type StreamBlock = z.output<typeof STREAM_SETTINGS>;

interface ReadStream {
  readonly stream: StreamBlock;
  readonly dataset: KnownDataset;
  readonly processors: readonly Processor[];
}

/**
 * One input of the policy; `root` is its path in messages, `defaultName` its name if it has none. Everything that is wrong is
 * listed at once. Streams that are switched off are left out.
 */
export function readInput(block: unknown, root: string, defaultName: string, around: InputSurroundings): InputReading {
  const warnings: string[] = [];
  const ready = prepared(block, around.providers);
  const { own, findings, streams } = dissected(ready, around.providers);
  const result = checked(INPUT_SETTINGS, { value: own, findings });
  const found: Finding[] = "findings" in result ? [...result.findings] : [];
  const { processors, findings: wrongProcessors } = readProcessors("findings" in result ? [] : result.value.processors);
  found.push(...below("processors", wrongProcessors));

  const read: ReadStream[] = [];
  const ownDatasets = Object.keys(around.datasets).filter((name) => !collects(around.datasets[name]));
  const isLeftOut = ownDatasets.length > 0 && listsAll(ready.value, ownDatasets);
  let collector: CollectorStream | undefined = isLeftOut ? undefined : { processors };
  for (const { block: streamBlock, at } of streams) {
    const stream = readStream(streamBlock, around.datasets);
    if ("findings" in stream) {
      found.push(...stream.findings.map((finding) => ({ ...finding, at: [...at, ...finding.at] })));
    } else if (collects(stream.value.dataset) && isEnabled(stream.value.stream)) {
      read.push(stream.value);
    } else if (!collects(stream.value.dataset)) {
      collector = { processors: [...processors, ...stream.value.processors] };
    } else {
      warnings.push(`${problemAt(root, { at, text: "" }).path} collects nothing: event_log_files and objects are off.`);
    }
  }
  if (read.length === 0 && found.length === 0) {
    found.push({ at: ["streams"], text: "has no stream that is enabled" });
  }

  const output = outputOf(own, root, around);
  const problems = [...found.map((finding) => problemAt(root, finding)), ...(isOutput(output) ? [] : output)];
  if ("findings" in result || problems.length > 0 || !isOutput(output)) {
    return { input: undefined, problems, warnings };
  }
  if (collector === undefined) {
    warnings.push(
      `${problemAt(root, { at: ["streams"], text: "" }).path} leaves out ${ownDatasets.join(", ")}: nothing is reported of the ` +
        "collection itself, and rejected rows and refused events are kept in the data directory.",
    );
  }
  const input = inputOf(result.value, defaultName, output, read, processors, collector);
  if (input.api.ssl.verificationMode === "none") {
    warnings.push(unverified(`${root}.api.ssl`, "Salesforce"));
  }
  return { input, problems: [], warnings };
}

/**
 * Whether a policy has every data stream that may be written: Fleet leaves out those that are switched off, and gives no
 * permission for them. By hand only what is to be collected is listed, unless one of the runner's own is there as well.
 */
function listsAll(block: unknown, ownDatasets: readonly string[]): boolean {
  if (!isMapping(block)) {
    return false;
  }
  const streams = Array.isArray(block.streams) ? block.streams.filter(isMapping) : [];
  const named = streams.map(({ data_stream: dataStream }) => (isMapping(dataStream) ? dataStream.dataset : undefined));
  return block.package_policy_id !== undefined || named.some((name) => ownDatasets.includes(String(name)));
}

/** A dataset without event types and objects is written by the runner itself; its stream says only that this is allowed. */
function collects(dataset: KnownDataset | undefined): boolean {
  return dataset !== undefined && (dataset.eventTypes.length > 0 || dataset.objects.length > 0);
}

function isEnabled({ event_log_files, objects }: StreamBlock): boolean {
  return event_log_files.enabled || objects.enabled;
}

/** Whether Elastic Agent would run a block at all; `undefined` if only Elastic Agent can tell. */
export function isSwitchedOn(block: Mapping, providers: VariableProviders | undefined): boolean | undefined {
  if (block.enabled === false || block.enabled === "false") {
    return false;
  }
  const { condition } = block;
  if (condition === undefined || condition === null || condition === "" || condition === true || condition === "true") {
    return true;
  }
  if (condition === false || condition === "false") {
    return false;
  }
  return typeof condition === "string" && providers !== undefined ? conditionHolds(condition, providers) : undefined;
}

interface StreamPart {
  readonly block: PreparedBlock;
  readonly at: readonly Key[];
}

interface Dissected {
  /** The input's own settings, its streams as they are. */
  readonly own: unknown;
  readonly findings: readonly Finding[];
  readonly streams: readonly StreamPart[];
}

/** Where a stream is in messages: under Elastic Agent, which leaves streams out, by its dataset. */
function streamPath(stream: unknown, index: number, providers: VariableProviders | undefined): readonly Key[] {
  const dataset = isMapping(stream) && isMapping(stream.data_stream) ? stream.data_stream.dataset : undefined;
  return providers === undefined && typeof dataset === "string" ? [`streams (${dataset})`] : ["streams", index];
}

/** An input and its streams apart, each with its findings, and without what is switched off. */
function dissected({ value, findings }: PreparedBlock, providers: VariableProviders | undefined): Dissected {
  if (!isMapping(value)) {
    return { own: value, findings, streams: [] };
  }
  const listed: readonly unknown[] = Array.isArray(value.streams) ? value.streams : [];
  const isOfStream = ({ at }: Finding) => at[0] === "streams" && typeof at[1] === "number";
  const streams = listed.flatMap((stream, index): StreamPart[] => {
    const at = [...streamPath(stream, index, providers)];
    const found = findings
      .filter((finding) => isOfStream(finding) && finding.at[1] === index)
      .map((finding) => ({ ...finding, at: finding.at.slice(2) }));
    if (!isMapping(stream)) {
      return [{ block: { value: stream, findings: found }, at }];
    }
    const on = isSwitchedOn(stream, providers);
    const block = { value: withoutAgentKeys(stream), findings: on === undefined ? [...found, CONDITION] : found };
    return on === false ? [] : [{ block, at }];
  });
  const own = findings.filter((finding) => !isOfStream(finding));
  return {
    own: withoutAgentKeys(value),
    findings: isSwitchedOn(value, providers) === undefined ? [...own, CONDITION] : own,
    streams,
  };
}

const CONDITION: Finding = {
  at: ["condition"],
  text: "can be evaluated by Elastic Agent only; leave it out, or write true or false",
};

function readStream(block: PreparedBlock, datasets: Readonly<Record<string, KnownDataset>>): Checked<ReadStream> {
  const meant = datasetOf(block.value, datasets);
  const result = checked(settingsOfStream(meant === undefined || meant.eventTypes.length > 0), block);
  if ("findings" in result) {
    return result;
  }
  const stream = result.value;
  const name = stream.data_stream.dataset;
  const dataset = datasetOf(stream, datasets);
  if (dataset === undefined) {
    const known = Object.keys(datasets);
    const text = `${name} is not collected by this runner${didYouMean(name, known) || `; it knows ${known.join(", ")}`}`;
    return { findings: [{ at: ["data_stream", "dataset"], text }] };
  }
  const { processors, findings: wrongProcessors } = readProcessors(stream.processors);
  const findings = [
    ...below("processors", wrongProcessors),
    ...unknownNames(stream.event_log_files.event_types, dataset.eventTypes, ["event_log_files", "event_types"]),
    ...unknownNames(stream.objects.names, dataset.objects, ["objects", "names"]),
  ];
  if (stream.objects.enabled && collects(dataset) && dataset.objects.length === 0) {
    findings.push({ at: ["objects", "enabled"], text: `must be false: ${name} has no event objects` });
  }
  if (stream.event_log_files.enabled && collects(dataset) && dataset.eventTypes.length === 0) {
    findings.push({ at: ["event_log_files", "enabled"], text: `must be false: ${name} has no event log files` });
  }
  return findings.length > 0 ? { findings } : { value: { stream, dataset, processors } };
}

/** The dataset that a stream's block names, if this runner collects it. */
function datasetOf(block: unknown, datasets: Readonly<Record<string, KnownDataset>>): KnownDataset | undefined {
  const name = isMapping(block) && isMapping(block.data_stream) ? block.data_stream.dataset : undefined;
  return typeof name === "string" && Object.hasOwn(datasets, name) ? datasets[name] : undefined;
}

function below(key: string, findings: readonly Finding[]): Finding[] {
  return findings.map(({ at, text }) => ({ at: [key, ...at], text }));
}

function unknownNames(names: readonly string[], known: readonly string[], at: readonly string[]): Finding[] {
  return names
    .filter((name) => !known.includes(name))
    .map((name) => ({
      at,
      text: `${JSON.stringify(name)} does not belong to this data stream${didYouMean(name, known)}`,
    }));
}

function outputOf(own: unknown, root: string, around: InputSurroundings): Output | readonly Problem[] {
  const name = isMapping(own) ? (own.use_output ?? "default") : "default";
  if (typeof name !== "string") {
    return [];
  }
  return around.outputNames.includes(name)
    ? around.output(name)
    : [{ path: `${root}.use_output`, text: `there is no output ${name}${didYouMean(name, around.outputNames)}` }];
}

function isOutput(found: Output | readonly Problem[]): found is Output {
  return !Array.isArray(found);
}

function inputOf(
  block: InputBlock,
  defaultName: string,
  output: Output,
  streams: readonly ReadStream[],
  processors: readonly Processor[],
  collector: CollectorStream | undefined,
): Input {
  const name = block.name ?? defaultName;
  const { audience = defaultAudience(block.auth.login_url), ...auth } = block.auth;
  return {
    id: block.id,
    name,
    organization: { name: block.organization.name ?? name },
    auth: camelKeys({ ...auth, audience }),
    api: camelKeys({ ...block.api, ssl: camelKeys(block.api.ssl) }),
    names: block.names,
    streams: streams.map((stream) => streamOf(stream, block, processors)),
    collector,
    output,
  };
}

/** The event types, or the objects, that a stream collects where its policy names none. */
export function usual(of: "eventTypes" | "objects", { onlyByName = [], ...known }: KnownDataset): string[] {
  return known[of].filter((name) => !onlyByName.includes(name));
}

function streamOf(
  { stream: block, dataset: known, processors }: ReadStream,
  input: InputBlock,
  inputProcessors: readonly Processor[],
): Stream {
  const { type, dataset, namespace = input.data_stream.namespace } = block.data_stream;
  const { event_log_files: files, objects } = block;
  const dataStream = { type, dataset, namespace };
  return {
    id: block.id ?? `${input.id}-${dataStreamName(dataStream)}`,
    dataStream,
    eventLogFiles: camelKeys({
      ...files,
      event_types: files.event_types.length === 0 ? usual("eventTypes", known) : files.event_types,
    }),
    objects: camelKeys({ ...objects, names: objects.names.length === 0 ? usual("objects", known) : objects.names }),
    tags: block.tags,
    preserveOriginalEvent: block.preserve_original_event,
    processors: [...inputProcessors, ...processors],
  };
}
