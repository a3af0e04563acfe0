// The certificate library resolves its parts by metadata and needs this before its own import.
import "reflect-metadata";
import { generateKeyPair, type KeyObject, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { X509CertificateGenerator } from "@peculiar/x509";
import type { Secret } from "../../core/secret.ts";

const ALGORITHM = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

export interface AppKeyOptions {
  /** Length of the RSA modulus: 2048, 3072 or 4096. */
  readonly bits: number;
  /** Common name of the certificate. */
  readonly commonName: string;
  /** Days that the certificate is valid. */
  readonly days: number;
  /** Encrypts the private key. */
  readonly passphrase: Secret | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A key pair for the JWT bearer flow. */
export interface AppKey {
  /** PKCS#8, PEM; encrypted if there is a passphrase. */
  readonly privateKey: string;
  /** Self-signed X.509 certificate, PEM. */
  readonly certificate: string;
  /** Milliseconds since the epoch. */
  readonly certificateEnds: number;
}

/** Makes an RSA key and a self-signed certificate for it ("Create a Private Key and Self-Signed Digital Certificate", Salesforce DX). */
export async function makeAppKey(options: AppKeyOptions): Promise<AppKey> {
  const { bits, commonName, days, passphrase, now } = options;
  const pair = await promisify(generateKeyPair)("rsa", { modulusLength: bits });
  const certificateEnds = now + days * DAY_MS;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(certificateEnds),
    signingAlgorithm: ALGORITHM,
    keys: {
      privateKey: pair.privateKey.toCryptoKey(ALGORITHM, false, ["sign"]),
      publicKey: pair.publicKey.toCryptoKey(ALGORITHM, true, ["verify"]),
    },
  });
  return {
    privateKey: privateKeyPem(pair.privateKey, passphrase),
    certificate: `${certificate.toString("pem").trim()}\n`,
    certificateEnds,
  };
}

function privateKeyPem(key: KeyObject, passphrase: Secret | undefined): string {
  const encryption = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase: passphrase.reveal() };
  return key.export({ type: "pkcs8", format: "pem", ...encryption }).toString();
}

/** Positive, and not zero (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  return `01${randomBytes(15).toString("hex")}`;
}
