import { z } from "zod";
import { GIVE_UP, RETRY, RunnerError } from "../../core/errors.ts";
import type { Http } from "../../core/http.ts";
import { parsedJson } from "../../core/json.ts";
import { Secret } from "../../core/secret.ts";
import { addressProblem } from "../../core/setting_kinds.ts";
import { isPage } from "../../core/web_page.ts";
import { askKibana } from "../../kibana/kibana.ts";
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
  /** Elasticsearch's address. */
  readonly url: string;
  readonly apiKey: Secret;
}

const TIMEOUT_MS = 30_000;
const HELP =
  "Set ELASTICSEARCH_URL with ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, or with KIBANA_URL, KIBANA_USERNAME and KIBANA_PASSWORD.";
const answerBody = z.object({ id: z.string().regex(/^[\w-]+$/), api_key: z.string().regex(/^[\w-]+$/) });

/**
 * Makes the key with the login that the environment holds, of Elasticsearch or of Kibana. A key can't make a key, so it must be
 * a user. Throws `usage` where the login is missing, `output_refused` where Elasticsearch refuses, those of Kibana, and the
 * errors of the way.
 */
export async function createApiKey(http: Http, environment: Environment): Promise<MadeApiKey> {
  const { ELASTICSEARCH_URL, ELASTICSEARCH_USERNAME, ELASTICSEARCH_PASSWORD } = environment;
  const { KIBANA_URL, KIBANA_USERNAME, KIBANA_PASSWORD } = environment;
  const url = address("ELASTICSEARCH_URL", ELASTICSEARCH_URL);
  if (ELASTICSEARCH_USERNAME && ELASTICSEARCH_PASSWORD) {
    return { url, apiKey: await byElasticsearch(http, url, ELASTICSEARCH_USERNAME, ELASTICSEARCH_PASSWORD) };
  }
  if (KIBANA_URL && KIBANA_USERNAME && KIBANA_PASSWORD) {
    const login = { username: KIBANA_USERNAME, password: new Secret(KIBANA_PASSWORD) };
    return { url, apiKey: await byKibana(http, address("KIBANA_URL", KIBANA_URL), login) };
  }
  throw missing("There is no login for Elasticsearch or Kibana.");
}

function address(variable: string, value: string | undefined): string {
  if (!value) {
    throw missing(`${variable} is not set.`);
  }
  const problem = addressProblem(value);
  if (problem !== undefined) {
    throw missing(`${variable}: ${problem}.`);
  }
  return value.replace(/\/+$/, "");
}

function missing(message: string): RunnerError {
  return new RunnerError("usage", message, { next: GIVE_UP, cure: HELP });
}

async function byElasticsearch(http: Http, url: string, username: string, password: string): Promise<Secret> {
  const { status, body } = await http.send({
    method: "POST",
    url: `${url}${API_KEY_PATH}`,
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
      "content-type": "application/json",
      accept: "application/json",
    },
    body: JSON.stringify(API_KEY_BODY),
    timeout: TIMEOUT_MS,
  });
  const key = status === 200 ? keyOf(parsedJson(body)) : undefined;
  if (key === undefined) {
    throw refusal(new URL(url).host, username, status, body);
  }
  return key;
}

/** By the way that Kibana's Dev Tools take to Elasticsearch (Kibana, src/platform/plugins/shared/console). */
async function byKibana(
  http: Http,
  url: string,
  login: { readonly username: string; readonly password: Secret },
): Promise<Secret> {
  const answer = await askKibana(http, login, {
    method: "POST",
    url: `${url}/api/console/proxy?path=${encodeURIComponent(API_KEY_PATH)}&method=POST`,
    body: { type: "application/json", content: Buffer.from(JSON.stringify(API_KEY_BODY)) },
    asked: "to make an API key",
    privilege: "Dev Tools: All, and in Elasticsearch the cluster privilege manage_own_api_key",
    timeout: TIMEOUT_MS,
    internal: true,
  });
  const key = keyOf(answer);
  if (key === undefined) {
    throw refusal(new URL(url).host, login.username, 200, "");
  }
  return key;
}

/** As the output's `api_key` takes it: `id:key`; `undefined` for any other answer. */
function keyOf(answer: unknown): Secret | undefined {
  const { data: made } = answerBody.safeParse(answer);
  return made === undefined ? undefined : new Secret(`${made.id}:${made.api_key}`);
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
