/**
 * Renders a template as Fleet does when it makes an agent policy: Handlebars without escaping, Fleet's five helpers, YAML
 * variables put in after the text has been parsed, and secrets as references that Fleet Server resolves later.
 */
import Handlebars from "handlebars";
import { load } from "js-yaml";

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

const fleet = Handlebars.create();
fleet.registerHelper({
  contains(this: unknown, item: unknown, list: unknown, options: Handlebars.HelperOptions) {
    const has = Array.isArray(list) ? list.includes(item) : typeof list === "string" && list.includes(String(item));
    return has ? options.fn(this) : "";
  },
  escape_string: (value: unknown) =>
    typeof value === "string" && value !== "" ? `'${withDoubledQuotesAndBreaks(value)}'` : undefined,
  escape_multiline_string: (value: unknown) =>
    typeof value === "string" && value !== "" ? withDoubledQuotesAndBreaks(value) : undefined,
  to_json: (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value)),
  url_encode: (value: unknown) => encodeURIComponent(String(value)),
});

/** Between single quotes YAML takes two quotes for one, and folds one line break into a space. */
function withDoubledQuotesAndBreaks(value: string): string {
  return value.replaceAll("'", "''").replaceAll("\n", "\n\n");
}

/** Puts what was entered into a template, and reads the result as YAML. Throws what Handlebars or the YAML parser say. */
export type RenderTemplate = (entered: Readonly<Record<string, EnteredValue>>) => unknown;

/** A template, to be rendered any number of times. */
export function templateRenderer(template: string): RenderTemplate {
  const compiled = fleet.compile(template, { noEscape: true });
  return (entered) => renderedYaml(compiled, entered);
}

function renderedYaml(compiled: Handlebars.TemplateDelegate, entered: Readonly<Record<string, EnteredValue>>): unknown {
  const values: Record<string, unknown> = {};
  const yamlValues = new Map<string, unknown>();
  for (const [name, { type, value }] of Object.entries(entered)) {
    if (type === "yaml") {
      const placeholder = `##${name}##`;
      const isGiven = typeof value === "string" && value !== "";
      values[name] = isGiven ? `"${placeholder}"` : null;
      yamlValues.set(placeholder, isGiven ? load(value) : null);
    } else {
      values[name] = isSecretReference(value) ? `$co.elastic.secret{${value.id}}` : value;
    }
  }
  const rendered = load(compiled(values));
  return withYamlValues(rendered, yamlValues);
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
  if (typeof node === "object" && node !== null) {
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withYamlValues(value, yamlValues)]));
  }
  return node;
}
