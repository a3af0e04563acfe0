import { generateKeyPairSync, verify } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { signAssertion } from "./jwt_assertion.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const claims = {
  clientId: "3MVG9.consumer",
  username: "elastic@acme.com",
  audience: "https://test.salesforce.com",
  now: Date.UTC(2026, 6, 17, 9, 0, 0, 999),
  jti: "one-time",
};
const part = (text: string | undefined): unknown => JSON.parse(Buffer.from(text ?? "", "base64url").toString("utf8"));

test("the assertion has exactly the header and claims that Salesforce names, signed with RS256", async () => {
  const assertion = await signAssertion(rsa.privateKey, claims);
  const [header, payload, signature] = assertion.reveal().split(".");
  expect(part(header)).toEqual({ alg: "RS256" });
  expect(part(payload)).toEqual({
    iss: "3MVG9.consumer",
    sub: "elastic@acme.com",
    aud: "https://test.salesforce.com",
    exp: Date.UTC(2026, 6, 17, 9, 3, 0) / 1_000,
    jti: "one-time",
  });
  const signed = Buffer.from(`${header}.${payload}`);
  expect(verify("sha256", signed, rsa.publicKey, Buffer.from(signature ?? "", "base64url"))).toBe(true);
});

test("the assertion is not shown", async () => {
  const assertion = await signAssertion(rsa.privateKey, claims);
  expect(`${assertion} ${JSON.stringify({ assertion })} ${inspect(assertion)}`).not.toContain(assertion.reveal());
});
