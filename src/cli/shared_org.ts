import { createHash } from "node:crypto";
import type { Input } from "../policy/policy.ts";

/** Ids of documents that begin with it must not be beyond the 512 bytes that Elasticsearch allows. */
const LONGEST = 300;

/** Whose calls count together: those of one user at one login host, whatever the input is called. */
export function callerOf({ auth }: Pick<Input, "auth">): string {
  return `${auth.username} at ${new URL(auth.loginUrl).host}`;
}

/**
 * What an input is called in the state that hosts share: the same on every host that has it from the same policy, and another for
 * another user or org, whatever id a hand-written policy gives it.
 */
export function sharedOrg(input: Pick<Input, "id" | "auth">): string {
  const name = `${input.id} of ${callerOf(input)}`;
  return Buffer.byteLength(name) <= LONGEST ? name : createHash("sha256").update(name).digest("hex");
}
