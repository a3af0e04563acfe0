/** Templates, variables and the settings of the policy have to agree: nothing asked for nothing, nothing without effect. */
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { isMapping, type Mapping } from "../../../src/core/block.ts";
import { declaredSettings, INPUT_SETTINGS, STREAM_SETTINGS } from "../../../src/policy/settings.ts";
import { type EnteredValue, FLEET_COMPILERS, templateRenderer } from "../manifests/fleet_rendering.ts";
import { policyTemplates } from "./manifest_rules.ts";
import { mappings, type PackageRule, type PackageView } from "./package_view.ts";

interface Template {
  readonly path: string;
  /** Those that Fleet puts in: a stream's template has the input's variables too. */
  readonly visible: readonly Mapping[];
  /** Those that have to have an effect in it. */
  readonly own: readonly Mapping[];
  readonly settings: z.ZodObject;
}

/** Text in which everything stands that YAML takes for more than text. */
const ODD_TEXT = `o'dd: "#{}[]%@ text`;

export const templateProblems: PackageRule = (view) => {
  const templates = templatesOf(view);
  const used = new Set(templates.map(({ path }) => path));
  return [
    ...view
      .paths(/\.hbs$/)
      .filter((path) => !used.has(path))
      .map((path) => `${path} is used by no manifest`),
    ...templates.flatMap((template) => {
      const text = view.text(template.path);
      return text === undefined ? [`${template.path} is missing`] : knownProblemsOf(template, text);
    }),
  ];
};

function templatesOf(view: PackageView): Template[] {
  const inputs = policyTemplates(view).flatMap(({ inputs: listed }) => mappings(listed));
  const connection = inputs.flatMap(({ vars }) => mappings(vars));
  return [
    ...inputs
      .filter(({ template_path: file }) => file !== undefined)
      .map(({ template_path: file }) => ({
        path: `agent/input/${String(file)}`,
        visible: connection,
        own: connection,
        settings: INPUT_SETTINGS,
      })),
    ...view.streams.flatMap((stream) => {
      const manifest = view.value(`data_stream/${stream}/manifest.yml`);
      return mappings(isMapping(manifest) ? manifest.streams : []).map(({ template_path: file, vars }) => ({
        path: `data_stream/${stream}/agent/stream/${String(file ?? "stream.yml.hbs")}`,
        visible: [...connection, ...mappings(vars)],
        own: mappings(vars),
        settings: STREAM_SETTINGS,
      }));
    }),
  ];
}

/** Packages that have a template in common are tried once. */
const TRIED = new Map<string, readonly string[]>();

function knownProblemsOf(template: Template, text: string): readonly string[] {
  const key = JSON.stringify([template.path, template.visible, template.own, text]);
  const problems = TRIED.get(key) ?? problemsOf(template, text);
  TRIED.set(key, problems);
  return problems;
}

function problemsOf({ path, visible, own, settings }: Template, text: string): string[] {
  const known = new Set(visible.map(({ name }) => String(name)));
  const problems = mentioned(text)
    .filter((name) => !known.has(name))
    .map((name) => `${path} uses ${name}, which is no variable`);
  const keys = new Set(declaredSettings(settings).map((setting) => setting.path));
  const attempts = [
    { what: "the defaults", values: {} },
    { what: "everything emptied", values: Object.fromEntries(visible.map(({ name }) => [String(name), ""])) },
    ...own.flatMap((variable) =>
      probes(variable).map((value) => ({
        what: `a value for ${String(variable.name)}`,
        values: { [String(variable.name)]: value },
        effect: value,
      })),
    ),
  ];
  for (const compiler of FLEET_COMPILERS) {
    const render = templateRenderer(text, compiler);
    for (const attempt of attempts) {
      const rendered = tried(() => render(entered(visible, attempt.values)));
      if ("error" in rendered) {
        problems.push(`${path} can't be rendered by Fleet's ${compiler} with ${attempt.what}: ${rendered.error}`);
      } else if (!isMapping(rendered.value)) {
        problems.push(`${path} renders to no mapping with ${attempt.what}`);
      } else {
        problems.push(...unknownKeys(rendered.value, keys).map((key) => `${path} writes ${key}, which is no setting`));
        if ("effect" in attempt && !holds(rendered.value, asRendered(attempt.effect))) {
          problems.push(`${path}: ${attempt.what} does not arrive as it was entered through Fleet's ${compiler}`);
        }
      }
    }
  }
  return [...new Set(problems)];
}

/** Names in Handlebars' mustaches that are neither helpers nor its own words. */
function mentioned(text: string): string[] {
  const words = [...text.matchAll(/\{\{\{?([^}]*)\}/g)].flatMap(([, inside]) => (inside ?? "").match(/[\w.]+/g) ?? []);
  const helpers = new Set(
    "if else unless each with this as escape_string escape_multiline_string to_json url_encode contains".split(" "),
  );
  return [...new Set(words.filter((word) => !helpers.has(word) && !word.startsWith("_meta")))];
}

function entered(variables: readonly Mapping[], values: Mapping): Record<string, EnteredValue> {
  return Object.fromEntries(
    variables.map(({ name, type, default: fallback }) => {
      const key = String(name);
      return [key, { type: String(type), value: Object.hasOwn(values, key) ? values[key] : fallback }];
    }),
  );
}

/** Values that must arrive unchanged. */
function probes({ type, multi, secret, options }: Mapping): unknown[] {
  if (secret === true) {
    return [{ isSecretRef: true, id: "probe" }, ODD_TEXT];
  }
  if (multi === true) {
    return [[ODD_TEXT, "second"]];
  }
  switch (type) {
    case "bool":
      return [true, false];
    case "integer":
      return [424_242];
    case "select":
      return mappings(options).map(({ value }) => value);
    case "yaml":
      return ["probe: [4, 2]"];
    default:
      return [ODD_TEXT];
  }
}

function asRendered(value: unknown): unknown {
  if (isMapping(value)) {
    return `$co.elastic.secret{${String(value.id)}}`;
  }
  return value === "probe: [4, 2]" ? { probe: [4, 2] } : value;
}

function holds(node: unknown, sought: unknown): boolean {
  if (isDeepStrictEqual(node, sought)) {
    return true;
  }
  return typeof node === "object" && node !== null && Object.values(node).some((inner) => holds(inner, sought));
}

function unknownKeys(node: Mapping, known: ReadonlySet<string>, prefix = ""): string[] {
  return Object.entries(node).flatMap(([key, value]) => {
    const path = `${prefix}${key}`;
    if (known.has(path)) {
      return [];
    }
    const isGroup = [...known].some((one) => one.startsWith(`${path}.`));
    if (!isGroup) {
      return [path];
    }
    return isMapping(value) ? unknownKeys(value, known, `${path}.`) : [];
  });
}

function tried<T>(act: () => T): { readonly value: T } | { readonly error: string } {
  try {
    return { value: act() };
  } catch (error) {
    return { error: String(error instanceof Error ? error.message : error).split("\n")[0] ?? "" };
  }
}
