import { generateKeyPairSync, sign, verify } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { failureOf } from "../../_dev/shared/testing/failures.ts";
import type { RunnerError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { parsePrivateKey, readPrivateKey } from "./private_key.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const small = generateKeyPairSync("rsa", { modulusLength: 1024 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const PASSPHRASE = "correct horse";
const OTHER_PASSPHRASE = "battery staple";

const pkcs8 = rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const pkcs1 = rsa.privateKey.export({ type: "pkcs1", format: "pem" }).toString();
const encrypted = { format: "pem", cipher: "aes-256-cbc", passphrase: PASSPHRASE } as const;
const pkcs8Encrypted = rsa.privateKey.export({ type: "pkcs8", ...encrypted }).toString();
const pkcs1Encrypted = rsa.privateKey.export({ type: "pkcs1", ...encrypted }).toString();
const publicKey = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
const certificate = publicKey.replaceAll("PUBLIC KEY", "CERTIFICATE");

const folder = mkdtempSync(join(tmpdir(), "private-key-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("keys that are read", () => {
  const oneLine = (pem: string) => pem.trim().replaceAll("\n", " ");
  const cases: ReadonlyArray<readonly [string, string, string | undefined]> = [
    ["PKCS#8", pkcs8, undefined],
    ["PKCS#1", pkcs1, undefined],
    ["encrypted PKCS#8", pkcs8Encrypted, PASSPHRASE],
    ["traditionally encrypted PKCS#1", pkcs1Encrypted, PASSPHRASE],
    ["a plain key with a passphrase set", pkcs8, PASSPHRASE],
    ["Windows line ends", pkcs8.replaceAll("\n", "\r\n"), undefined],
    ["line breaks written as \\n", pkcs8.replaceAll("\n", "\\n"), undefined],
    ["line breaks written as \\r\\n", pkcs1.replaceAll("\n", "\\r\\n"), undefined],
    ["spaces for line breaks", oneLine(pkcs8), undefined],
    ["spaces for line breaks, encrypted PKCS#8", oneLine(pkcs8Encrypted), PASSPHRASE],
    ["spaces for line breaks, encrypted PKCS#1", oneLine(pkcs1Encrypted), PASSPHRASE],
    ["no line breaks", pkcs1.replaceAll("\n", ""), undefined],
    ["indentation", pkcs8.replaceAll(/^/gm, "      "), undefined],
    ["a byte order mark", `\uFEFF${pkcs8}`, undefined],
    ["the PEM text in base64", Buffer.from(pkcs8).toString("base64"), undefined],
    ["a certificate before the key", `${certificate}${pkcs8}`, undefined],
  ];
  test.each(cases)("%s", (_name, text, passphrase) => {
    const key = parsePrivateKey(text, passphrase, "auth.private_key");
    const signature = sign("sha256", Buffer.from("text"), key);
    expect(verify("sha256", Buffer.from("text"), rsa.publicKey, signature)).toBe(true);
  });
});

describe("keys that are refused", () => {
  const damaged = pkcs8.replace(/\n.{64}\n/, "\n");
  const cases: ReadonlyArray<readonly [string, string, string | undefined, string, RegExp]> = [
    ["nothing", "", undefined, "key_not_pem", /is not PEM text.*BEGIN PRIVATE KEY/],
    ["some text", "hello there", undefined, "key_not_pem", /is not PEM text/],
    ["a file name", "/etc/salesforce/server.key", undefined, "key_not_pem", /name of a file.*auth\.private_key_path/],
    ["a certificate", certificate, undefined, "key_not_pem", /holds a certificate/],
    ["a public key", publicKey, undefined, "key_not_pem", /holds a public key/],
    [
      "OpenSSH's format",
      pkcs8.replaceAll("PRIVATE KEY", "OPENSSH PRIVATE KEY"),
      undefined,
      "key_not_pem",
      /OpenSSH.*ssh-keygen -p -m PEM/,
    ],
    ["PuTTY's format", "PuTTY-User-Key-File-3: ssh-rsa", undefined, "key_not_pem", /PuTTYgen/],
    ["a cut key", pkcs8.slice(0, 900), undefined, "key_not_pem", /is cut/],
    ["a damaged key", damaged, undefined, "key_not_pem", /damaged/],
    [
      "an elliptic key",
      ec.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      undefined,
      "key_not_rsa",
      /type EC/,
    ],
    [
      "an elliptic key in its own format",
      ec.privateKey.export({ type: "sec1", format: "pem" }).toString(),
      undefined,
      "key_not_rsa",
      /type EC/,
    ],
    [
      "a small key",
      small.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      undefined,
      "key_too_weak",
      /only 1024 bits/,
    ],
    ["encrypted PKCS#8, no passphrase", pkcs8Encrypted, undefined, "key_passphrase_missing", /private_key_passphrase/],
    ["encrypted PKCS#1, no passphrase", pkcs1Encrypted, "", "key_passphrase_missing", /private_key_passphrase/],
    ["encrypted PKCS#8, wrong passphrase", pkcs8Encrypted, OTHER_PASSPHRASE, "key_passphrase_wrong", /does not open/],
    ["encrypted PKCS#1, wrong passphrase", pkcs1Encrypted, OTHER_PASSPHRASE, "key_passphrase_wrong", /does not open/],
  ];
  test("a wrong passphrase is called that, whatever it makes of the key", () => {
    const codes = Array.from(
      { length: 2_000 },
      (_, n) => failureOf(() => parsePrivateKey(pkcs1Encrypted, `wrong ${n}`, "it")).code,
    );
    expect(new Set(codes)).toEqual(new Set(["key_passphrase_wrong"]));
  });

  test.each(cases)("%s", (_name, text, passphrase, code, words) => {
    const error = failureOf(() => parsePrivateKey(text, passphrase, "auth.private_key"));
    expect(error.code).toBe(code);
    expect(error.text).toMatch(words);
    expect(error.text).toContain("auth.private_key");
    expect(error.next).toEqual({ do: "giveUp" });
    expect(error.cure).toBeDefined();
    const shown = inspect(error, { depth: 10, showHidden: true });
    for (const line of text.split("\n").filter((part) => part.length > 40 && !part.startsWith("-----"))) {
      expect(shown).not.toContain(line);
    }
    expect(shown).not.toContain(PASSPHRASE);
    expect(shown).not.toContain(OTHER_PASSPHRASE);
  });
});

describe("key files", () => {
  test("are read anew at each call", async () => {
    const path = join(folder, "server.key");
    writeFileSync(path, pkcs8);
    const first = await readPrivateKey({ privateKeyPath: path });
    writeFileSync(path, pkcs1Encrypted);
    const second = await readPrivateKey({ privateKeyPath: path, privateKeyPassphrase: new Secret(PASSPHRASE) });
    expect(second.equals(first)).toBe(true);
  });

  test.each([
    ["missing.key", /no such file/],
    ["", /must name the file/],
  ])("that can't be read: %j", async (name, words) => {
    const path = join(folder, name);
    const error = await readPrivateKey({ privateKeyPath: path }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "key_unreadable", next: { do: "giveUp" } });
    expect((error as RunnerError).text).toMatch(words);
    expect((error as RunnerError).message).toContain(path);
  });

  test("are named in errors about their content", async () => {
    const path = join(folder, "certificate.pem");
    writeFileSync(path, certificate);
    await expect(readPrivateKey({ privateKeyPath: path })).rejects.toThrow(`${path} holds a certificate`);
  });

  test("are not needed where the key is in the policy", async () => {
    const key = await readPrivateKey({ privateKey: new Secret(pkcs8) });
    expect(key.equals(rsa.privateKey)).toBe(true);
  });
});
