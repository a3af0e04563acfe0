import { type KeyObject, X509Certificate } from "node:crypto";
import { isoDay } from "../../core/clock.ts";
import { GIVE_UP, RunnerError } from "../../core/errors.ts";
import { type Finding, failed, ok, warning } from "../../core/finding.ts";

const STEP = "certificate";
const DAY_MS = 86_400_000;
/** A certificate that ends within this time is to be replaced now. */
const SOON_MS = 30 * DAY_MS;
/** Salesforce takes files of up to 4 KB ("Create a Certificate for JWT", Salesforce Help). */
const LARGEST_CERTIFICATE_BYTES = 4_096;

/** What there is to say about the certificate of an app and the private key that signs for it. Pure. */
export function certificateFinding(pem: string, path: string, key: KeyObject, now: number): Finding {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return refused("key_not_pem", `${path} holds no X.509 certificate.`, "Name the certificate of the app's key.");
  }
  if (!certificate.checkPrivateKey(key)) {
    return refused(
      "login_refused",
      `The certificate ${path} does not belong to the private key.`,
      "Use the key and the certificate that were made together, or make both anew with aquila-salesforce init.",
    );
  }
  const ends = certificate.validToDate.getTime();
  const day = isoDay(ends);
  if (ends <= now) {
    return refused(
      "login_refused",
      `The certificate ${path} ended on ${day}.`,
      "Make the next key with aquila-salesforce init --rotate, and upload its certificate to the app.",
    );
  }
  if (Buffer.byteLength(pem) > LARGEST_CERTIFICATE_BYTES) {
    return warning(STEP, `The certificate ${path} is larger than the 4 KB that Salesforce takes.`, "Upload it as DER.");
  }
  return ends - now < SOON_MS
    ? warning(
        STEP,
        `The certificate ${path} ends on ${day}.`,
        "Make the next key with aquila-salesforce init --rotate.",
      )
    : ok(STEP, `Belongs to the private key and is valid until ${day}.`);
}

/** Whether a text holds a certificate of this key. */
export function belongsTo(pem: string, key: KeyObject): boolean {
  try {
    return new X509Certificate(pem).checkPrivateKey(key);
  } catch {
    return false;
  }
}

function refused(code: "key_not_pem" | "login_refused", message: string, cure: string): Finding {
  return failed(STEP, new RunnerError(code, message, { next: GIVE_UP, cure }));
}
