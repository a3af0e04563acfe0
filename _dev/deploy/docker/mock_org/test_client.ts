import { generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { type MockOrg, type MockOrgOptions, startMockOrg } from "./mock_org.ts";

/** One key pair for all tests of a file: making a key is slow. */
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

export const PUBLIC_KEY = String(publicKey.export({ type: "spki", format: "pem" }));

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** An org under test, with the machine's time that it was given. */
export type TestOrg = MockOrg & { readonly now: () => number };

/** What a login needs to know of an org. */
export type LoginDoor = Pick<TestOrg, "url" | "clientId" | "username" | "now">;

/** An org with an app of the test key and a user, closed at the end of the block. */
export async function startedOrg(options: MockOrgOptions = {}): Promise<TestOrg> {
  const org = await startMockOrg({ certificate: PUBLIC_KEY, ...options });
  return { ...org, now: options.now ?? Date.now };
}

/** A correct assertion for the org, with the claims given in place of the right ones. */
export function assertion(
  org: LoginDoor,
  claims: object = {},
  header: object = { alg: "RS256" },
  key: KeyObject = privateKey,
): string {
  const all = {
    iss: org.clientId,
    sub: org.username,
    aud: "https://login.salesforce.com",
    exp: Math.floor(org.now() / 1000) + 180,
    jti: randomUUID(),
    ...claims,
  };
  const signed = [header, all].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`;
}

export function postToken(org: LoginDoor, form: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(`${org.url}/services/oauth2/token`, { method: "POST", body: new URLSearchParams(form) });
}

/** The token endpoint's whole answer to an assertion. */
export async function tokenAnswer(
  org: LoginDoor,
  text: string,
): Promise<{ status: number; body: Record<string, string> }> {
  const response = await postToken(org, { grant_type: JWT_BEARER, assertion: text });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

/** Logs in and answers a function that makes requests with the token. */
export async function loggedIn(
  org: TestOrg,
): Promise<(path: string, headers?: Record<string, string>) => Promise<Response>> {
  const { body } = await tokenAnswer(org, assertion(org));
  return (path, headers = {}) =>
    fetch(`${org.url}${path}`, { headers: { authorization: `Bearer ${body.access_token}`, ...headers } });
}

/** The status and body of a query. */
export async function queried(org: TestOrg, soql: string): Promise<{ status: number; body: QueryAnswer }> {
  const get = await loggedIn(org);
  const response = await get(`/services/data/v66.0/query?q=${encodeURIComponent(soql)}`);
  return { status: response.status, body: (await response.json()) as QueryAnswer };
}

/** What is in a query's answer: of a success the page, of a refusal the list's first error. */
export interface QueryAnswer {
  readonly totalSize: number;
  readonly done: boolean;
  readonly nextRecordsUrl?: string;
  readonly records: readonly Readonly<Record<string, unknown>>[];
  readonly 0?: { readonly errorCode: string; readonly message: string };
}
