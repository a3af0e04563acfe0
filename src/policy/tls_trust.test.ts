import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { camelKeys } from "../core/camel_keys.ts";
import { Secret } from "../core/secret.ts";
import { SSL_SETTINGS } from "./settings.ts";
import { readTlsTrust } from "./tls_trust.ts";

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const encryptedKey = privateKey
  .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "correct horse" })
  .toString();

const folder = mkdtempSync(join(tmpdir(), "tls-trust-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ssl = (settings: object) => camelKeys(SSL_SETTINGS.parse(settings));

test("without settings everything is verified against the usual authorities", async () => {
  expect(await readTlsTrust(ssl({}))).toEqual({ verification: "full" });
});

test.each([
  ["full", "full"],
  ["strict", "full"],
  ["certificate", "certificate"],
  ["none", "none"],
])("verification mode %s", async (mode, expected) => {
  expect((await readTlsTrust(ssl({ verification_mode: mode }))).verification).toBe(expected);
});

test("certificates are taken as text and from files", async () => {
  const path = join(folder, "ca.pem");
  writeFileSync(path, CERTIFICATE);
  const escaped = CERTIFICATE.replaceAll("\n", "\\n");
  const trust = await readTlsTrust(ssl({ certificate_authorities: [path, CERTIFICATE, escaped], certificate: path }));
  expect(trust.certificateAuthorities).toEqual([CERTIFICATE, CERTIFICATE, CERTIFICATE]);
  expect(trust.certificate).toBe(CERTIFICATE);
});

test("an encrypted client key is opened", async () => {
  const trust = await readTlsTrust(ssl({ key: encryptedKey, key_passphrase: "correct horse" }));
  expect(trust.key).toBeInstanceOf(Secret);
  expect(createPrivateKey(trust.key?.reveal() ?? "").equals(privateKey)).toBe(true);
});

test.each([
  [{ key: encryptedKey, key_passphrase: "battery staple" }, "key_passphrase_wrong", /key_passphrase/],
  [{ certificate_authorities: [join(folder, "missing.pem")] }, "key_unreadable", /missing\.pem.*ENOENT/],
])("what can't be read is an error: %#", async (settings, code, words) => {
  await expect(readTlsTrust(ssl(settings))).rejects.toMatchObject({
    code,
    message: expect.stringMatching(words),
    next: { do: "giveUp" },
  });
});
