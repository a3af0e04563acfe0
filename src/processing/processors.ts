/**
 * Processors of a policy: what Fleet and people write under `processors`, read into plain data that event_processing.ts applies.
 * Source: "Processors" and "Conditions" in Elastic's documentation of Elastic Agent.
 */

import { type Finding, isMapping, type Key, type Mapping } from "../core/block.ts";
import { didYouMean } from "../core/suggestion.ts";
import { type Condition, readCondition } from "./conditions.ts";
import { HIDDEN, isHidden } from "./field_names.ts";
import { regularExpression } from "./regular_expression.ts";

/** One step for each event; without `when` it is done for all. */
export type Processor = { readonly when: Condition | undefined } & (
  | { readonly do: "add_fields"; readonly fields: Mapping }
  | { readonly do: "add_tags"; readonly target: string; readonly tags: readonly string[] }
  | { readonly do: "drop_fields"; readonly names: readonly string[]; readonly patterns: readonly string[] }
  | { readonly do: "drop_event" }
);

/** What the runner and Elasticsearch tell events apart by; no processor may change it. */
export const FIXED_FIELDS = ["@timestamp", "event.id", "data_stream"];

const SETTINGS = {
  add_fields: ["target", "fields", "when"],
  add_tags: ["target", "tags", "when"],
  drop_fields: ["fields", "ignore_missing", "when"],
  drop_event: ["when"],
} as const;
type Name = keyof typeof SETTINGS;

type Tell = (at: readonly Key[], text: string) => void;

/** Processors as the policy has them, with everything that is wrong with them; `at` in the findings starts with the index. */
export function readProcessors(listed: readonly unknown[]): {
  readonly processors: readonly Processor[];
  readonly findings: readonly Finding[];
} {
  const findings: Finding[] = [];
  const processors = listed.flatMap((block, index) => {
    const processor = readProcessor(block, (at, text) => findings.push({ at: [index, ...at], text }));
    return processor === undefined ? [] : [processor];
  });
  return { processors, findings };
}

function readProcessor(block: unknown, tell: Tell): Processor | undefined {
  const [entry, more] = isMapping(block) ? Object.entries(block) : [];
  if (entry === undefined || more !== undefined) {
    tell(
      [],
      `must be one processor with its settings, such as add_tags${more === undefined ? "" : "; here are several"}`,
    );
    return undefined;
  }
  const [name, given] = entry;
  if (!isName(name)) {
    const known = Object.keys(SETTINGS);
    tell([name], `is a processor that this runner has not${didYouMean(name, known) || `; it has ${known.join(", ")}`}`);
    return undefined;
  }
  const settings = given ?? {};
  if (!isMapping(settings)) {
    tell([name], "must be a block of settings");
    return undefined;
  }
  const allowed: readonly string[] = SETTINGS[name];
  for (const key of Object.keys(settings).filter((key) => !allowed.includes(key))) {
    tell([name, key], `is no setting${didYouMean(key, allowed)}`);
  }
  const within: Tell = (at, text) => tell([name, ...at], text);
  const when =
    settings.when === undefined ? undefined : readCondition(settings.when, (at, text) => within(["when", ...at], text));
  switch (name) {
    case "add_fields":
      return { do: name, when, fields: addedFields(settings, within) };
    case "add_tags":
      return { do: name, when, target: targetOf(settings, "tags", within), tags: texts(settings, "tags", within) };
    case "drop_fields":
      return { do: name, when, ...droppedFields(settings, within) };
    case "drop_event":
      return { do: name, when };
  }
}

function isName(name: string): name is Name {
  return Object.hasOwn(SETTINGS, name);
}

/** The fields as they stand in the document: below the target, which is `fields` by default and the document itself if empty. */
function addedFields(settings: Mapping, tell: Tell): Mapping {
  const { fields } = settings;
  if (!isMapping(fields)) {
    tell(["fields"], fields === undefined ? "is missing" : "must be a block of fields");
    return {};
  }
  const target = targetOf(settings, "fields", tell);
  const names = Object.keys(fields).map((name) => (target === "" ? name : `${target}.${name}`));
  for (const name of names.filter(touchesFixed)) {
    tell(["fields"], `would change ${name}, by which events are told apart`);
  }
  const hidden = [...names, ...Object.values(fields).flatMap(namesWithin)].filter(isHidden);
  for (const name of hidden) {
    tell(["fields", name], `must be ${HIDDEN.must}`);
  }
  const result: Mapping = Object.create(null);
  for (const [name, value] of hidden.length > 0 ? [] : Object.entries(fields)) {
    const path = (target === "" ? name : `${target}.${name}`).split(".");
    let at = result;
    for (const part of path.slice(0, -1)) {
      const inner: Mapping = isMapping(at[part]) ? at[part] : Object.create(null);
      at[part] = inner;
      at = inner;
    }
    at[path.at(-1) ?? name] = value;
  }
  return result;
}

function namesWithin(value: unknown): readonly string[] {
  return isMapping(value) ? [...Object.keys(value), ...Object.values(value).flatMap(namesWithin)] : [];
}

function droppedFields(settings: Mapping, tell: Tell): { names: readonly string[]; patterns: readonly string[] } {
  const listed = texts(settings, "fields", tell);
  const patterns = listed.filter(isPattern).map((text) => text.slice(1, -1));
  for (const pattern of patterns.filter((text) => regularExpression(text) === undefined)) {
    tell(["fields"], `holds ${JSON.stringify(pattern)}, which is no regular expression`);
  }
  const names = listed.filter((text) => !isPattern(text));
  for (const name of names.filter(touchesFixed)) {
    tell(["fields"], `would drop ${name}, by which events are told apart`);
  }
  for (const name of names.filter(isHidden)) {
    tell(["fields", name], `must be ${HIDDEN.must}`);
  }
  return { names, patterns };
}

function isPattern(text: string): boolean {
  return text.length > 2 && text.startsWith("/") && text.endsWith("/");
}

/** Whether a field is fixed, part of one, or holds one. */
function touchesFixed(name: string): boolean {
  return FIXED_FIELDS.some((fixed) => fixed === name || fixed.startsWith(`${name}.`) || name.startsWith(`${fixed}.`));
}

function targetOf(settings: Mapping, fallback: string, tell: Tell): string {
  const { target = fallback } = settings;
  if (typeof target === "string" && !isHidden(target)) {
    return target;
  }
  tell(["target"], `must be ${typeof target === "string" ? HIDDEN.must : "text"}`);
  return fallback;
}

function texts(settings: Mapping, key: string, tell: Tell): string[] {
  const value = settings[key];
  const list: readonly unknown[] = Array.isArray(value) ? value : typeof value === "string" ? [value] : [];
  if (list.length === 0 || !list.every((item) => typeof item === "string")) {
    tell([key], value === undefined ? "is missing" : "must be a list of texts");
    return [];
  }
  return list.map(String);
}
