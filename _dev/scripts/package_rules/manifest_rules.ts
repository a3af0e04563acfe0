/** What the manifests have to say, and what else they name. */
import { z } from "zod";
import { isMapping } from "../../../src/core/block.ts";
import { mappings, type PackageRule, type PackageView, repeated } from "./package_view.ts";

const VERSION = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;
const text = z.string().trim().min(1);
const version = z.string().regex(VERSION, "must be a version such as 1.2.3");

const image = z.strictObject({
  src: text,
  title: text,
  size: z
    .string()
    .regex(/^\d+x\d+$/)
    .optional(),
  type: text.optional(),
});

const VARIABLE_TYPES = [
  "bool",
  "email",
  "integer",
  "password",
  "select",
  "text",
  "textarea",
  "time_zone",
  "url",
  "yaml",
] as const;

/** `duration` and its limits need format 3.5. */
const variable = z.strictObject({
  name: z.string().regex(/^[a-zA-Z][a-zA-Z0-9_.]*$/),
  type: z.enum(VARIABLE_TYPES),
  title: text,
  description: text,
  multi: z.boolean().optional(),
  required: z.boolean().optional(),
  show_user: z.boolean().optional(),
  secret: z.boolean().optional(),
  default: z.unknown().optional(),
  options: z
    .array(z.strictObject({ value: text, text }))
    .min(1)
    .optional(),
  url_allowed_schemes: z.array(text).min(1).optional(),
});

const variables = z.array(variable).optional();

const packageManifest = z.strictObject({
  format_version: version,
  name: z.string().regex(/^[a-z0-9_]+$/),
  title: text,
  version,
  description: text,
  type: z.literal("integration"),
  source: z.strictObject({ license: z.enum(["Apache-2.0", "Elastic-2.0"]) }),
  categories: z.array(z.string().regex(/^[a-z_]+$/)).min(1),
  conditions: z.strictObject({
    kibana: z.strictObject({ version: text }),
    elastic: z.strictObject({ subscription: z.enum(["basic", "gold", "platinum", "enterprise"]) }).optional(),
  }),
  icons: z.array(image).min(1),
  screenshots: z.array(image).optional(),
  vars: variables,
  policy_templates: z
    .array(
      z.strictObject({
        name: text,
        title: text,
        description: text,
        data_streams: z.array(text).optional(),
        icons: z.array(image).optional(),
        screenshots: z.array(image).optional(),
        multiple: z.boolean().optional(),
        inputs: z
          .array(
            z.strictObject({
              type: text,
              title: text,
              description: text,
              template_path: text.optional(),
              vars: variables,
            }),
          )
          .min(1),
      }),
    )
    .min(1),
  owner: z.strictObject({
    github: z.string().regex(/^[a-zA-Z0-9-_]+(?:\/[a-zA-Z0-9-_]+)?$/),
    type: z.enum(["elastic", "partner", "community"]),
  }),
});

const indexSettings = z.strictObject({
  index: z.strictObject({
    sort: z.strictObject({ field: z.array(text).min(1), order: z.array(z.enum(["asc", "desc"])).min(1) }),
  }),
});

const streamManifest = z.strictObject({
  title: text,
  type: z.enum(["logs", "metrics", "synthetics", "traces"]),
  dataset: z
    .string()
    .regex(/^[a-z0-9_.]+$/, "may hold no -, which separates the parts of a data stream's name")
    .optional(),
  hidden: z.boolean().optional(),
  ilm_policy: text.optional(),
  elasticsearch: z.strictObject({ index_template: z.strictObject({ settings: indexSettings }) }).optional(),
  streams: z
    .array(
      z.strictObject({
        input: text,
        title: text,
        description: text,
        template_path: text.optional(),
        enabled: z.boolean().optional(),
        vars: variables,
      }),
    )
    .optional(),
});

export const manifestProblems: PackageRule = (view) => [
  ...schemaProblems(view, "manifest.yml", packageManifest),
  ...view.streams.flatMap((stream) => schemaProblems(view, `data_stream/${stream}/manifest.yml`, streamManifest)),
  ...imageProblems(view),
  ...dataStreamProblems(view),
  ...inputTypeProblems(view),
];

function schemaProblems(view: PackageView, path: string, schema: z.ZodType): string[] {
  const read = schema.safeParse(view.value(path));
  return read.success
    ? []
    : read.error.issues.map(({ path: at, message }) => `${path}: ${at.join(".") || "the manifest"}: ${message}`);
}

function imageProblems(view: PackageView): string[] {
  const manifest = view.value("manifest.yml");
  const images = isMapping(manifest) ? [...mappings(manifest.icons), ...mappings(manifest.screenshots)] : [];
  return images.flatMap(({ src, size }) => {
    const picture = String(src).startsWith("/img/") ? view.files.get(String(src).slice(1)) : undefined;
    if (picture === undefined) {
      return [`manifest.yml: there is no picture ${src}`];
    }
    const own = pngSize(picture);
    return own === undefined || own === size ? [] : [`manifest.yml: ${src} is ${own}, not ${size}`];
  });
}

/** `1440x900` of a PNG, whose first chunk says so; undefined for what is none. */
function pngSize(picture: Buffer): string | undefined {
  return picture.toString("latin1", 12, 16) === "IHDR"
    ? `${picture.readUInt32BE(16)}x${picture.readUInt32BE(20)}`
    : undefined;
}

function dataStreamProblems(view: PackageView): string[] {
  const named = policyTemplates(view).flatMap(({ data_streams: streams }) =>
    Array.isArray(streams) ? streams.map(String) : [],
  );
  return [
    ...named
      .filter((name) => !view.streams.includes(name))
      .map((name) => `manifest.yml: there is no data stream ${name}`),
    ...view.streams
      .filter((name) => !named.includes(name))
      .map((name) => `manifest.yml: no policy template names the data stream ${name}, so Fleet never offers it`),
  ];
}

/** Fleet joins inputs and streams by type; a stream of another input is never asked for. */
function inputTypeProblems(view: PackageView): string[] {
  const types = policyTemplates(view).flatMap(({ inputs }) => mappings(inputs).map(({ type }) => type));
  return [
    ...repeated(types.map(String)).map((type) => `manifest.yml: there are two inputs of type ${type}`),
    ...view.streams.flatMap((stream) => {
      const path = `data_stream/${stream}/manifest.yml`;
      const manifest = view.value(path);
      return mappings(isMapping(manifest) ? manifest.streams : [])
        .filter(({ input }) => !types.includes(input))
        .map(({ input }) => `${path}: no policy template has the input ${String(input)}`);
    }),
  ];
}

export function policyTemplates(view: PackageView) {
  const manifest = view.value("manifest.yml");
  return mappings(isMapping(manifest) ? manifest.policy_templates : []);
}
