import { type ErrorCode, GIVE_UP, messageOf, type NextStep, RETRY, RunnerError } from "./errors.ts";
import { lookup } from "./lookup.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly what: string;
  readonly cure?: string;
  readonly next?: NextStep;
}

/** A host that waits for TLS ends a connection that begins without it, without a word. */
const PERHAPS_HTTPS = "If the host speaks https at this port, write https:// in the address.";

/** For what says nothing of its cause itself. */
const CHECK_THE_WAY = "Check the address, and the proxy and firewall on the way to it.";

const TLS_CURE =
  "If the host uses a private certificate authority, name it in ssl.certificate_authorities; otherwise something between here and the host replaces its certificate.";

/** What each error of Node's network, TLS and compression layers means. The only place that reads their codes. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOTFOUND: { code: "host_unknown", what: "the host name can't be resolved", cure: "Check the address and the DNS." },
  EAI_AGAIN: { code: "host_unknown", what: "the DNS server did not answer", cure: "Check the machine's DNS." },
  ECONNREFUSED: { code: "host_unreachable", what: "the connection was refused" },
  EHOSTUNREACH: {
    code: "host_unreachable",
    what: "the host can't be reached",
    cure: "Check the network and firewall.",
  },
  ENETUNREACH: { code: "host_unreachable", what: "the network can't be reached", cure: "Check the network." },
  ECONNRESET: { code: "connection_lost", what: "the connection was cut" },
  EPIPE: { code: "connection_lost", what: "the connection was cut" },
  ECONNABORTED: { code: "connection_lost", what: "the connection was cut" },
  ERR_STREAM_PREMATURE_CLOSE: { code: "connection_lost", what: "the answer ended early" },
  HPE_INVALID_CONSTANT: { code: "answer_unreadable", what: "the answer is not HTTP" },
  Z_BUF_ERROR: { code: "connection_lost", what: "the compressed answer ended early" },
  Z_DATA_ERROR: { code: "answer_unreadable", what: "the compressed answer is damaged" },
  ETIMEDOUT: { code: "timed_out", what: "no answer in time" },
  DEPTH_ZERO_SELF_SIGNED_CERT: { code: "tls_refused", what: "the certificate is self-signed", cure: TLS_CURE },
  SELF_SIGNED_CERT_IN_CHAIN: { code: "tls_refused", what: "the certificate chain is private", cure: TLS_CURE },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { code: "tls_refused", what: "the certificate can't be verified", cure: TLS_CURE },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    code: "tls_refused",
    what: "the certificate's issuer is unknown",
    cure: TLS_CURE,
  },
  CERT_HAS_EXPIRED: {
    code: "tls_refused",
    what: "the host's certificate has expired",
    cure: "The host needs a new certificate. If the one that it has is still valid, check this machine's clock.",
  },
  CERT_NOT_YET_VALID: {
    code: "tls_refused",
    what: "the host's certificate is not valid yet",
    cure: "Check this machine's clock.",
  },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    code: "tls_refused",
    what: "it speaks http at this port, not https",
    cure: "Name the port that speaks https. On this machine itself http:// is possible too.",
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    code: "tls_refused",
    what: "the certificate is for another host name",
    cure: "Check the address.",
  },
};

/** What has no code of its own, by the words of OpenSSL, of the connection pool and of gRPC, which keeps the words alone. */
const WORDS: ReadonlyArray<readonly [words: RegExp, code: string]> = [
  [/wrong version number|packet length too long/, "ERR_SSL_WRONG_VERSION_NUMBER"],
  [/other side closed/, "ECONNRESET"],
  [/self-signed certificate in certificate chain/, "SELF_SIGNED_CERT_IN_CHAIN"],
  [/self-signed certificate/, "DEPTH_ZERO_SELF_SIGNED_CERT"],
  [/unable to verify the first certificate/, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  [/unable to get local issuer certificate/, "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"],
  [/certificate has expired/, "CERT_HAS_EXPIRED"],
  [/certificate is not yet valid/, "CERT_NOT_YET_VALID"],
  [/does not match certificate's altnames/, "ERR_TLS_CERT_ALTNAME_INVALID"],
];

/** The first known code in an error, its causes and its parts. */
function knownCode(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 6; at = at.cause, depth += 1) {
    const code = (at as NodeJS.ErrnoException).code;
    if (lookup(MEANINGS, code) !== undefined) {
      return code;
    }
    const { message } = at;
    const said = WORDS.find(([words]) => words.test(message))?.[1];
    if (said !== undefined) {
      return said;
    }
    if (at instanceof AggregateError) {
      const inner = at.errors.map(knownCode).find((found) => found !== undefined);
      if (inner !== undefined) {
        return inner;
      }
    }
  }
  return undefined;
}

/** How a host was asked. */
export interface Way {
  /** Without TLS. */
  readonly plain?: boolean;
  /** Empty or absent for none. */
  readonly proxyUrl?: string | undefined;
  /** What to do where the failure itself does not tell; by default to check the way there. */
  readonly usualCure?: string;
}

/** What a proxy answered where it makes no tunnel, in the words of Node and of Elasticsearch's client. */
const NO_TUNNEL = /^(?:Failed to establish tunnel .*?|Bad response): .*?(\d{3})/;

/** A failure that is the proxy's: only its name is resolved and only it is connected to; the rest is behind it. */
function proxyError(
  proxy: string,
  host: string,
  error: unknown,
  meaning: Meaning | undefined,
): RunnerError | undefined {
  const status = error instanceof Error ? NO_TUNNEL.exec(error.message)?.[1] : undefined;
  if (status !== undefined) {
    return new RunnerError("host_unreachable", `The proxy ${proxy} does not connect to ${host} (status ${status}).`, {
      next: RETRY,
      cure:
        status === "407"
          ? "Write the proxy's user and password into proxy_url."
          : "Let the proxy allow this host, or take the proxy out of the policy.",
    });
  }
  if (meaning?.code !== "host_unknown" && meaning?.code !== "host_unreachable") {
    return undefined;
  }
  return new RunnerError(meaning.code, `No answer from the proxy ${proxy}: ${meaning.what}.`, {
    next: RETRY,
    cure: "Check proxy_url, and that the proxy is running.",
  });
}

/**
 * A failure on the way to `host` as a RunnerError. Pure. The failure itself is not kept as its cause: HTTP clients hang the
 * whole request on it, with the secrets in its headers and body.
 */
export function transportError(host: string, error: unknown, way: Way = {}): RunnerError {
  const { plain = false, proxyUrl, usualCure = CHECK_THE_WAY } = way;
  if (error instanceof RunnerError) {
    return error;
  }
  const code = knownCode(error);
  const meaning = lookup(MEANINGS, code);
  const proxy = proxyUrl === undefined || proxyUrl === "" ? undefined : new URL(proxyUrl).host;
  const ofProxy = proxy === undefined ? undefined : proxyError(proxy, host, error, meaning);
  if (ofProxy !== undefined) {
    return ofProxy;
  }
  const from = proxy === undefined ? host : `${host} through the proxy ${proxy}`;
  if (meaning === undefined) {
    const text = messageOf(error).replaceAll(/\s+/g, " ").trim().replace(/\.+$/, "");
    return new RunnerError("connection_lost", `No answer from ${from}: ${text}.`, { next: RETRY, cure: usualCure });
  }
  return new RunnerError(meaning.code, `No answer from ${from}: ${meaning.what} (${code}).`, {
    next: meaning.next ?? (meaning.code === "tls_refused" ? GIVE_UP : RETRY),
    cure: meaning.cure ?? (plain && code === "ECONNRESET" ? PERHAPS_HTTPS : usualCure),
  });
}
