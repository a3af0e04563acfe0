/** Settings of the policy as variables of the package's manifests, so that Fleet asks for them. Pure. */
import { OTHER_TYPES } from "../../../src/catalog/catalog.ts";
import type { SettingKind } from "../../../src/core/setting_kinds.ts";
import {
  type DeclaredSetting,
  declaredSettings,
  INPUT_SETTINGS,
  settingsOfStream,
} from "../../../src/policy/settings.ts";
import type { KnownType } from "../../../src/sources/kind.ts";
import { KINDS } from "../../../src/sources/kinds.ts";

/** A variable as `vars` of a manifest lists it; see "variables" in the package specification. */
export interface PackageVariable {
  readonly name: string;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly multi: boolean;
  readonly required: boolean;
  readonly show_user: boolean;
  readonly secret?: boolean;
  readonly default?: unknown;
  readonly options?: readonly { readonly value: string; readonly text: string }[];
  readonly url_allowed_schemes?: readonly string[];
}

/** A setting and the variable that Fleet asks for it. */
export interface AskedSetting {
  readonly setting: DeclaredSetting;
  readonly variable: PackageVariable;
}

const TYPES: Readonly<Record<SettingKind, string>> = {
  text: "text",
  secret: "password",
  url: "url",
  duration: "text",
  number: "integer",
  flag: "bool",
  choice: "select",
  list: "text",
  yaml: "yaml",
};

/** A secret of several lines. */
const MULTILINE = new Set(["auth.private_key"]);

/** The settings of one org's connection. Fleet itself writes the input's processors, from the policy's global data tags. */
export function connectionSettings(): AskedSetting[] {
  return declaredSettings(INPUT_SETTINGS)
    .filter(({ path }) => path !== "processors")
    .map((setting) => ({ setting, variable: variableOf(setting, []) }));
}

/** The settings of a data stream, without those of sources that it does not have. None if it collects nothing itself. */
export function streamSettings(stream: string): AskedSetting[] {
  const types = Object.fromEntries(
    KINDS.map((kind) => [kind.group, kind.types.filter((type) => type.stream === stream)]),
  );
  if (Object.values(types).every((known) => known.length === 0)) {
    return [];
  }
  const names = Object.entries(types).map(([group, known]) => [group, known.map(({ name }) => name)]);
  return declaredSettings(settingsOfStream(Object.fromEntries(names))).flatMap((setting) => {
    const known = types[setting.path.split(".")[0] ?? ""];
    return known?.length === 0 ? [] : [{ setting, variable: variableOf(setting, known ?? []) }];
  });
}

/** `auth.client_id` is `client_id`, `api.version` is `api_version`. */
export function variableName(path: string): string {
  return path.replace(/^auth\./, "").replaceAll(".", "_");
}

/** What a list of names takes, and which of them it has to name. */
function possible(known: readonly KnownType[]): string {
  if (known.some(({ name }) => name === OTHER_TYPES.name)) {
    return " Possible: names such as LightningInteraction, and patterns such as Lightning*, of types that no other data stream has; * is all of them.";
  }
  const apart = known.filter(({ onlyByName }) => onlyByName === true).map(({ name }) => name);
  const exception = apart.length === 0 ? "" : ` Collected only where they are named: ${apart.join(", ")}.`;
  return `${exception} Possible: ${known.map(({ name }) => name).join(", ")}.`;
}

function variableOf(setting: DeclaredSetting, known: readonly KnownType[]): PackageVariable {
  const { path, kind, title, help, required } = setting;
  const isList = kind === "list";
  const isListOfNames = isList && known.length > 0;
  return {
    name: variableName(path),
    type: MULTILINE.has(path) ? "textarea" : TYPES[kind],
    title,
    description: isListOfNames ? `${help}${possible(known)}` : help,
    multi: isList,
    required,
    show_user: setting.shown === true,
    ...(kind === "secret" ? { secret: true } : {}),
    ...defaultOf(setting.default),
    ...(kind === "choice"
      ? { options: setting.options.map((value) => ({ value, text: setting.choices?.[value] ?? value })) }
      : {}),
    ...(kind === "url" ? { url_allowed_schemes: ["https"] } : {}),
  };
}

function defaultOf(value: unknown): { default?: unknown } {
  const isNothing = value === undefined || (typeof value === "object" && Object.keys(value ?? {}).length === 0);
  return isNothing ? {} : { default: value };
}
