import { EVENT_TYPES, findLogFileType } from "../../catalog/catalog.ts";
import type { EventTypeChoice } from "./listing_soql.ts";

/** Names as Salesforce gives them, and patterns of them, in which `*` stands for any letters. */
const NAME = /^[A-Za-z0-9_]{1,80}$/;
const NAME_OR_PATTERN = /^[A-Za-z0-9_*]{1,80}$/;

/** Whether a listed event type or pattern stands for this one: a pattern, for those that have no place of their own in the catalogue. Pure. */
export function standsFor(listed: string, name: string): boolean {
  return listed === name || (isPattern(listed) && isOther(name, NAME_OR_PATTERN) && fits(listed, name));
}

/** Whether the listed event types and patterns stand for a type that an org has. Pure. */
export function wants(listed: readonly string[], eventType: unknown): eventType is string {
  return typeof eventType === "string" && !isPattern(eventType) && listed.some((one) => standsFor(one, eventType));
}

/** What to ask an org for: patterns are not asked for, but what they can't stand for is left out. Pure. */
export function askedTypes(listed: readonly string[]): EventTypeChoice {
  return listed.some(isPattern) ? { allBut: EVENT_TYPES.map(({ name }) => name) } : { only: listed };
}

/** Whether a type is in the answer only because patterns can't be asked for. Pure. */
export function isPassedOver(listed: readonly string[], eventType: unknown): boolean {
  return listed.some(isPattern) && isOther(eventType, NAME) && !wants(listed, eventType);
}

function isPattern(name: string): boolean {
  return name.includes("*");
}

function isOther(name: unknown, form: RegExp): boolean {
  return typeof name === "string" && form.test(name) && findLogFileType(name) === undefined;
}

function fits(pattern: string, name: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  const last = others.pop();
  if (last === undefined) {
    return pattern === name;
  }
  if (!name.startsWith(first)) {
    return false;
  }
  let at = first.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found < 0) {
      return false;
    }
    at = found + part.length;
  }
  return name.length - at >= last.length && name.endsWith(last);
}
