import { z } from "zod";
import { GIVE_UP, RETRY, RunnerError } from "../../core/errors.ts";
import type { Http } from "../../core/http.ts";
import { Secret } from "../../core/secret.ts";
import { isPage } from "../../core/web_page.ts";
import { addressProblem } from "../../policy/setting_kinds.ts";
import type { Environment } from "../../policy/variables.ts";
import { LOOK_UP_PRIVILEGE, NEEDED_PRIVILEGES } from "../check/elasticsearch_answers.ts";

/** Path and body of the request that makes an API key which may do what the runner does, and nothing else. */
export const API_KEY_PATH = "/_security/api_key";
export const API_KEY_BODY = {
  name: "aquila-salesforce",
  role_descriptors: {
    aquila_salesforce: {
      cluster: ["monitor"],
      indices: [{ names: ["logs-*"], privileges: [...NEEDED_PRIVILEGES, LOOK_UP_PRIVILEGE] }],
    },
  },
};

export interface MadeApiKey {
  readonly url: string;
  /** As the output's `api_key` takes it: `id:key`. */
  readonly apiKey: Secret;
}

const TIMEOUT_MS = 30_000;
const HELP =
  "Set ELASTICSEARCH_URL, ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, of a user who logs in to Kibana too.";
const answerBody = z.object({ id: z.string().regex(/^[\w-]+$/), api_key: z.string().regex(/^[\w-]+$/) });

/**
 * Makes the key with the login that the environment holds. A key can't make a key, so it must be a user. Throws `usage` where
 * the login is missing, `output_refused` where Elasticsearch refuses, and the errors of the way.
 */
export async function createApiKey(http: Pick<Http, "send">, environment: Environment): Promise<MadeApiKey> {
  const { ELASTICSEARCH_URL: url, ELASTICSEARCH_USERNAME: username, ELASTICSEARCH_PASSWORD: password } = environment;
  if (!url || !username || !password) {
    throw new RunnerError("usage", "There is no login for Elasticsearch.", { next: GIVE_UP, cure: HELP });
  }
  const problem = addressProblem(url);
  if (problem !== undefined) {
    throw new RunnerError("usage", `ELASTICSEARCH_URL: ${problem}.`, { next: GIVE_UP, cure: HELP });
  }
  const base = url.replace(/\/+$/, "");
  const { status, body } = await http.send({
    method: "POST",
    url: `${base}${API_KEY_PATH}`,
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
      "content-type": "application/json",
      accept: "application/json",
    },
    body: JSON.stringify(API_KEY_BODY),
    timeout: TIMEOUT_MS,
  });
  const made = status === 200 ? answerBody.safeParse(json(body)).data : undefined;
  if (made === undefined) {
    throw refusal(new URL(base).host, username, status, body);
  }
  return { url: base, apiKey: new Secret(`${made.id}:${made.api_key}`) };
}

function refusal(host: string, username: string, status: number, body: string): RunnerError {
  const refused = (message: string, cure: string) =>
    new RunnerError("output_refused", message, { next: GIVE_UP, cure });
  if (status === 401) {
    return refused(
      `Elasticsearch refused the login of ${username} (401).`,
      "Check ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD.",
    );
  }
  if (status === 403) {
    return refused(
      `${username} may not make API keys (403).`,
      "Log in as a user with the cluster privilege manage_own_api_key or manage_api_key.",
    );
  }
  if (status >= 500 || status === 429) {
    return new RunnerError("output_unreachable", `Elasticsearch made no API key (status ${status}).`, {
      next: RETRY,
      cure: "Try again when it runs.",
    });
  }
  const what = isPage(body) ? ", with a web page" : "";
  return refused(
    `${host} made no API key (status ${status}${what}).`,
    "Check that ELASTICSEARCH_URL is Elasticsearch's own address, not Kibana's, and that its security is on.",
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
