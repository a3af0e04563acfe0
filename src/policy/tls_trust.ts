import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import type { TlsTrust } from "../core/http.ts";
import { Secret } from "../core/secret.ts";
import type { SslSettings } from "./settings.ts";

/** What a person should know of `verification_mode: none`; `root` is the path of the TLS settings. */
export function unverified(root: string, whom: string): string {
  return `${root}.verification_mode is none: whoever answers is taken for ${whom}, and gets keys and events. Name the host's authority in ${root}.certificate_authorities instead.`;
}

/**
 * What TLS settings mean, with the files they name read. Throws `key_unreadable` for a file that can't be read, and
 * `key_passphrase_wrong` for a client key that its passphrase does not open.
 */
export async function readTlsTrust(ssl: SslSettings): Promise<TlsTrust> {
  const authorities = await Promise.all(ssl.certificateAuthorities.map(pemText));
  const key = ssl.key === undefined ? undefined : await pemText(ssl.key.reveal());
  return {
    verification: ssl.verificationMode === "strict" ? "full" : ssl.verificationMode,
    ...(authorities.length === 0 ? {} : { certificateAuthorities: authorities }),
    ...(ssl.certificate === undefined ? {} : { certificate: await pemText(ssl.certificate) }),
    ...(key === undefined ? {} : { key: opened(key, ssl.keyPassphrase) }),
  };
}

/** PEM text as it is, or of the file that is named. */
async function pemText(textOrPath: string): Promise<string> {
  if (textOrPath.includes("-----BEGIN")) {
    return textOrPath.replaceAll("\\n", "\n");
  }
  try {
    return await readFile(textOrPath, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new RunnerError("key_unreadable", `The file ${textOrPath}, named in ssl, can't be read (${code}).`, {
      next: GIVE_UP,
      cure: "Check the path, and that the user that runs the runner may read it.",
    });
  }
}

/** The TLS layer takes no passphrase, so an encrypted key is opened here. */
function opened(key: string, passphrase: Secret | undefined): Secret {
  if (passphrase === undefined) {
    return new Secret(key);
  }
  try {
    const plain = createPrivateKey({ key, passphrase: passphrase.reveal() });
    return new Secret(plain.export({ type: "pkcs8", format: "pem" }).toString());
  } catch {
    throw new RunnerError("key_passphrase_wrong", "ssl.key can't be opened with ssl.key_passphrase.", {
      next: GIVE_UP,
      cure: "Correct ssl.key_passphrase, or check that ssl.key is a PEM key.",
    });
  }
}
