/**
 * Kibana's Fleet API, as far as it is needed here: https://www.elastic.co/docs/api/doc/kibana, "Elastic Package Manager (EPM)"
 * and "Elastic Agent policies". The only place that reads its status codes.
 */
import { type AnswerMeaning, GIVE_UP, RETRY, RunnerError } from "../core/errors.ts";
import { type Http, type HttpAnswer, MEGABYTE } from "../core/http.ts";
import { parsedJson } from "../core/json.ts";
import type { Secret } from "../core/secret.ts";

export type KibanaCredentials = { readonly apiKey: Secret } | { readonly username: string; readonly password: Secret };

export interface KibanaRequest {
  readonly method: "GET" | "POST";
  /** Absolute; https, or http to this machine itself. */
  readonly url: string;
  readonly body?: { readonly type: string; readonly content: Uint8Array };
  /** What is asked for, for messages: `the agent policy 0c1d`. */
  readonly asked: string;
  /** The privilege that it needs, as Kibana's role page calls it. */
  readonly privilege: string;
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** Kibana 9 gives what is not among its public APIs only to who says where the request comes from. */
  readonly internal?: true;
}

const API_VERSION = "2023-10-31";
const ORIGIN = "aquila-salesforce";

/** What Kibana's refusals mean; `{privilege}` and `{asked}` are filled in. */
const MEANINGS: Readonly<Record<number, AnswerMeaning>> = {
  400: { code: "kibana_refused", next: GIVE_UP, what: "does not accept {asked}" },
  401: {
    code: "kibana_login_refused",
    next: GIVE_UP,
    what: "does not know the API key or user",
    cure: "Check KIBANA_API_KEY (the base64 form that Kibana calls 'encoded'), or KIBANA_USERNAME and KIBANA_PASSWORD.",
  },
  403: {
    code: "kibana_login_refused",
    next: GIVE_UP,
    what: "does not allow {asked}",
    cure: "The API key or user needs the Kibana privilege {privilege}.",
  },
  404: {
    code: "kibana_refused",
    next: GIVE_UP,
    what: "does not know {asked}",
    cure: "Check the address, with the space's /s/NAME in it if there is one.",
  },
  409: { code: "kibana_busy", next: RETRY, what: "is busy with another installation", cure: "Try again in a minute." },
  413: {
    code: "kibana_refused",
    next: GIVE_UP,
    what: "or a proxy before it finds the request too large",
    cure: "Allow larger requests in the proxy.",
  },
  429: { code: "kibana_busy", next: RETRY, what: "asks to come back later", cure: "Try again in a minute." },
};

/** Bytes; an agent policy with thousands of orgs is among the answers. */
const LONGEST_ANSWER = 64 * MEGABYTE;

/** The JSON of a successful answer. Throws RunnerErrors of the table above, and those of the way to the host. */
export async function askKibana(http: Http, credentials: KibanaCredentials, request: KibanaRequest): Promise<unknown> {
  const answer = await http.send({
    method: request.method,
    url: request.url,
    headers: {
      authorization: authorization(credentials),
      "elastic-api-version": API_VERSION,
      "kbn-xsrf": ORIGIN,
      ...(request.internal === true ? { "x-elastic-internal-origin": ORIGIN } : {}),
      ...(request.body === undefined ? {} : { "content-type": request.body.type }),
    },
    ...(request.body === undefined ? {} : { body: request.body.content }),
    timeout: request.timeout,
    longest: LONGEST_ANSWER,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  const json = parsedJson(answer.body);
  if (answer.status === 200 && json !== undefined) {
    return json;
  }
  throw refusal(answer, json, request);
}

function authorization(credentials: KibanaCredentials): string {
  if ("apiKey" in credentials) {
    return `ApiKey ${credentials.apiKey.reveal()}`;
  }
  const pair = `${credentials.username}:${credentials.password.reveal()}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

function refusal(answer: HttpAnswer, json: unknown, { url, asked, privilege }: KibanaRequest): RunnerError {
  const { host } = new URL(url);
  const meaning = MEANINGS[answer.status] ?? unexpected(answer.status);
  const fill = (text: string) => text.replaceAll("{asked}", asked).replaceAll("{privilege}", privilege);
  const said = typeof json === "object" && json !== null && "message" in json ? `: ${String(json.message)}` : "";
  return new RunnerError(meaning.code, `Kibana at ${host} ${fill(meaning.what)} (${answer.status}${said}).`, {
    next: meaning.next,
    cure: meaning.cure === undefined ? undefined : fill(meaning.cure),
  });
}

function unexpected(status: number): AnswerMeaning {
  if (status >= 500) {
    return { code: "kibana_busy", next: RETRY, what: "is not available" };
  }
  return {
    code: "kibana_refused",
    next: GIVE_UP,
    what: "gave an answer that is not Kibana's",
    cure: "Check the address: it must be Kibana's own, not that of Elasticsearch or of a login page.",
  };
}
