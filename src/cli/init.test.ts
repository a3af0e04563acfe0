import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { InitializedFolder } from "./init/initialized_folder.fixture.ts";

const DAY = 86_400_000;

let at: InitializedFolder;
beforeEach(() => {
  at = new InitializedFolder();
});
afterEach(() => at.close());

test("makes a key, its certificate and a policy that nobody else can read", async () => {
  const clock = new ManualClock(Date.UTC(2026, 6, 17));
  expect(await at.setUp({ bits: 3072 }, {}, clock)).toBe(0);
  const key = createPrivateKey(at.text("private_key.pem"));
  const certificate = new X509Certificate(at.text("certificate.crt"));
  expect(key.asymmetricKeyDetails?.modulusLength).toBe(3072);
  expect(certificate.checkPrivateKey(key)).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.subject).toBe("CN=aquila-salesforce");
  expect(certificate.validToDate.toISOString()).toBe("2028-07-16T00:00:00.000Z");
  for (const path of at.files()) {
    expect([path, statSync(path).mode & 0o777]).toEqual([path, 0o600]);
  }
  expect(at.printed.join("\n")).not.toContain("BEGIN");
});

test("the certificate of the longest key is below Salesforce's 4 KB", { timeout: 60_000 }, async () => {
  await at.setUp({ bits: 4096, commonName: "x".repeat(64) });
  expect(at.text("certificate.crt").length).toBeLessThan(4_096);
});

test("a passphrase from the environment encrypts the key, and the policy names the variable", async () => {
  await at.setUp({ passphraseVariable: "SF_PASSPHRASE" }, { SF_PASSPHRASE: "open sesame" });
  expect(at.text("private_key.pem")).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
  expect(createPrivateKey({ key: at.text("private_key.pem"), passphrase: "open sesame" }).asymmetricKeyType).toBe(
    "rsa",
  );
  expect(at.text("NEXT_STEPS.md").match(/^read .*$/gm)).toEqual([
    "read -rs ELASTICSEARCH_PASSWORD && export ELASTICSEARCH_PASSWORD",
    "read -rs SF_PASSPHRASE && export SF_PASSPHRASE",
  ]);
  expect(parse(at.text("policy.yml")).inputs[0].auth.private_key_passphrase).toMatch(/^\$\{env\.SF_PASSPHRASE\}$/);
  for (const path of at.files()) {
    expect(readFileSync(path, "utf8")).not.toContain("open sesame");
  }
  await expect(at.setUp({ passphraseVariable: "NOT_SET", force: true })).rejects.toMatchObject({
    code: "usage",
    message: "The environment variable NOT_SET is not set.",
  });
});

test("nothing is overwritten without --force, and one sentence says which key is there", async () => {
  await at.setUp();
  const key = at.text("private_key.pem");
  await expect(at.setUp()).rejects.toMatchObject({
    code: "usage",
    message: `The folder ${at.out} is in use: it holds private_key.pem.`,
    cure: "Choose another folder with --out, or overwrite it with --force: a key that is overwritten is lost.",
  });
  expect(at.text("private_key.pem")).toBe(key);
  await at.setUp({ force: true });
  expect(at.text("private_key.pem")).not.toBe(key);
});

test("a folder that can't be made is refused at once, before a key is made", async () => {
  await expect(at.setUp({ out: "/proc/x" })).rejects.toMatchObject({
    code: "output_unwritable",
    message: expect.stringMatching(/^\/proc can't be written \(E[A-Z]+\)\.$/),
  });
});

describe("--rotate", () => {
  test("makes the next key beside the present one and says when to switch", async () => {
    const clock = new ManualClock(Date.UTC(2026, 6, 17));
    await at.setUp({}, {}, clock);
    const present = at.text("private_key.pem");
    clock.advance(700 * DAY);
    await at.rotate(clock);
    expect(at.text("private_key.pem")).toBe(present);
    const next = new X509Certificate(at.text("certificate.next.crt"));
    expect(next.checkPrivateKey(createPrivateKey(at.text("private_key.next.pem")))).toBe(true);
    expect(
      at.text("force-app/main/default/extlClntAppGlobalOauthSets/AQUILA_Event_Logs_glbloauth.ecaGlblOauth-meta.xml"),
    ).toContain(at.text("certificate.next.crt").split("\n")[1]);
    expect(at.printed[1]).toBe(
      "The present certificate ends on 2028-07-16: switch by 2028-07-02, at any time of the day.",
    );
    await expect(at.rotate()).rejects.toMatchObject({ code: "usage" });
  });

  test("needs a certificate to be followed", async () => {
    await expect(at.rotate()).rejects.toMatchObject({
      code: "usage",
      cure: "Name the folder that aquila-salesforce init has made with --out.",
    });
  });
});
