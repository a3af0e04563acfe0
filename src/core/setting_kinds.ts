/**
 * The kinds of values that settings have, as zod schemas from the policy's text to the value that the runner uses. Messages
 * end a sentence that starts with the setting's path, and never repeat the value of a secret.
 */
import { z } from "zod";
import { formatDuration, parseDuration } from "./duration.ts";
import { isLoopback } from "./loopback.ts";
import { Secret } from "./secret.ts";

/** The kinds as the package's manifests know them: each is rendered as one type of variable. */
export type SettingKind = "text" | "secret" | "url" | "duration" | "number" | "flag" | "choice" | "list" | "yaml";

export interface SettingText {
  readonly kind: SettingKind;
  /** Label in Fleet. */
  readonly title: string;
  /** One or two sentences for the person who fills it in. */
  readonly help: string;
  /** Asked of everybody, because most people have to decide it; the others are under "Advanced options". */
  readonly shown?: boolean;
  /** What the values of a `choice` are called. */
  readonly choices?: Readonly<Record<string, string>>;
}

/** What is known of each setting besides its schema. */
export const SETTING_TEXTS = z.registry<SettingText>();

/** Declares a setting: its schema, default included, and what a person has to know. Several settings may share a schema. */
export function setting<S extends z.ZodType>(
  kind: SettingKind,
  schema: S,
  title: string,
  help: string,
  more: Pick<SettingText, "shown" | "choices"> = {},
): S {
  const own = schema.clone();
  SETTING_TEXTS.add(own, { kind, title, help, ...more });
  return own;
}

/** Text that is not empty. A number is taken as text, because YAML reads an unquoted 42 as one. */
export const text = z.preprocess(
  (value) => (typeof value === "number" ? String(value) : value),
  z.string().trim().min(1, "must not be empty"),
);

export const secretText = z
  .string()
  .min(1, "must not be empty")
  .transform((value) => new Secret(value));

/** True or false, also as text: a variable's value is always text. */
export const flag = z.preprocess(
  (value) => (value === "true" ? true : value === "false" ? false : value),
  z.boolean("must be true or false"),
);

export function wholeNumber(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z.preprocess(
    (value) => (typeof value === "string" && /^\d+$/.test(value.trim()) ? Number(value) : value),
    z.int(message).min(least, message).max(most, message),
  );
}

const DAY_MS = 86_400_000;

/** A duration such as `90s` or `1h30m`, in milliseconds. */
export function duration(least: number, most = 36_500 * DAY_MS) {
  return z.string("must be a duration with its unit, such as 90s, 10m or 1h30m").transform((value, ctx) => {
    const ms = parseDuration(value.replaceAll(/\s+/g, ""));
    if (ms === undefined) {
      ctx.issues.push({
        code: "custom",
        message: `${JSON.stringify(value)} is not a duration; write for example 90s, 10m or 1h30m`,
        input: value,
      });
      return z.NEVER;
    }
    if (ms < least || ms > most) {
      ctx.issues.push({
        code: "custom",
        message: `must be between ${formatDuration(least)} and ${formatDuration(most)}`,
        input: value,
      });
      return z.NEVER;
    }
    return ms;
  });
}

/** A list of texts without repetitions; a single text is a list of one. */
export const textList = z
  .preprocess((value) => (typeof value === "string" ? [value] : value), z.array(text))
  .transform((values) => [...new Set(values)]);

/** What is wrong with an address that secrets or events travel to; `undefined` if nothing is. */
export function addressProblem(address: string): string | undefined {
  if (!URL.canParse(address)) {
    return `${JSON.stringify(address)} is not a web address`;
  }
  const url = new URL(address);
  if (url.username !== "" || url.password !== "") {
    return "must not hold a user name or password; they have settings of their own";
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return "must start with https://";
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    return "must start with https://; plain http is allowed only to this machine itself";
  }
  return undefined;
}

/** The address of a proxy. A user name and password may be part of it, so it is a secret. Plain http is usual. */
export const proxyUrl = z.string().transform((value, ctx) => {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    ctx.issues.push({ code: "custom", message: "must be a web address, such as http://proxy:3128", input: "" });
    return z.NEVER;
  }
  return new Secret(value);
});
