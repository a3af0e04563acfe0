/** What the package specification and Fleet ask of the text of an ingest pipeline. Pure. */
import { parse } from "yaml";
import { z } from "zod";
import { repeated } from "./package_rules/package_view.ts";

/** Processors that the package specification allows in a package's pipelines. */
const ALLOWED = new Set(
  (
    "append attachment bytes circle community_id convert csv date date_index_name dissect dot_expander drop fail fingerprint " +
    "foreach geoip grok gsub html_strip inference join json kv lowercase network_direction pipeline redact registered_domain " +
    "remove rename script set sort split terminate trim uppercase uri_parts urldecode user_agent"
  ).split(" "),
);

/** What the message of a failed pipeline has to name. */
const FAILURE_FACTS = ["on_failure_processor_type", "on_failure_processor_tag", "on_failure_message", "pipeline"];

type Processor = Record<string, { [option: string]: unknown }>;

const processors: z.ZodType<Processor[]> = z.array(z.record(z.string(), z.record(z.string(), z.unknown())));
const pipeline = z.strictObject({
  description: z.string(),
  processors,
  on_failure: processors,
});

/** One sentence for each rule that the pipeline breaks. */
export function pipelineProblems(text: string): string[] {
  const read = pipeline.safeParse(parse(text));
  if (!read.success) {
    return [z.prettifyError(read.error)];
  }
  const { data } = read;
  const all = nested([...data.processors, ...data.on_failure]);
  return [
    ...(text.startsWith("---\n") ? [] : ["The file does not start with ---."]),
    ...all.flatMap(([type]) => (ALLOWED.has(type) ? [] : [`Processor ${type} is not allowed in packages.`])),
    ...all.flatMap(([type, { tag }]) => (typeof tag === "string" && tag !== "" ? [] : [`A ${type} has no tag.`])),
    ...repeated(all.map(([, { tag }]) => String(tag))).map((tag) => `The tag ${tag} is used twice.`),
    ...repeated([...text.matchAll(/IngestPipeline\s+["']([^"']+)["']/g)].map(([, name]) => name ?? "")).map(
      (name) => `The pipeline ${name} is called twice: Fleet puts its name in once.`,
    ),
    ...failureProblems(data.on_failure),
  ];
}

function failureProblems(onFailure: readonly Processor[]): string[] {
  const kind = onFailure.some(({ set }) => set?.field === "event.kind" && set.value === "pipeline_error");
  const messages = onFailure
    .flatMap(({ append, set }) => [append, set])
    .filter((one) => one?.field === "error.message");
  const told = messages.map((one) => String(one?.value)).join(" ");
  return [
    ...(kind ? [] : ["on_failure does not set event.kind to pipeline_error."]),
    ...FAILURE_FACTS.filter((fact) => !told.includes(`_ingest.${fact} `)).map(
      (fact) => `error.message does not tell _ingest.${fact}.`,
    ),
  ];
}

/** All processors with their options, those inside of others included. */
function nested(list: readonly Processor[]): [string, Processor[string]][] {
  return list.flatMap((one) =>
    Object.entries(one).flatMap(([type, options]): [string, Processor[string]][] => [
      [type, options],
      ...nested(processors.parse(options.on_failure ?? [])),
      ...nested(options.processor === undefined ? [] : processors.parse([options.processor])),
    ]),
  );
}
