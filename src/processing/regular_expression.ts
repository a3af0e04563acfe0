/**
 * Regular expressions of policies, in the syntax of Go's RE2 as in Elastic's own agents. They take time linear in the text
 * whatever they are, so that no event can hold a runner up.
 */
import type { RE2JS } from "re2js";

export interface RegularExpression {
  /** Whether the text holds something that fits. */
  test(text: string): boolean;
}

let engine: typeof RE2JS | undefined;

/** Only these have regular expressions in them. */
const SETTINGS_WITH_ONE = /regexp|drop_fields/;

/**
 * To be awaited before a policy, as text or as a value, is read: the engine takes some megabytes of memory, which a policy
 * without regular expressions does not cost.
 */
export async function prepareRegularExpressions(policy: unknown): Promise<void> {
  const text = typeof policy === "string" ? policy : (JSON.stringify(policy) ?? "");
  if (engine === undefined && SETTINGS_WITH_ONE.test(text)) {
    engine = (await import("re2js")).RE2JS;
  }
}

/** `undefined` if the text is none. */
export function regularExpression(text: string): RegularExpression | undefined {
  if (engine === undefined) {
    throw new Error("A policy with regular expressions was read without prepareRegularExpressions.");
  }
  try {
    return engine.compile(text);
  } catch {
    return undefined;
  }
}
