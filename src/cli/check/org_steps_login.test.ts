import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeAppKey } from "../init/app_key.ts";
import { APP_KEY, CheckedOrg, PASSPHRASE, pem, publicPem, type WrongSetUp } from "./checked_org.fixture.ts";

const other = generateKeyPairSync("rsa", { modulusLength: 2048 });

const POLICIES = "Setup > External Client App Manager > the app > Policies";

const WAYS: ReadonlyArray<WrongSetUp & { way: string }> = [
  {
    way: "the key file is not there",
    set: (at) => (at.input.auth.private_key_path = join(at.folder, "ap.key")),
    step: "private key",
    verdict: "failed",
    cause: /^The private key file .*ap\.key can't be read \(ENOENT\)\.$/,
    cure: "Check auth.private_key_path: there is no such file.",
  },
  {
    way: "the key file is open to everybody",
    set: (at) => chmodSync(at.keyPath, 0o644),
    step: "private key",
    verdict: "warning",
    cause: /^RSA, 2048 bits\. .*app\.key is open to other users of this machine \(mode 644\).*Close it with: chmod 600/,
  },
  {
    way: "the public key in place of the private one",
    set: (at) => writeFileSync(at.keyPath, publicPem(APP_KEY.publicKey)),
    step: "private key",
    verdict: "failed",
    cause: /holds a public key, not the private key\.$/,
    cure: "Use the private key that belongs to it.",
  },
  {
    way: "a key of another kind than RSA",
    set: (at) => writeFileSync(at.keyPath, pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey)),
    step: "private key",
    verdict: "failed",
    cause: /is of type EC; Salesforce takes RSA keys only\.$/,
    cure: "Make an RSA key of 2048 bits or more with its certificate, and upload that certificate to the app.",
  },
  {
    way: "an encrypted key without its passphrase",
    set: (at) => writeFileSync(at.keyPath, pem(APP_KEY.privateKey, PASSPHRASE)),
    step: "private key",
    verdict: "failed",
    cause: /is encrypted\.$/,
    cure: "Set auth.private_key_passphrase.",
  },
  {
    way: "the wrong passphrase",
    set: (at) => {
      writeFileSync(at.keyPath, pem(APP_KEY.privateKey, PASSPHRASE));
      at.input.auth.private_key_passphrase = "incorrect horse";
    },
    step: "private key",
    verdict: "failed",
    cause: /^The passphrase does not open the private key/,
    cure: "Correct auth.private_key_passphrase.",
  },
  {
    way: "nobody listens at the login host",
    set: async (at) => (at.input.auth.login_url = `http://127.0.0.1:${await closedPort()}`),
    step: "login host",
    verdict: "failed",
    cause: /^No answer from 127\.0\.0\.1:\d+: the connection was refused \(ECONNREFUSED\)\.$/,
    cure: "Check the address, and the proxy and firewall on the way to it.",
  },
  {
    way: "the login host asks for http",
    set: (at) => (at.input.auth.login_url = at.org.url.replace("http:", "https:")),
    step: "login host",
    verdict: "failed",
    cause: /^No answer from 127\.0\.0\.1:\d+: it speaks http at this port, not https/,
    cure: "Name the port that speaks https. On this machine itself http:// is possible too.",
  },
  {
    way: "the clock is wrong",
    set: (at) => at.org.given.org({ clockOffsetMs: 600_000 }),
    step: "clock",
    verdict: "warning",
    cause: /^This machine's clock is (9m 59s|10m) behind Salesforce's\.$/,
    cure: "Set it by a time server (NTP). Until then the runner logs in with Salesforce's time.",
  },
  {
    way: "the login URL is no Salesforce",
    set: (at) => at.org.given.fault({ on: "token", status: 404, body: "<html>Not Found</html>" }),
    step: "login",
    verdict: "failed",
    cause: /^There is no Salesforce login at 127\.0\.0\.1:\d+ \(404\)\.$/,
    cure: "Check login_url: https://login.salesforce.com, https://test.salesforce.com or the org's My Domain.",
  },
  {
    way: "the consumer key is another one",
    set: (at) => (at.input.auth.client_id = "3MVG9other"),
    step: "login",
    verdict: "failed",
    cause: /refused the login: client identifier invalid\.$/,
    cure: "Check client_id: it is the Consumer Key under Setup > External Client App Manager > the app > Settings > OAuth Settings. A new app is known after up to 10 minutes.",
  },
  {
    way: "the app is not installed",
    set: (at) => at.org.given.app({ clientId: at.org.clientId, installed: false }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: External client app is not installed in this org\.$/,
    cure: "Install the app in this org: since September 2025 Salesforce blocks apps that are not (Setup > Connected Apps OAuth Usage > Install; for an external client app, its package). Or make an external client app in the org itself.",
  },
  {
    way: "the app has another certificate",
    set: (at) => at.org.given.certificate(at.org.clientId, publicPem(other.publicKey)),
    step: "login",
    verdict: "failed",
    cause: /refused the login: invalid assertion\.$/,
    cure: "The private key does not belong to the app's certificate, or client_id is another app's. Upload the certificate of this key under Setup > External Client App Manager > the app > Settings > OAuth Settings.",
  },
  {
    way: "a sandbox with the audience of production",
    set: (at) => at.org.given.org({ sandbox: true }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: audience is invalid\.$/,
    cure: "Set auth.audience: https://test.salesforce.com for a sandbox or scratch org, https://login.salesforce.com otherwise.",
  },
  {
    way: "the user name is unknown",
    set: (at) => (at.input.auth.username = "elastic@acme.example.uat"),
    step: "login",
    verdict: "failed",
    cause: /refused the login: user is invalid\.$/,
    cure: "Check username: it is the user name of a user of this org, not its email address.",
  },
  {
    way: "the user is frozen",
    set: (at) => at.org.given.user({ username: at.org.username, frozen: true }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: inactive user\.$/,
    cure: "The user is deactivated or frozen: activate or unfreeze it under Setup > Users. Salesforce itself freezes a user that connects from an anonymizing VPN, proxy or other high-risk address; then let the runner out by another address first. The user's Login History in Setup shows the address it came from.",
  },
  {
    way: "this machine is outside of the login IP ranges",
    set: (at) => at.org.given.user({ username: at.org.username, ipRestricted: true }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: ip restricted or invalid login hours\.$/,
    cure: `Add this machine's address to the Login IP Ranges of the user's profile, check its Login Hours, or set IP Relaxation under ${POLICIES}.`,
  },
  {
    way: "all users may authorize themselves",
    set: (at) => at.org.given.app({ clientId: at.org.clientId, permittedUsers: "selfAuthorize", approvedUsers: [] }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: user hasn't approved this consumer\.$/,
    cure: `Set Permitted Users to 'Admin approved users are pre-authorized' and assign the permission set. Both are under ${POLICIES}. A change takes up to 10 minutes. If they are right, check that login_url is this org's.`,
  },
  {
    way: "the user has none of the app's permission sets",
    set: (at) => at.org.given.app({ clientId: at.org.clientId, approvedUsers: [] }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: user is not admin approved to access this app\.$/,
    cure: `Add a permission set to the app under ${POLICIES} > App Policies, and assign it to the user. A change takes up to 10 minutes.`,
  },
  {
    way: "the org is locked",
    set: (at) => at.org.given.org({ active: false }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: organization is locked, closed or suspended\.$/,
    cure: "The org is locked, closed or suspended. Ask Salesforce or the org's administrator.",
  },
  {
    way: "too many logins",
    set: (at) => at.org.given.org({ loginsPerHour: 0 }),
    step: "login",
    verdict: "failed",
    cause: /refused the login: Number of logins exceeded\.$/,
    cure: "The user may log in 3,600 times an hour. Find the program that logs in so often, or give the runner a user of its own.",
  },
];

let at: CheckedOrg;
beforeEach(async () => {
  at = await CheckedOrg.open();
});
afterEach(() => at.close());

test.each(WAYS)("$way", async (wrong) => {
  await at.finds(wrong);
});

test("finds the certificate that init puts beside the key, and says when it ends", async () => {
  const now = Date.now();
  const made = await makeAppKey({ bits: 2048, commonName: "app", days: 10, passphrase: undefined, now });
  writeFileSync(at.keyPath, made.privateKey, { mode: 0o600 });
  writeFileSync(join(at.folder, "certificate.crt"), made.certificate);
  await at.org.given.certificate(at.org.clientId, made.certificate);
  const { exitCode, lines } = await at.checked();
  expect(lines.find(({ step }) => step === "certificate")).toMatchObject({
    verdict: "warning",
    message: expect.stringContaining("certificate.crt ends on "),
  });
  expect(exitCode).toBe(0);
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
