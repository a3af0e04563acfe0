import { X509Certificate } from "node:crypto";
import { Agent, request } from "node:https";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { transportError } from "../core/transport_meaning.ts";

/** How long a handshake may take. */
const HANDSHAKE_MS = 30_000;

/**
 * The certificate authority with this SHA-256 (64 hexadecimal digits, capitals) that one of the hosts shows, as PEM text. It is
 * fetched by a handshake that trusts nobody and tells no secret; whoever then connects trusts this authority and checks the
 * whole chain by it. Rejects with `tls_refused` if no host shows it, and with the errors of transport_meaning.ts if none answers.
 */
export async function authorityByFingerprint(
  hosts: readonly string[],
  fingerprint: string,
  proxyUrl?: string,
): Promise<string> {
  let failure: unknown;
  for (const host of hosts.filter((address) => address.startsWith("https:"))) {
    try {
      const chain = await shownChain(host, proxyUrl);
      const found = chain.find((certificate) => sha256(certificate) === fingerprint);
      if (found?.ca === true) {
        return found.toString();
      }
      failure ??= new RunnerError(
        "tls_refused",
        `${new URL(host).host} shows no certificate authority with the fingerprint of ssl.ca_trusted_fingerprint.`,
        {
          next: GIVE_UP,
          cure: "Check the fingerprint; if the host does not send its authority, name the file in ssl.certificate_authorities.",
        },
      );
    } catch (error) {
      failure ??= transportError(new URL(host).host, error, { proxyUrl });
    }
  }
  throw (
    failure ??
    new RunnerError("tls_refused", "ssl.ca_trusted_fingerprint needs hosts that start with https://.", {
      next: GIVE_UP,
      cure: "Write https:// in the output's hosts, or leave the fingerprint out.",
    })
  );
}

function shownChain(host: string, proxyUrl: string | undefined): Promise<X509Certificate[]> {
  const proxyEnv = proxyUrl === undefined ? {} : { proxyEnv: { HTTPS_PROXY: proxyUrl } };
  const agent = new Agent({ ...proxyEnv, maxSockets: 1 });
  return new Promise<X509Certificate[]>((resolve, reject) => {
    const probe = request(host, { agent, method: "HEAD", rejectUnauthorized: false, timeout: HANDSHAKE_MS });
    probe.on("socket", (socket: TLSSocket) => {
      const shown = () => {
        resolve(chainOf(socket.getPeerCertificate(true)));
        probe.destroy();
      };
      // Through a proxy the handshake is over before the request gets its socket.
      if ("secureConnecting" in socket && socket.secureConnecting === false) {
        shown();
      } else {
        socket.once("secureConnect", shown);
      }
    });
    probe.on("timeout", () => probe.destroy(Object.assign(new Error("no handshake"), { code: "ETIMEDOUT" })));
    probe.on("error", reject);
  }).finally(() => agent.destroy());
}

/** The last certificate names itself as its issuer. */
function chainOf(leaf: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  for (
    let at: DetailedPeerCertificate | undefined = leaf;
    at?.raw !== undefined && !seen.has(at.fingerprint256);
    at = at.issuerCertificate
  ) {
    seen.add(at.fingerprint256);
    chain.push(new X509Certificate(at.raw));
  }
  return chain;
}

function sha256(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(":", "");
}
