/**
 * Conditions of processors, read into plain data that event_condition.ts evaluates.
 * Source: "Conditions" in Elastic's documentation of processors.
 */
import { BlockList, isIP } from "node:net";
import { isMapping, type Key, type Mapping } from "../core/block.ts";
import { lookup } from "../core/lookup.ts";
import { didYouMean } from "../core/suggestion.ts";
import { HIDDEN, isHidden } from "./field_names.ts";
import { regularExpression } from "./regular_expression.ts";

export type Scalar = string | number | boolean;
const BOUNDS = ["gte", "gt", "lte", "lt"] as const;
export type Range = Partial<Readonly<Record<(typeof BOUNDS)[number], number>>>;

/** A condition on fields holds if it holds for each of them. Fields are named by their path in the document. */
export type Condition =
  | { readonly is: "equals"; readonly fields: Readonly<Record<string, Scalar>> }
  | { readonly is: "contains" | "regexp"; readonly fields: Readonly<Record<string, string>> }
  | { readonly is: "range"; readonly fields: Readonly<Record<string, Range>> }
  | { readonly is: "network"; readonly fields: Readonly<Record<string, readonly string[]>> }
  | { readonly is: "has_fields"; readonly fields: readonly string[] }
  | { readonly is: "and" | "or"; readonly conditions: readonly Condition[] }
  | { readonly is: "not"; readonly condition: Condition };

const NAMES = ["equals", "contains", "regexp", "range", "network", "has_fields", "and", "or", "not"] as const;
type Name = (typeof NAMES)[number];

/** Networks that have a name. */
const NAMED_NETWORKS: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"],
  link_local_unicast: ["169.254.0.0/16", "fe80::/10"],
  multicast: ["224.0.0.0/4", "ff00::/8"],
  unspecified: ["0.0.0.0/32", "::/128"],
};

type Tell = (at: readonly Key[], text: string) => void;

/** A condition as the policy has it; `undefined` if something is wrong with it, which is told. */
export function readCondition(block: unknown, tell: Tell): Condition | undefined {
  const [entry, more] = isMapping(block) ? Object.entries(block) : [];
  if (entry === undefined || more !== undefined) {
    tell(
      [],
      more === undefined ? "must be a condition, such as equals" : "must be one condition; join several with and",
    );
    return undefined;
  }
  const [name, given] = entry;
  if (!isName(name)) {
    tell([name], `is a condition that this runner has not${didYouMean(name, NAMES) || `; it has ${NAMES.join(", ")}`}`);
    return undefined;
  }
  const within: Tell = (at, text) => tell([name, ...at], text);
  switch (name) {
    case "and":
    case "or": {
      const conditions = list(given, within).map((inner, at) =>
        readCondition(inner, (path, text) => within([at, ...path], text)),
      );
      return conditions.every((condition) => condition !== undefined) ? { is: name, conditions } : undefined;
    }
    case "not": {
      const condition = readCondition(given, within);
      return condition === undefined ? undefined : { is: name, condition };
    }
    case "has_fields": {
      const fields = list(given, within).filter((field) => typeof field === "string");
      for (const field of fields.filter(isHidden)) {
        within([field], `must be ${HIDDEN.must}`);
      }
      return fields.length === 0 ? undefined : { is: name, fields };
    }
    case "equals":
      return { is: name, fields: eachField(given, within, scalar) };
    case "contains":
      return { is: name, fields: eachField(given, within, plainText) };
    case "regexp":
      return { is: name, fields: eachField(given, within, pattern) };
    case "network":
      return { is: name, fields: eachField(given, within, networks) };
    case "range":
      return { is: name, fields: eachField(withBounds(given), within, range) };
  }
}

function isName(name: string): name is Name {
  return (NAMES as readonly string[]).includes(name);
}

function list(value: unknown, tell: Tell): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) {
    return value;
  }
  tell([], "must be a list");
  return [];
}

/** The value of each field as `read` takes it; what it does not take is told with what it must be. */
type Taken<T> = { readonly value: T } | { readonly must: string };

function eachField<T>(value: unknown, tell: Tell, read: (value: unknown) => Taken<T>): Record<string, T> {
  if (!isMapping(value) || Object.keys(value).length === 0) {
    tell([], "must name fields with their values");
    return {};
  }
  const fields: Record<string, T> = Object.create(null);
  for (const [name, content] of Object.entries(flattened(value))) {
    const taken = isHidden(name) ? HIDDEN : read(content);
    if ("must" in taken) {
      tell([name], `must be ${taken.must}`);
    } else {
      fields[name] = taken.value;
    }
  }
  return fields;
}

/** Fields may be written nested as well as dotted; bounds of a range and lists are values. */
function flattened(fields: Mapping, prefix = ""): Mapping {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => {
      const path = `${prefix}${name}`;
      const inner = isMapping(value) && !Object.keys(value).some(isBound) ? value : undefined;
      return inner === undefined ? [[path, value]] : Object.entries(flattened(inner, `${path}.`));
    }),
  );
}

/** `http.status.gte: 400` says the same as `http.status: {gte: 400}`. */
function withBounds(fields: unknown): unknown {
  if (!isMapping(fields)) {
    return fields;
  }
  const result: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(flattened(fields))) {
    const bound = name.split(".").at(-1) ?? "";
    if (isBound(bound) && name.includes(".")) {
      const field = name.slice(0, -bound.length - 1);
      result[field] = { ...(isMapping(result[field]) ? result[field] : {}), [bound]: value };
    } else {
      result[name] = value;
    }
  }
  return result;
}

function isBound(name: string): boolean {
  return (BOUNDS as readonly string[]).includes(name);
}

function scalar(value: unknown): Taken<Scalar> {
  const taken = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return taken ? { value } : { must: "text, a number, true or false" };
}

function plainText(value: unknown): Taken<string> {
  return typeof value === "string" ? { value } : { must: "text" };
}

function pattern(value: unknown): Taken<string> {
  const taken = typeof value === "string" && regularExpression(value) !== undefined;
  return taken ? { value } : { must: "a regular expression" };
}

function networks(value: unknown): Taken<readonly string[]> {
  const listed: readonly unknown[] = Array.isArray(value) ? value : [value];
  const names = listed.flatMap((one) => (typeof one === "string" ? (lookup(NAMED_NETWORKS, one) ?? [one]) : [""]));
  const must = { must: `a network such as 10.0.0.0/8, or one of ${Object.keys(NAMED_NETWORKS).join(", ")}` };
  return names.length > 0 && names.every(isNetwork) ? { value: names } : must;
}

function isNetwork(text: string): boolean {
  const [address = "", bits = ""] = text.split("/");
  const most = isIP(address) === 6 ? 128 : 32;
  return isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
}

/** The addresses of networks that `readCondition` has taken. */
export function addressesOf(listed: readonly string[]): BlockList {
  const addresses = new BlockList();
  for (const network of listed) {
    const [address = "", bits] = network.split("/");
    addresses.addSubnet(address, Number(bits), isIP(address) === 6 ? "ipv6" : "ipv4");
  }
  return addresses;
}

function range(value: unknown): Taken<Range> {
  const bounds = isMapping(value) ? Object.entries(value) : [];
  const taken = bounds.length > 0 && bounds.every(([name, limit]) => isBound(name) && typeof limit === "number");
  return taken ? { value: Object.fromEntries(bounds) } : { must: `bounds such as {gte: 400}, of ${BOUNDS.join(", ")}` };
}
