import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readPrivateKey } from "../../auth/private_key.ts";
import type { Clock } from "../../core/clock.ts";
import { asRunnerError, GIVE_UP, RunnerError } from "../../core/errors.ts";
import { type Finding, failed, ok, type Step, warning } from "../../core/finding.ts";
import type { HttpAnswer } from "../../core/http.ts";
import type { ApiBudget } from "../../org/api_budget.ts";
import { queryPages } from "../../org/query_pages.ts";
import { responseMeaning } from "../../org/response_meaning.ts";
import { exposureOf } from "../../policy/file_exposure.ts";
import { enabledKinds } from "../../policy/kind_settings.ts";
import type { Input } from "../../policy/policy.ts";
import type { OpenOrg } from "../open_org.ts";
import { apiCallFinding, expectedCallsADay } from "./api_calls.ts";
import { versionFinding } from "./api_version.ts";
import { belongsTo, certificateFinding } from "./certificate.ts";
import { egressFindings } from "./egress_address.ts";
import { clockFinding } from "./machine_clock.ts";
import { nameFindings } from "./names.ts";
import { ORGANIZATION_SOQL, organizationFinding } from "./organization.ts";

export interface OrgSurroundings {
  readonly budget: ApiBudget;
  readonly clock: Clock;
  /** Milliseconds for one request. */
  readonly requestTimeout: number;
  /** Path of the app's certificate, if it is to be compared with the key. */
  readonly certificate?: string;
}

/** What is looked at in an org, from the key on this machine to the API calls that are left. */
export function orgSteps(input: Input, org: OpenOrg, around: OrgSurroundings): readonly Step[] {
  const { auth, streams } = input;
  const { clock } = around;
  /** What the check of each kind of source has found, by its group. */
  const found: Record<string, unknown> = {};

  const steps: (Step | false)[] = [
    { name: "private key", needed: true, run: () => keyFindings(input, around) },
    { name: "login host", needed: true, run: (signal) => hostFindings(auth.loginUrl, org, around, signal) },
    { name: "login", needed: true, run: (signal) => loginFindings(input, org, signal) },
    { name: "API version", needed: true, run: (signal) => versionFindings(input, org, around, signal) },
    {
      name: "organization",
      needed: true,
      run: (signal) => organizationFindings(org, signal),
    },
    { name: "egress address", needed: false, run: (signal) => egressFindings(org.client, clock.now(), signal) },
    ...enabledKinds(streams).map(({ kind, streams: checked }) => ({
      name: kind.title,
      needed: false,
      run: async (signal: AbortSignal) => {
        const result = await kind.check(checked, { client: org.client, pubSub: org.pubSub, now: clock.now(), signal });
        found[kind.group] = result.found;
        return result.findings;
      },
    })),
    input.names !== "none" && {
      name: "names",
      needed: false,
      run: (signal) => nameFindings(org.client, signal),
    },
    {
      name: "API calls",
      needed: false,
      run: async () => [apiCallFinding(around.budget.report(clock.now()), expectedCallsADay(streams, found))],
    },
  ];
  return steps.filter((step) => step !== false);
}

async function keyFindings({ auth }: Input, { certificate, clock }: OrgSurroundings): Promise<Finding[]> {
  const key = await readPrivateKey(auth);
  const where = auth.privateKeyPath ?? "the policy";
  const exposed = auth.privateKeyPath === undefined ? undefined : await exposureOf(auth.privateKeyPath);
  const bits = key.asymmetricKeyDetails?.modulusLength;
  return [
    exposed === undefined
      ? ok("private key", `RSA, ${bits} bits, from ${where}.`)
      : warning("private key", `RSA, ${bits} bits. ${exposed}`),
    ...(certificate === undefined
      ? await besideTheKey(auth.privateKeyPath, key, clock.now())
      : [certificateFinding(await certificateText(certificate), certificate, key, clock.now())]),
  ];
}

/** The certificate that `init` puts beside the key, if it is there and that key's; a stray one of another key says nothing. */
async function besideTheKey(keyPath: string | undefined, key: KeyObject, now: number): Promise<Finding[]> {
  const path = keyPath === undefined ? undefined : join(dirname(keyPath), "certificate.crt");
  const text = path === undefined ? undefined : await readFile(path, "utf8").catch(() => undefined);
  return path !== undefined && text !== undefined && belongsTo(text, key)
    ? [certificateFinding(text, path, key, now)]
    : [];
}

async function certificateText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new RunnerError("key_unreadable", `The certificate ${path} can't be read (${code}).`, {
      next: GIVE_UP,
      cure: "Check the path that --certificate names.",
    });
  }
}

/** Any answer proves name resolution, the network and TLS; whether it is Salesforce's is seen at the login. */
async function hostFindings(
  loginUrl: string,
  org: OpenOrg,
  around: OrgSurroundings,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { host, protocol } = new URL(loginUrl);
  const answer = await versionsOf(loginUrl, org, around, signal);
  return [
    ok("login host", `${host} is reached${protocol === "https:" ? ", and its certificate is trusted" : ""}.`),
    clockFinding(answer.headers.date, host, around.clock.now()),
  ];
}

async function loginFindings({ auth }: Input, { session }: OpenOrg, signal: AbortSignal): Promise<Finding[]> {
  const token = await session.token(signal);
  return [ok("login", `Logged in as ${auth.username} (${token.userId}) at ${token.instanceUrl}.`)];
}

/** The first query of all: what any query would meet shows here. Not to see the org's own record keeps nobody from collecting. */
async function organizationFindings({ client }: OpenOrg, signal: AbortSignal): Promise<Finding[]> {
  const token = await client.identity(signal);
  try {
    for await (const [record] of queryPages(client, ORGANIZATION_SOQL, "query of the organization", signal)) {
      return [organizationFinding(record, token)];
    }
  } catch (error) {
    const { code } = asRunnerError(error);
    if (code !== "object_unknown" && code !== "permission_missing" && code !== "column_unknown") {
      throw error;
    }
  }
  return [organizationFinding(undefined, token)];
}

/** The one resource that needs no login and counts as no API call (REST API Developer Guide, "Versions"). */
function versionsOf(address: string, org: OpenOrg, around: OrgSurroundings, signal: AbortSignal): Promise<HttpAnswer> {
  return org.http.send({
    method: "GET",
    url: `${address}/services/data`,
    headers: { accept: "application/json" },
    timeout: around.requestTimeout,
    signal,
  });
}

async function versionFindings(
  { api }: Input,
  org: OpenOrg,
  around: OrgSurroundings,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { instanceUrl } = await org.client.identity(signal);
  const answer = await versionsOf(instanceUrl, org, around, signal);
  return answer.status === 200
    ? [versionFinding(answer.body, api.version)]
    : [failed("API version", responseMeaning({ ...answer, asked: "list of API versions" }, around.clock.now()))];
}
