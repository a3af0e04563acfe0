import type { z } from "zod";
import { type Finding, isMapping, type Key, type Mapping } from "../core/block.ts";
import { camelKeys } from "../core/camel_keys.ts";
import { dataStreamName } from "../core/event.ts";
import { didYouMean } from "../core/suggestion.ts";
import { type Processor, readProcessors } from "../processing/processors.ts";
import type { KindSettings, SourceKind } from "../sources/kind.ts";
import { KINDS } from "../sources/kinds.ts";
import { conditionHolds } from "./agent_condition.ts";
import { defaultAudience } from "./audience.ts";
import { isListed } from "./kind_settings.ts";
import type { CollectorStream, Input, Output, Problem, StateSettings, Stream } from "./policy.ts";
import { type Checked, checked, type PreparedBlock, prepared, problemAt, withoutAgentKeys } from "./policy_block.ts";
import { INPUT_SETTINGS, type KnownNames, type StreamBlock, settingsOfStream } from "./settings.ts";
import { readState } from "./state_block.ts";
import { unverified } from "./tls_trust.ts";
import type { VariableProviders } from "./variables.ts";

/** What may be collected of a dataset, and what is where its policy names nothing. */
export interface KnownDataset {
  readonly names: KnownNames;
  /** Of all kinds, those that do not count where none are given. */
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
      warnings.push(
        `${problemAt(root, { at, text: "" }).path} collects nothing: ${KINDS.map(({ group }) => group).join(" and ")} are off.`,
      );
    }
  }
  if (read.length === 0 && found.length === 0) {
    found.push({ at: ["streams"], text: "has no stream that is enabled" });
  }

  const output = outputOf(own, root, around);
  const state = "findings" in result || !isOutput(output) ? undefined : readState(result.value.state, output);
  if (state !== undefined && "findings" in state) {
    found.push(...below("state", state.findings));
  }
  const problems = [...found.map((finding) => problemAt(root, finding)), ...(isOutput(output) ? [] : output)];
  if ("findings" in result || problems.length > 0 || !isOutput(output) || state === undefined || "findings" in state) {
    return { input: undefined, problems, warnings };
  }
  if (collector === undefined) {
    warnings.push(
      `${problemAt(root, { at: ["streams"], text: "" }).path} leaves out ${ownDatasets.join(", ")}: nothing is reported of the ` +
        "collection itself, and rejected rows and refused events are kept in the data directory.",
    );
  }
  const input = inputOf(result.value, defaultName, output, state.value, read, processors, collector);
  if (input.state.store === "elasticsearch" && input.state.cluster.ssl.verificationMode === "none") {
    warnings.push(unverified(`${root}.state.ssl`, "Elasticsearch"));
  }
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

/** A dataset of which nothing is collected is written by the runner itself; its stream says only that this is allowed. */
function collects(dataset: KnownDataset | undefined): boolean {
  return dataset !== undefined && Object.values(dataset.names).some((names) => names.length > 0);
}

function isEnabled(stream: StreamBlock): boolean {
  return KINDS.some(({ group }) => groupOf(stream, group).enabled);
}

/** A kind's group of settings in a block that has been checked. */
function groupOf(stream: StreamBlock, group: string): KindBlock {
  return stream[group] as KindBlock;
}

type KindBlock = Readonly<Record<string, unknown>> & { readonly enabled: boolean };

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
  const result = checked(settingsOfStream(meant?.names), block);
  if ("findings" in result) {
    return result;
  }
  const stream = result.value as StreamBlock;
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
    ...KINDS.flatMap((kind) => kindFindings(kind, groupOf(stream, kind.group), name, datasets)),
  ];
  return findings.length > 0 ? { findings } : { value: { stream, dataset, processors } };
}

function kindFindings(
  kind: SourceKind,
  block: KindBlock,
  name: string,
  datasets: Readonly<Record<string, KnownDataset>>,
): readonly Finding[] {
  const { group, list, title } = kind;
  const known = datasets[name]?.names[group] ?? [];
  const unknown = unknownNames(block[list] as readonly string[], kind, name, datasets);
  return block.enabled && collects(datasets[name]) && known.length === 0
    ? [...unknown, { at: [group, "enabled"], text: `must be false: ${name} has no ${title}` }]
    : unknown;
}

/** The dataset that a stream's block names, if this runner collects it. */
function datasetOf(block: unknown, datasets: Readonly<Record<string, KnownDataset>>): KnownDataset | undefined {
  const name = isMapping(block) && isMapping(block.data_stream) ? block.data_stream.dataset : undefined;
  return typeof name === "string" && Object.hasOwn(datasets, name) ? datasets[name] : undefined;
}

function below(key: string, findings: readonly Finding[]): Finding[] {
  return findings.map(({ at, text }) => ({ at: [key, ...at], text }));
}

/** The names of a kind's list that the dataset does not have, each with the one that has it. */
function unknownNames(
  names: readonly string[],
  kind: SourceKind,
  dataset: string,
  datasets: Readonly<Record<string, KnownDataset>>,
): Finding[] {
  const { group, list } = kind;
  const known = (of: string) => datasets[of]?.names[group] ?? [];
  return names
    .filter((name) => !isListed(kind, known(dataset), name))
    .map((name) => {
      const place = Object.keys(datasets).find((other) => known(other).includes(name));
      const hint = place === undefined ? didYouMean(name, known(dataset)) : `; it belongs to ${place}`;
      return { at: [group, list], text: `${JSON.stringify(name)} does not belong to this data stream${hint}` };
    });
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
  state: StateSettings,
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
    state,
    names: block.names,
    streams: streams.map((stream) => streamOf(stream, block, processors)),
    collector,
    output,
  };
}

/** The names of a kind that a stream has, without those that are collected only where a policy names them. */
export function defaultNames(group: string, { names, onlyByName = [] }: KnownDataset): string[] {
  return (names[group] ?? []).filter((name) => !onlyByName.includes(name));
}

/** A kind's group as the code has it: names in camelCase, and what it collects as `names`. */
function settingsOf({ group, list }: SourceKind, stream: StreamBlock, known: KnownDataset): KindSettings {
  const { [list]: listed, ...block } = groupOf(stream, group);
  const named = [listed as readonly string[], defaultNames(group, known), known.names[group] ?? []];
  return { ...camelKeys(block as KindBlock), names: named.find((names) => names.length > 0) ?? [] };
}

function streamOf(
  { stream: block, dataset: known, processors }: ReadStream,
  input: InputBlock,
  inputProcessors: readonly Processor[],
): Stream {
  const { type, dataset, namespace = input.data_stream.namespace } = block.data_stream;
  const dataStream = { type, dataset, namespace };
  return {
    id: block.id ?? `${input.id}-${dataStreamName(dataStream)}`,
    dataStream,
    sources: Object.fromEntries(KINDS.map((kind) => [kind.group, settingsOf(kind, block, known)])),
    tags: block.tags,
    preserveOriginalEvent: block.preserve_original_event,
    processors: [...inputProcessors, ...processors],
  };
}
