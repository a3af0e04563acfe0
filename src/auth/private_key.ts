import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type ErrorCode, GIVE_UP, RunnerError } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";

/** Where the private key of a login comes from: exactly one of the first two is there. */
export interface PrivateKeySource {
  readonly privateKey?: Secret | undefined;
  readonly privateKeyPath?: string | undefined;
  readonly privateKeyPassphrase?: Secret | undefined;
}

/** The smallest RSA key that RS256 allows (RFC 7518, 3.3). */
const LEAST_BITS = 2048;

/** The RSA key of a source, read anew at each call so that a key file may be replaced. Errors as of `parsePrivateKey`, and `key_unreadable`. */
export async function readPrivateKey(source: PrivateKeySource): Promise<KeyObject> {
  const passphrase = source.privateKeyPassphrase?.reveal();
  if (source.privateKeyPath === undefined) {
    return parsePrivateKey(source.privateKey?.reveal() ?? "", passphrase, "auth.private_key");
  }
  const path = source.privateKeyPath;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw refused(
      "key_unreadable",
      `The private key file ${path} can't be read (${code}).`,
      UNREADABLE_CURES[code ?? ""] ?? "Check auth.private_key_path.",
    );
  }
  return parsePrivateKey(text, passphrase, path);
}

const UNREADABLE_CURES: Readonly<Record<string, string>> = {
  ENOENT: "Check auth.private_key_path: there is no such file.",
  EACCES: "Let the user that runs the runner read the file, and nobody else.",
  EISDIR: "auth.private_key_path must name the file, not its folder.",
};

/**
 * The RSA private key in a PEM text: PKCS#1 or PKCS#8, plain or encrypted; line breaks may be written as `\n`, be replaced by
 * spaces or be missing, and the whole text may be in base64. `where` names the text in errors:
 * `key_not_pem`, `key_not_rsa`, `key_too_weak`, `key_passphrase_missing`, `key_passphrase_wrong`.
 */
export function parsePrivateKey(text: string, passphrase: string | undefined, where: string): KeyObject {
  const block = privateKeyBlock(unpacked(text), where);
  const encrypted = block.label === "ENCRYPTED PRIVATE KEY" || block.headers.length > 0;
  if (encrypted && (passphrase === undefined || passphrase === "")) {
    throw refused(
      "key_passphrase_missing",
      `The private key in ${where} is encrypted.`,
      "Set auth.private_key_passphrase.",
    );
  }
  const key = decoded(block, encrypted ? passphrase : undefined, where);
  if (key.asymmetricKeyType !== "rsa") {
    const type = key.asymmetricKeyType?.toUpperCase() ?? "unknown";
    throw refused(
      "key_not_rsa",
      `The private key in ${where} is of type ${type}; Salesforce takes RSA keys only.`,
      "Make an RSA key of 2048 bits or more with its certificate, and upload that certificate to the app.",
    );
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < LEAST_BITS) {
    throw refused(
      "key_too_weak",
      `The private key in ${where} has only ${bits} bits.`,
      `Make an RSA key of ${LEAST_BITS} bits or more with its certificate, and upload that certificate to the app.`,
    );
  }
  return key;
}

function refused(code: ErrorCode, message: string, cure: string): RunnerError {
  return new RunnerError(code, message, { next: GIVE_UP, cure });
}

/** Undoes what environment variables, JSON and web forms do to a PEM text. */
function unpacked(text: string): string {
  const lines = text
    .replace(/^\uFEFF/, "")
    .replaceAll(/\\r\\n|\\n|\\r/g, "\n")
    .trim();
  const base64OfPem = /^LS0tLS1CRUdJTi[A-Za-z0-9+/=\s]+$/.test(lines);
  return base64OfPem ? Buffer.from(lines, "base64").toString("utf8") : lines;
}

interface PemBlock {
  readonly label: string;
  /** The `Proc-Type` and `DEK-Info` lines of a traditionally encrypted key. */
  readonly headers: readonly string[];
  readonly base64: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;
const ENCRYPTION_HEADERS = /Proc-Type:\s*4,\s*ENCRYPTED\s+DEK-Info:\s*([A-Z0-9-]+),\s*([0-9A-Fa-f]+)/;

function privateKeyBlock(text: string, where: string): PemBlock {
  const blocks = [...text.matchAll(BLOCK)].map((match) => ({ label: match[1] ?? "", content: match[2] ?? "" }));
  const found = blocks.find(({ label }) => label.endsWith("PRIVATE KEY") && label !== "OPENSSH PRIVATE KEY");
  if (found === undefined) {
    throw notPrivateKey(blocks[0]?.label, text, where);
  }
  const encryption = ENCRYPTION_HEADERS.exec(found.content);
  return {
    label: found.label,
    headers: encryption === null ? [] : ["Proc-Type: 4,ENCRYPTED", `DEK-Info: ${encryption[1]},${encryption[2]}`],
    base64: found.content.replace(ENCRYPTION_HEADERS, "").replaceAll(/\s+/g, ""),
  };
}

/** What stands where the key should be, told without repeating any of it. */
const MISTAKES: ReadonlyArray<readonly [RegExp, string, string]> = [
  [/CERTIFICATE/, "holds a certificate, not the private key", "Use the key that the certificate was made from."],
  [/PUBLIC KEY/, "holds a public key, not the private key", "Use the private key that belongs to it."],
  [
    /OPENSSH PRIVATE KEY/,
    "is in OpenSSH's own format",
    "Rewrite a copy of it as PEM with `ssh-keygen -p -m PEM -f FILE`.",
  ],
  [/PuTTY-User-Key-File/, "is in PuTTY's own format", "Export it as PEM (OpenSSL) in PuTTYgen."],
  [
    /-----BEGIN/,
    "is cut: its last line is missing",
    "Copy it whole, from -----BEGIN to the END line with its five dashes.",
  ],
  [/^[~./\w-]+\.(pem|key|der|p12|pfx)$/i, "is the name of a file", "Put the file's path into auth.private_key_path."],
];

function notPrivateKey(label: string | undefined, text: string, where: string): RunnerError {
  const mistake = MISTAKES.find(([pattern]) => pattern.test(label ?? text));
  return refused(
    "key_not_pem",
    mistake === undefined
      ? `The private key in ${where} is not PEM text.`
      : `The private key in ${where} ${mistake[1]}.`,
    mistake?.[2] ?? "A PEM key starts with a line such as -----BEGIN PRIVATE KEY-----.",
  );
}

function decoded(block: PemBlock, passphrase: string | undefined, where: string): KeyObject {
  const pem = [
    `-----BEGIN ${block.label}-----`,
    ...(block.headers.length === 0 ? [] : [...block.headers, ""]),
    ...(block.base64.match(/.{1,64}/g) ?? []),
    `-----END ${block.label}-----`,
    "",
  ].join("\n");
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // What a wrong passphrase makes of a traditionally encrypted key may look as if it were opened, one time in some hundreds.
    const isUnsupported = code === "ERR_OSSL_EVP_UNSUPPORTED" || code === "ERR_OSSL_UNSUPPORTED";
    if (isUnsupported && block.headers.length === 0) {
      throw refused(
        "key_not_pem",
        `The private key in ${where} is damaged, or written in a way that this version of OpenSSL does not read.`,
        "Write it anew with `openssl pkcs8 -topk8 -v2 aes-256-cbc -in KEY -out NEW`.",
      );
    }
    if (passphrase !== undefined) {
      throw refused(
        "key_passphrase_wrong",
        `The passphrase does not open the private key in ${where}.`,
        "Correct auth.private_key_passphrase.",
      );
    }
    throw refused("key_not_pem", `The private key in ${where} is damaged (${code}).`, "Copy it again, whole.");
  }
}
