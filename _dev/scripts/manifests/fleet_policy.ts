/** Makes of a package and what people entered for it the inputs of an agent policy, as Fleet does. */
import { parse } from "yaml";
import { z } from "zod";
import { type EnteredValue, type FleetCompiler, templateRenderer } from "./fleet_rendering.ts";

/** Files of a package as text, by their path from its root. */
export type PackageTexts = ReadonlyMap<string, string>;

/** What a person entered when they added the integration; variables that are left out have their defaults. */
export interface IntegrationPolicy {
  /** Of the integration policy; part of the ids of its input and streams. */
  readonly id: string;
  readonly name: string;
  readonly namespace?: string;
  readonly vars: Readonly<Record<string, unknown>>;
  /** By folder of the data stream; without one its defaults apply. */
  readonly streams?: Readonly<
    Record<string, { readonly enabled?: boolean; readonly vars?: Readonly<Record<string, unknown>> }>
  >;
}

const variables = z
  .array(z.looseObject({ name: z.string(), type: z.string(), default: z.unknown().optional() }))
  .prefault([]);

const packageManifest = z.looseObject({
  name: z.string(),
  version: z.string(),
  policy_templates: z.tuple([
    z.looseObject({
      name: z.string(),
      data_streams: z.array(z.string()),
      inputs: z.tuple([z.looseObject({ type: z.string(), template_path: z.string(), vars: variables })]),
    }),
  ]),
});

const streamManifest = z.looseObject({
  type: z.string(),
  streams: z.tuple([
    z.looseObject({ template_path: z.string(), enabled: z.boolean().prefault(true), vars: variables }),
  ]),
});

/** The one input that Fleet writes for an integration policy. Throws if the package lacks a file or a template is broken. */
export function agentInput(
  files: PackageTexts,
  policy: IntegrationPolicy,
  compiler: FleetCompiler = "yaml",
): Readonly<Record<string, unknown>> {
  const manifest = packageManifest.parse(parse(textOf(files, "manifest.yml")));
  const [template] = manifest.policy_templates;
  const [input] = template.inputs;
  const connection = enteredValues(input.vars, policy.vars);
  const streams = template.data_streams.flatMap((folder) => {
    const own = streamManifest.parse(parse(textOf(files, `data_stream/${folder}/manifest.yml`)));
    const [stream] = own.streams;
    const chosen = policy.streams?.[folder];
    if (!(chosen?.enabled ?? stream.enabled)) {
      return [];
    }
    const dataset = `${manifest.name}.${folder}`;
    const values = { ...connection, ...enteredValues(stream.vars, chosen?.vars ?? {}) };
    const text = textOf(files, `data_stream/${folder}/agent/stream/${stream.template_path}`);
    return [
      {
        id: `${input.type}-${dataset}-${policy.id}`,
        data_stream: { dataset, type: own.type },
        ...mapping(templateRenderer(text, compiler)(values)),
      },
    ];
  });
  return {
    id: `${input.type}-${template.name}-${policy.id}`,
    revision: 1,
    name: policy.name,
    type: input.type,
    data_stream: { namespace: policy.namespace ?? "default" },
    use_output: "default",
    package_policy_id: policy.id,
    ...mapping(templateRenderer(textOf(files, `agent/input/${input.template_path}`), compiler)(connection)),
    meta: { package: { name: manifest.name, version: manifest.version, policy_template: template.name } },
    streams,
  };
}

function enteredValues(
  declared: z.output<typeof variables>,
  entered: Readonly<Record<string, unknown>>,
): Record<string, EnteredValue> {
  const unknown = Object.keys(entered).filter((name) => !declared.some((variable) => variable.name === name));
  if (unknown.length > 0) {
    throw new Error(`There is no variable ${unknown.join(", ")}`);
  }
  return Object.fromEntries(
    declared.map(({ name, type, default: fallback }) => [
      name,
      { type, value: Object.hasOwn(entered, name) ? entered[name] : fallback },
    ]),
  );
}

function textOf(files: PackageTexts, path: string): string {
  const text = files.get(path);
  if (text === undefined) {
    throw new Error(`${path} is missing`);
  }
  return text;
}

function mapping(rendered: unknown): Readonly<Record<string, unknown>> {
  if (typeof rendered !== "object" || rendered === null || Array.isArray(rendered)) {
    throw new Error("A template must render to a mapping");
  }
  return rendered as Readonly<Record<string, unknown>>;
}
