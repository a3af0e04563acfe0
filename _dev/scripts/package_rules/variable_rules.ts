/** Rules for single variables, wherever they are declared. */

import { isMapping, type Mapping } from "../../../src/core/block.ts";
import { policyTemplates } from "./manifest_rules.ts";
import { mappings, type PackageRule, type PackageView, repeated } from "./package_view.ts";

/** Fleet wants a decision for names like these. */
const SOUNDS_SECRET = /(?:access_key|api_key|passphrase|password|secret|token)(?!.*_(?:file|url)$)/;

export interface DeclaredVariables {
  /** The manifest and where in it. */
  readonly where: string;
  readonly variables: readonly Mapping[];
}

export const variableProblems: PackageRule = (view) =>
  declaredVariables(view).flatMap(({ where, variables }) => [
    ...repeated(variables.map(({ name }) => String(name))).map((name) => `${where}: there are two variables ${name}`),
    ...variables.flatMap((variable) =>
      problemsOf(variable).map((problem) => `${where}: variable ${String(variable.name)} ${problem}`),
    ),
  ]);

/** The variables of the connection and of each data stream. */
function declaredVariables(view: PackageView): DeclaredVariables[] {
  const inputs = policyTemplates(view).flatMap(({ inputs: listed }) => mappings(listed));
  return [
    { where: "manifest.yml", variables: inputs.flatMap(({ vars }) => mappings(vars)) },
    ...view.streams.map((stream) => {
      const where = `data_stream/${stream}/manifest.yml`;
      const manifest = view.value(where);
      const streams = mappings(isMapping(manifest) ? manifest.streams : []);
      return { where, variables: streams.flatMap(({ vars }) => mappings(vars)) };
    }),
  ];
}

function problemsOf(variable: Mapping): string[] {
  const { name, type, secret, multi, options, default: fallback, url_allowed_schemes: schemes } = variable;
  const values = mappings(options).map(({ value }) => value);
  return [
    ...(secret === undefined && (type === "password" || SOUNDS_SECRET.test(String(name)))
      ? ["must say whether it is secret"]
      : []),
    ...(type === "password" && secret === false ? ["is a password, but not secret"] : []),
    ...(secret === true && fallback !== undefined ? ["is secret and has a default that everybody can read"] : []),
    ...((type === "select") === (options !== undefined) ? [] : ["must have options if, and only if, it is a select"]),
    ...(type === "select" && fallback !== undefined && !values.includes(fallback)
      ? [`has the default ${String(fallback)}, which is none of its options`]
      : []),
    ...(schemes !== undefined && type !== "url" ? ["has URL schemes, but is no url"] : []),
    ...(multi === true && fallback !== undefined && !Array.isArray(fallback)
      ? ["takes several values; its default must be a list"]
      : []),
    ...(defaultFits(type, multi, fallback) ? [] : [`has a default that is no ${String(type)}`]),
  ];
}

function defaultFits(type: unknown, multi: unknown, fallback: unknown): boolean {
  if (fallback === undefined || multi === true) {
    return true;
  }
  switch (type) {
    case "bool":
      return typeof fallback === "boolean";
    case "integer":
      return Number.isInteger(fallback);
    default:
      return typeof fallback === "string";
  }
}
