/**
 * A block of the policy on its way from YAML to settings: what every block has in common, whatever its settings are.
 */
import { z } from "zod";
import { type Finding, isMapping, type Key, type Mapping } from "../core/block.ts";
import { didYouMean } from "../core/suggestion.ts";
import type { Problem } from "./policy.ts";
import { unwrapped } from "./settings.ts";
import { substitute, type VariableProviders } from "./variables.ts";

/** `root.auth.client_id`, `root.streams[0].id`. */
export function problemAt(root: string, finding: Finding): Problem {
  const path = finding.at.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("");
  return { path: `${root}${path}`, text: finding.text };
}

/** Keys whose content is not ours to read: names in it may hold dots, and nulls may mean something. */
const FOREIGN = new Set(["processors", "headers", "proxy_headers", "meta"]);

/** Elastic Agent adds such a key beside each secret, for its own diagnostics. */
const REDACTION_MARK = "__mark_redact_";

/** Elastic Agent's own keys of an output, an input and a stream, which say nothing to a runner. */
const AGENT_KEYS = new Set(["revision", "package_policy_id", "meta", "policy", "log_level", "enabled", "condition"]);

export function withoutAgentKeys(block: Mapping): Mapping {
  return Object.fromEntries(Object.entries(block).filter(([key]) => !AGENT_KEYS.has(key)));
}

const FLEET_SECRET = /\$co\.elastic\.secret\{[^}]*\}/;

export interface PreparedBlock {
  readonly value: unknown;
  readonly findings: readonly Finding[];
}

/**
 * A block with its variables replaced, dotted keys (`data_stream.namespace: x`) unfolded, and settings without a value left
 * out. Without providers the variables have been replaced before, as Elastic Agent does. Values with a finding stay.
 */
export function prepared(block: unknown, providers: VariableProviders | undefined): PreparedBlock {
  const findings: Finding[] = [];

  function value(node: unknown, at: readonly Key[], foreign: boolean): unknown {
    if (typeof node === "string") {
      return text(node, at);
    }
    if (Array.isArray(node)) {
      return node.map((item, index) => value(item, [...at, index], foreign));
    }
    return isMapping(node) ? mapping(node, at, foreign) : node;
  }

  function mapping(node: Mapping, at: readonly Key[], foreign: boolean): Mapping {
    const result: Mapping = {};
    for (const [name, content] of Object.entries(node)) {
      if (name.startsWith(REDACTION_MARK) || (!foreign && (content === null || content === ""))) {
        continue;
      }
      const names = foreign ? [name] : name.split(".");
      if (!foreign && name === "condition") {
        set(result, name, content);
        continue;
      }
      const inner = value(content, [...at, ...names], foreign || names.some((part) => FOREIGN.has(part)));
      place(result, names, inner, at);
    }
    return result;
  }

  function place(target: Mapping, names: readonly string[], inner: unknown, at: readonly Key[]): void {
    const [name = "", ...rest] = names;
    const there = Object.hasOwn(target, name) ? target[name] : undefined;
    if (rest.length > 0 && (there === undefined || isMapping(there))) {
      const next = there ?? {};
      set(target, name, next);
      place(next, rest, inner, [...at, name]);
    } else if (isMapping(there) && isMapping(inner)) {
      for (const [key, content] of Object.entries(inner)) {
        place(there, [key], content, [...at, name]);
      }
    } else if (there !== undefined) {
      findings.push({ at: [...at, name], text: "is given twice" });
    } else {
      set(target, name, inner);
    }
  }

  function text(node: string, at: readonly Key[]): string {
    if (FLEET_SECRET.test(node) && providers === undefined) {
      const text = "is a reference to a secret that Fleet Server has not replaced; enter the value in Fleet anew";
      findings.push({ at, text });
      return node;
    }
    if (FLEET_SECRET.test(node)) {
      const path = at.at(-1) === "private_key" ? ", or give the path of the key file in private_key_path" : "";
      const cure = `put the value into an environment variable and write \${env.NAME} here${path}`;
      findings.push({ at, text: `is a reference to a secret of Fleet, which a standalone runner can't read; ${cure}` });
      return node;
    }
    if (providers === undefined) {
      return node;
    }
    const { text: replaced, problems } = substitute(node, providers);
    findings.push(...problems.map((problem) => ({ at, text: problem })));
    return replaced;
  }

  return { value: value(block, [], false), findings };
}

/** Sets a key as plain data, whatever its name. */
function set(target: Mapping, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

export type Checked<T> = { readonly value: T } | { readonly findings: readonly Finding[] };

/** A prepared block as its schema reads it, or everything that is wrong with it. */
export function checked<S extends z.ZodType>(schema: S, block: PreparedBlock): Checked<z.output<S>> {
  const result = schema.safeParse(block.value, { error: issueText });
  const issues = result.success ? [] : result.error.issues.flatMap((issue) => findingsOf(schema, issue));
  const findings = [
    ...block.findings,
    ...issues.filter(({ at }) => !block.findings.some((known) => isWithin(at, known.at))),
  ];
  return result.success && findings.length === 0 ? { value: result.data } : { findings };
}

/** What is wrong with a value that could not be prepared follows from that, and is not told again. */
function isWithin(at: readonly Key[], outer: readonly Key[]): boolean {
  return outer.every((key, index) => at[index] === key);
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  object: "a block of settings",
  array: "a list",
  boolean: "true or false",
  number: "a number",
};

/** What an issue says where the schema has no words of its own. */
function issueText(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) {
    return "is missing";
  }
  if (issue.code === "invalid_type") {
    return `must be ${TYPE_WORDS[issue.expected] ?? issue.expected}`;
  }
  if (issue.code === "invalid_value") {
    const allowed = issue.values.map(String);
    const meant = typeof issue.input === "string" ? didYouMean(issue.input, allowed) : "";
    return `must be ${allowed.length === 1 ? "" : "one of "}${allowed.join(", ")}${meant}`;
  }
  return "is wrong";
}

function findingsOf(schema: z.ZodType, issue: z.core.$ZodIssue): Finding[] {
  const at = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
  if (issue.code !== "unrecognized_keys") {
    return [{ at, text: issue.message }];
  }
  const known = keysAt(schema, at);
  return issue.keys.map((key) => ({ at: [...at, key], text: `is no setting${didYouMean(key, known)}` }));
}

function keysAt(schema: z.ZodType, at: readonly Key[]): string[] {
  let inner = unwrapped(schema).inner;
  for (const key of at) {
    inner = inner instanceof z.ZodObject ? unwrapped(inner.shape[key] as z.ZodType).inner : inner;
  }
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}
