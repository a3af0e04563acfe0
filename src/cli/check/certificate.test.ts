import { createPrivateKey } from "node:crypto";
import { expect, test } from "vitest";
import { makeAppKey } from "../init/app_key.ts";
import { certificateFinding } from "./certificate.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 6, 17);
const options = { bits: 2048, commonName: "app", days: 100, passphrase: undefined, now: NOW };
const [app, other] = await Promise.all([makeAppKey(options), makeAppKey(options)]);
const key = createPrivateKey(app.privateKey);

test.each([
  ["belongs to the key", app.certificate, NOW, "ok", "Belongs to the private key and is valid until 2026-10-25."],
  ["ends soon", app.certificate, NOW + 75 * DAY, "warning", "The certificate app.crt ends on 2026-10-25."],
  ["has ended", app.certificate, NOW + 100 * DAY, "failed", "The certificate app.crt ended on 2026-10-25."],
  ["is another key's", other.certificate, NOW, "failed", "The certificate app.crt does not belong to the private key."],
  ["is none", app.privateKey, NOW, "failed", "app.crt holds no X.509 certificate."],
  [
    "is too large",
    app.certificate + " ".repeat(4_096),
    NOW,
    "warning",
    "The certificate app.crt is larger than the 4 KB that Salesforce takes.",
  ],
])("a certificate that %s", (_, pem, now, verdict, message) => {
  const finding = certificateFinding(pem, "app.crt", key, now);
  expect(finding).toMatchObject({ step: "certificate", verdict, message });
  expect(finding.cure === undefined).toBe(verdict === "ok");
});
