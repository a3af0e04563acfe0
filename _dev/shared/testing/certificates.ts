/** Certificates for tests, made as they run: an own authority, and certificates that it issues for servers and clients. */
import "reflect-metadata";
import { isIP } from "node:net";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

const { crypto } = globalThis;
cryptoProvider.set(crypto);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

/** PEM texts; a certificate may have its authority's behind it. */
export interface KeyAndCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority {
  readonly certificate: string;
  issue(name: string): Promise<KeyAndCertificate>;
}

export async function makeAuthority(name: string): Promise<Authority> {
  const keys = await newKeys();
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
  const authority: X509Certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=${name}`,
      keys,
      ...validity,
      signingAlgorithm: ALGORITHM,
      extensions: [new BasicConstraintsExtension(true, 1, true)],
    },
    crypto,
  );
  return {
    certificate: authority.toString("pem"),
    async issue(subject) {
      const own = await newKeys();
      const certificate = await X509CertificateGenerator.create(
        {
          subject: `CN=${subject}`,
          issuer: authority.subject,
          publicKey: own.publicKey,
          signingKey: keys.privateKey,
          ...validity,
          signingAlgorithm: ALGORITHM,
          extensions: [
            new SubjectAlternativeNameExtension([{ type: isIP(subject) === 0 ? "dns" : "ip", value: subject }]),
            new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
          ],
        },
        crypto,
      );
      const key = await crypto.subtle.exportKey("pkcs8", own.privateKey);
      return { certificate: certificate.toString("pem"), key: PemConverter.encode(key, "PRIVATE KEY") };
    },
  };
}

function newKeys() {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}
