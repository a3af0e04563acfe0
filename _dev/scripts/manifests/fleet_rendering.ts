/**
 * Renders a template as Fleet does when it makes an agent policy: Handlebars without escaping, Fleet's five helpers, YAML
 * variables put in after the text has been parsed, and secrets as references that Fleet Server resolves later. Fleet has had
 * three ways to read the text. Source: Kibana, fleet/server/services/epm/agent/agent.ts.
 */
import Handlebars from "handlebars";
import { dump, load } from "js-yaml";
import { parse, stringify } from "yaml";

/** What a person has entered for a variable. */
export interface EnteredValue {
  /** The type of the variable in the manifest. */
  readonly type: string;
  readonly value: unknown;
}

/** What a value is that Fleet keeps among its secrets. */
export interface SecretReference {
  readonly isSecretRef: true;
  readonly id: string;
}

interface Compiler {
  escapeString(value: string): string;
  escapeMultilineString(value: string): string;
  /** What it does to the rendered text before it reads it. */
  prepared(text: string): string;
  parse(text: string): unknown;
  stringify(value: unknown): string;
}

/** Between single quotes YAML takes two quotes for one, and folds one line break into a space. */
const doubled = (value: string) => value.replaceAll("'", "''");

/** Between double quotes the breaks of lines are written out; single ones in the text are taken for the fold of a long line. */
const joined = (quoted: string) => quoted.replaceAll(/\n+/g, (breaks) => "\\n".repeat(breaks.length - 1));

const withYaml12 = {
  escapeString: (value: string) =>
    value.includes("\n")
      ? `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`
      : `'${doubled(value)}'`,
  escapeMultilineString: (value: string) => doubled(value.replaceAll("\n ", "\n")).replaceAll("\n", "\\n"),
  parse: (text: string): unknown => parse(text),
  stringify: (value: unknown) => stringify(value, { collectionStyle: "block", lineWidth: 0 }),
};

const COMPILERS = {
  /** Up to 9.2 and 8.19.18. */
  "js-yaml": {
    escapeString: (value) => `'${doubled(value).replaceAll("\n", "\n\n")}'`,
    escapeMultilineString: (value) => doubled(value).replaceAll("\n", "\n\n"),
    prepared: (text) => text,
    parse: (text) => load(text),
    stringify: (value) => dump(value),
  },
  /** From then on: takes whatever stands between two quotation marks for a quoted text, and joins its lines. */
  "yaml, joining lines": {
    ...withYaml12,
    prepared: (text) => text.replaceAll(/"(?:[^"\\]|\\[\s\S])*"/g, joined),
  },
  /** Mended in July 2026: a quotation mark between single quotes is only a character. */
  yaml: {
    ...withYaml12,
    prepared: (text) =>
      text.replaceAll(/'(?:[^']|'')*'|"(?:[^"\\]|\\[\s\S])*"/g, (quoted) =>
        quoted.startsWith('"') ? joined(quoted) : quoted,
      ),
  },
} satisfies Readonly<Record<string, Compiler>>;

export type FleetCompiler = keyof typeof COMPILERS;
export const FLEET_COMPILERS = Object.keys(COMPILERS) as readonly FleetCompiler[];

function handlebarsOf({ escapeString, escapeMultilineString }: Compiler): typeof Handlebars {
  const fleet = Handlebars.create();
  const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
  fleet.registerHelper({
    contains(this: unknown, item: unknown, list: unknown, options: Handlebars.HelperOptions) {
      const has = Array.isArray(list) ? list.includes(item) : typeof list === "string" && list.includes(String(item));
      return has ? options.fn(this) : "";
    },
    escape_string: (value: unknown) => (isText(value) ? escapeString(value) : undefined),
    escape_multiline_string: (value: unknown) => (isText(value) ? escapeMultilineString(value) : undefined),
    to_json: (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value)),
    url_encode: (value: unknown) => encodeURIComponent(String(value)),
  });
  return fleet;
}

const HANDLEBARS = new Map(FLEET_COMPILERS.map((name) => [name, handlebarsOf(COMPILERS[name])]));

/** Puts what was entered into a template, and reads the result as YAML. Throws what Handlebars or the YAML parser say. */
export type RenderTemplate = (entered: Readonly<Record<string, EnteredValue>>) => unknown;

/** A template, to be rendered any number of times. */
export function templateRenderer(template: string, compiler: FleetCompiler): RenderTemplate {
  const compiled = HANDLEBARS.get(compiler)?.compile(template, { noEscape: true });
  return (entered) => renderedYaml(compiled ?? (() => ""), COMPILERS[compiler], entered);
}

function renderedYaml(
  compiled: Handlebars.TemplateDelegate,
  compiler: Compiler,
  entered: Readonly<Record<string, EnteredValue>>,
): unknown {
  const values: Record<string, unknown> = {};
  const yamlValues = new Map<string, unknown>();
  for (const [name, { type, value }] of Object.entries(entered)) {
    if (type === "yaml") {
      const placeholder = `##${name}##`;
      const isGiven = typeof value === "string" && value !== "";
      values[name] = isGiven ? `"${placeholder}"` : null;
      yamlValues.set(placeholder, isGiven ? compiler.parse(value) : null);
    } else {
      values[name] = isSecretReference(value) ? `$co.elastic.secret{${value.id}}` : value;
    }
  }
  const text = withRootValues(compiler.prepared(compiled(values)), yamlValues, compiler);
  return withYamlValues(compiler.parse(text), yamlValues);
}

/** Where a YAML variable stands at the beginning of a line, its text is put in before the whole is read. */
function withRootValues(text: string, yamlValues: ReadonlyMap<string, unknown>, { stringify: written }: Compiler) {
  return [...yamlValues].reduce(
    (result, [placeholder, value]) =>
      result.replaceAll(new RegExp(`^"${placeholder}"`, "gm"), () => (value ? written(value) : "")),
    text,
  );
}

function isSecretReference(value: unknown): value is SecretReference {
  return typeof value === "object" && value !== null && "isSecretRef" in value && value.isSecretRef === true;
}

function withYamlValues(node: unknown, yamlValues: ReadonlyMap<string, unknown>): unknown {
  if (typeof node === "string") {
    return yamlValues.has(node) ? yamlValues.get(node) : node;
  }
  if (Array.isArray(node)) {
    return node.map((item) => withYamlValues(item, yamlValues));
  }
  if (typeof node === "object" && node !== null && !(node instanceof Date)) {
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withYamlValues(value, yamlValues)]));
  }
  return node;
}
