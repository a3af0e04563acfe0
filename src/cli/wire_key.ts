import { createHash } from "node:crypto";
import { Secret } from "../core/secret.ts";

/** A text that is equal for values that are equal, secrets included, and tells nothing of them. */
export function equalityKey(value: unknown): string {
  const text = JSON.stringify(value, function (this: Record<string, unknown>, name, part) {
    const original = this[name];
    return original instanceof Secret ? { secret: original.reveal() } : part;
  });
  return createHash("sha256").update(text).digest("base64url");
}
