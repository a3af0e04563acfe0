import { type Answer, json } from "./answer.ts";
import type { Given } from "./given.ts";

const PREFIX = "/__control/";

export function isControlPath(path: string): boolean {
  return path.startsWith(PREFIX);
}

/** `POST /__control/<verb>` with the arguments as a JSON array: the builder for tests in another process. */
export async function controlRoute(path: string, body: string, given: Given): Promise<Answer> {
  const verb = path.slice(PREFIX.length);
  if (!isVerb(verb, given)) {
    return json(404, { problem: `no verb ${verb}; there are: ${Object.keys(given).join(", ")}` });
  }
  try {
    const args: unknown = JSON.parse(body === "" ? "[]" : body);
    if (!Array.isArray(args)) {
      throw new Error("the arguments are not a JSON array");
    }
    // The verbs check their own arguments; over HTTP they have no static types.
    const call = given[verb] as (...args: unknown[]) => Promise<unknown>;
    return json(200, { result: (await call(...args)) ?? null });
  } catch (error) {
    return json(400, { problem: error instanceof Error ? error.message : String(error) });
  }
}

/** The same builder, steering an org at `url` in another process. */
export function remoteGiven(url: string): Given {
  const call = async (verb: string, args: readonly unknown[]): Promise<unknown> => {
    const response = await fetch(`${url}${PREFIX}${verb}`, { method: "POST", body: JSON.stringify(args) });
    const answer = (await response.json()) as { result?: unknown; problem?: string };
    if (!response.ok) {
      throw new Error(`mock org: ${answer.problem}`);
    }
    return answer.result ?? undefined;
  };
  return new Proxy({} as Given, {
    // A builder is not a promise: `await` must not take it for one.
    get: (_target, verb) => (verb === "then" ? undefined : (...args: unknown[]) => call(String(verb), args)),
  });
}

function isVerb(verb: string, given: Given): verb is keyof Given & string {
  return Object.hasOwn(given, verb);
}
