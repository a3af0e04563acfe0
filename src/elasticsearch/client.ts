import { Client, errors, HttpConnection } from "@elastic/elasticsearch";
import { type ErrorCode, RETRY, RunnerError } from "../core/errors.ts";
import { MEGABYTE, type TlsTrust, tlsOptions } from "../core/http.ts";
import type { Secret } from "../core/secret.ts";
import { transportError } from "../core/transport_meaning.ts";

export interface ElasticsearchOptions {
  readonly hosts: readonly string[];
  readonly apiKey?: Secret;
  readonly username?: string;
  readonly password?: Secret;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: TlsTrust;
  readonly proxyUrl?: string;
  readonly proxyHeaders?: Readonly<Record<string, string>>;
  /** 0 (none) to 9. */
  readonly compressionLevel: number;
  /** Events in one bulk request. */
  readonly bulkMaxSize?: number | undefined;
  /** Bulk requests under way at once. */
  readonly workers: number;
  /** Milliseconds for one bulk request. */
  readonly requestTimeout: number;
  readonly userAgent?: string;
}

/** Bytes of the longest answer that is read: that to a full bulk request has some 10 kB, with a reason for each event 1 MB. */
const LONGEST_ANSWER = 16 * MEGABYTE;
/** Of one that comes compressed, though none is asked for. */
const LONGEST_COMPRESSED_ANSWER = 64 * 1024;

/** A client of Elasticsearch that repeats nothing by itself. */
export function createElasticsearchClient(options: ElasticsearchOptions): Client {
  return new Client({
    nodes: [...options.hosts],
    maxRetries: 0,
    maxResponseSize: LONGEST_ANSWER,
    maxCompressedResponseSize: LONGEST_COMPRESSED_ANSWER,
    requestTimeout: options.requestTimeout,
    headers: { "user-agent": options.userAgent ?? "aquila-salesforce", ...inLowerCase(options.headers) },
    ...(options.apiKey !== undefined
      ? { auth: { apiKey: options.apiKey.reveal() } }
      : options.username !== undefined
        ? { auth: { username: options.username, password: options.password?.reveal() ?? "" } }
        : {}),
    ...(options.proxyUrl === undefined ? {} : throughProxy(options.proxyUrl, options.proxyHeaders)),
    tls: tlsOptions(options.tls),
  });
}

/** The client sends a header twice that it finds in two ways of writing. */
function inLowerCase(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The client's usual connections know no proxies; its older ones hand the agent's options to the proxy's request. */
function throughProxy(
  proxyUrl: string,
  headers: Readonly<Record<string, string>> = {},
): Partial<ConstructorParameters<typeof Client>[0]> {
  const agent = Object.assign({ keepAlive: true }, { proxyRequestOptions: { headers } });
  return { Connection: HttpConnection, proxy: proxyUrl, agent };
}

/** What Elasticsearch is asked for: the error's code while it can't be reached, and where its address stands. */
interface Use {
  readonly code: ErrorCode;
  readonly hosts: string;
}
const OUTPUT: Use = { code: "output_unreachable", hosts: "the output's hosts" };
export const SHARED_STATE: Use = { code: "shared_state_unreachable", hosts: "state.hosts" };

/**
 * Why Elasticsearch gave no answer. The client's own errors carry their cause in words only; a code within them is looked up
 * like any other.
 */
export function unreachable(
  { hosts, proxyUrl }: Pick<ElasticsearchOptions, "hosts" | "proxyUrl">,
  error: unknown,
  use: Use = OUTPUT,
): RunnerError {
  const host = hosts.join(", ");
  const usualCure = `Check ${use.hosts}, and that Elasticsearch is running.`;
  if (error instanceof errors.TimeoutError) {
    return new RunnerError(use.code, `Elasticsearch at ${host} did not answer in time.`, {
      next: RETRY,
      cure: usualCure,
    });
  }
  const plain = hosts.some((one) => one.startsWith("http:"));
  const inner = transportError(host, withCode(error), { plain, proxyUrl, usualCure });
  const code = inner.code === "tls_refused" ? inner.code : use.code;
  return new RunnerError(code, `Elasticsearch can't be reached: ${inner.message}`, {
    next: RETRY,
    cure: inner.cure,
  });
}

/** Whether a request that ended with the error may have reached Elasticsearch; `unreachable` has made it. */
export function mayHaveArrived({ code, message }: RunnerError): boolean {
  return code !== "tls_refused" && !/\b(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)\b/.test(message);
}

/** What OpenSSL says of a certificate, and Node's code for it. */
const CERTIFICATE_WORDS: ReadonlyArray<readonly [words: string, code: string]> = [
  ["self-signed certificate in certificate chain", "SELF_SIGNED_CERT_IN_CHAIN"],
  ["self-signed certificate", "DEPTH_ZERO_SELF_SIGNED_CERT"],
  ["unable to verify the first certificate", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  ["unable to get local issuer certificate", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"],
  ["certificate has expired", "CERT_HAS_EXPIRED"],
  ["certificate is not yet valid", "CERT_NOT_YET_VALID"],
  ["does not match certificate's altnames", "ERR_TLS_CERT_ALTNAME_INVALID"],
];

function withCode(error: unknown): unknown {
  if (!(error instanceof errors.ElasticsearchClientError)) {
    return error;
  }
  const { message } = error;
  const code =
    CERTIFICATE_WORDS.find(([words]) => message.includes(words))?.[1] ??
    /\b(E[A-Z]{4,}|[A-Z]+_[A-Z_]+)\b/.exec(message)?.[1];
  return code === undefined ? error : Object.assign(new Error(message), { code });
}
