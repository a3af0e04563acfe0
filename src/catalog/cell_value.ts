import { isIPv6 } from "node:net";
import { isEmptyKey, isSalesforceId, toId18 } from "./salesforce_id.ts";

/*
 * A cell's text as a value in JSON. Each function returns the JSON text, "" where the cell says nothing, and undefined where the
 * text does not fit, so that the caller can keep it elsewhere. None of them throws.
 */

/** `plain`: no character of the text has to be escaped in JSON. */
export function textValue(text: string, plain: boolean): string {
  return plain ? `"${text}"` : JSON.stringify(text);
}

/** A whole number from 0 to 2^53 - 1, without leading zeros, which JSON refuses. */
export function wholeNumber(text: string): string | undefined {
  const length = text.length;
  if (length > 15 || (text.charCodeAt(0) === 48 && length > 1)) {
    return unusualWholeNumber(text);
  }
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 57) {
      return unusualWholeNumber(text);
    }
  }
  return text;
}

/** `12.0`, `007`, ` 12 ` and numbers near 2^53. */
function unusualWholeNumber(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === "") {
    return "";
  }
  if (!/^\d+(\.0*)?$/.test(trimmed)) {
    return undefined;
  }
  const value = Number(trimmed);
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

/** A decimal number. */
export function decimalNumber(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === "") {
    return "";
  }
  const value = decimal(trimmed);
  return value === undefined ? undefined : String(value);
}

/** A duration as a whole number of its unit; Salesforce gives some with a fraction. */
export function wholeDuration(text: string): string | undefined {
  const whole = wholeNumber(text);
  if (whole !== undefined) {
    return whole;
  }
  const value = decimal(text);
  if (value === undefined || value < 0) {
    return undefined;
  }
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? String(rounded) : undefined;
}

/** As decimalNumber, but never negative. */
export function measure(text: string): string | undefined {
  const number = decimalNumber(text);
  return number?.startsWith("-") ? undefined : number;
}

function decimal(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/.test(trimmed)) {
    return undefined;
  }
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : undefined;
}

/** Salesforce documents `true` and `false` and delivers `1` and `0`. */
export function booleanValue(text: string): string | undefined {
  switch (text) {
    case "1":
    case "true":
      return "true";
    case "0":
    case "false":
      return "false";
  }
  switch (text.trim().toLowerCase()) {
    case "":
      return "";
    case "1":
    case "true":
      return "true";
    case "0":
    case "false":
      return "false";
    default:
      return undefined;
  }
}

/** A record id with 18 characters; the key of no record says nothing. */
export function idValue(text: string): string | undefined {
  if (!isSalesforceId(text)) {
    const trimmed = text.trim();
    return trimmed === text ? undefined : trimmed === "" ? "" : idValue(trimmed);
  }
  return isEmptyKey(text) ? "" : `"${toId18(text)}"`;
}

/** Whether Elasticsearch takes the text as an `ip`: an IPv4 or IPv6 address without port, mask or zone. */
export function isIp(text: string): boolean {
  return isIpv4(text) || (text.includes(":") && !text.includes("%") && isIPv6(text));
}

function isIpv4(text: string): boolean {
  const length = text.length;
  if (length < 7 || length > 15) {
    return false;
  }
  let parts = 1;
  let value = -1;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code === 46) {
      if (value < 0) {
        return false;
      }
      parts++;
      value = -1;
    } else if (code >= 48 && code <= 57) {
      if (value === 0) {
        return false;
      }
      value = (value < 0 ? 0 : value * 10) + code - 48;
      if (value > 255) {
        return false;
      }
    } else {
      return false;
    }
  }
  return parts === 4 && value >= 0;
}

/** The addresses that a text names. */
export interface Addresses {
  readonly ips: readonly string[];
  /** The port behind the first of them. */
  readonly port: number | undefined;
  /** Whether the text is nothing but addresses. */
  readonly whole: boolean;
}

const WITH_PORT = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(\d{1,5}))?$/;

/**
 * Every address of a list as an X-Forwarded-For header has it, each at most once, with or without a port: `1.2.3.4`,
 * `1.2.3.4:5678`, `2001:db8::1`, `[2001:db8::1]:443`.
 */
export function addresses(text: string): Addresses {
  const ips: string[] = [];
  let port: number | undefined;
  let whole = true;
  for (const part of text.split(/[,;\s]+/)) {
    if (part === "") {
      continue;
    }
    const [, bracketed, plain, digits] = WITH_PORT.exec(part) ?? [];
    const ip = isIp(part) ? part : (bracketed ?? plain);
    if (ip === undefined || !isIp(ip) || Number(digits ?? 0) > 65_535) {
      whole = false;
      continue;
    }
    if (ip !== part) {
      whole = false;
    }
    if (ips.length === 0 && digits !== undefined) {
      port = Number(digits);
    }
    if (!ips.includes(ip)) {
      ips.push(ip);
    }
  }
  return { ips, port, whole };
}

const CREDENTIALS = /(?<=:\/\/)[^/?#"\\\s]*@/g;

/**
 * A parameter that lets whoever knows it in, and its value; also one of an address inside of another one. A short `code` or `key` is
 * of a country or a record.
 */
const SECRET = new RegExp(
  `((?:^|[?&#;]|%3F|%26|%23)(?:${[
    String.raw`[\w.~-]{0,64}(?:token|secret|passw(?:or)?d|pwd|signature|api[-_]?key|session[-_]?id)`,
    "sid|sig|pw|jwt|assertion|samlresponse",
    String.raw`(?:code|key)(?==[^&#"\\\s]{20})`,
  ].join("|")}))${String.raw`(?:=[^&#?"\\\s]*|(%3D)(?:(?!%26|%23)[^&#?"\\\s])*)`}`,
  "gi",
);

/**
 * Text without the user and password of addresses in it, `https://user:secret@host/` as `https://host/`, and without the ids of
 * sessions, tokens, passwords and the like in their parameters: `?sid=REDACTED`. JSON stays JSON.
 */
export function withoutSecrets(text: string): string {
  const open = text.includes("@") ? text.replace(CREDENTIALS, "") : text;
  return open.includes("=") ? open.replace(SECRET, (_, name, equals = "=") => `${name}${equals}REDACTED`) : open;
}

/** `66` as `66.0`, the form that Salesforce's addresses have; any other text as it is. */
export function apiVersion(text: string): string {
  const trimmed = text.trim();
  return /^\d{1,4}$/.test(trimmed) ? `${trimmed}.0` : trimmed;
}

/**
 * The text without the one pair of quotes that Salesforce puts inside the values of the types EscapedString and Set
 * (`"""example"""` in the file).
 */
export function withoutInnerQuotes(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

/** Percent-decoded, unless what it would decode is not percent-encoded UTF-8. */
export function percentDecoded(text: string): string {
  if (!text.includes("%")) {
    return text;
  }
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The members of a set of names or ids, which hold neither blanks nor separators nor quotes. */
export function setMembers(text: string): readonly string[] {
  return text.split(/[\s,;|"[\]]+/).filter((member) => member !== "");
}
