import { readPrivateKey } from "../auth/private_key.ts";
import { createSession } from "../auth/session.ts";
import type { Session } from "../auth/session_token.ts";
import type { Clock } from "../core/clock.ts";
import { createHttp, type Http } from "../core/http.ts";
import type { Log } from "../core/log.ts";
import type { ApiBudget } from "../org/api_budget.ts";
import { OrgClient } from "../org/org_client.ts";
import { createPubSub, type PubSub } from "../org/pub_sub.ts";
import type { Input } from "../policy/policy.ts";
import { readTlsTrust } from "../policy/tls_trust.ts";
import { VERSION } from "./version.ts";

const USER_AGENT = `aquila-salesforce/${VERSION}`;

/** The way to one org. Nothing is sent before the first call. */
export interface OpenOrg {
  readonly http: Http;
  readonly session: Session;
  readonly client: OrgClient;
  readonly pubSub: PubSub;
  close(): void;
}

export interface OpenOrgOptions {
  readonly budget: ApiBudget;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds; by default as the policy says. */
  readonly requestTimeout?: number;
}

/** Opens the org of an input, by its own proxy and trust. Rejects with the errors of tls_trust.ts. */
export async function openOrg({ auth, api }: Input, options: OpenOrgOptions): Promise<OpenOrg> {
  const { budget, clock, log, requestTimeout = api.requestTimeout } = options;
  const tls = await readTlsTrust(api.ssl);
  const proxyUrl = api.proxyUrl?.reveal();
  const http = createHttp({ userAgent: USER_AGENT, tls, ...(proxyUrl === undefined ? {} : { proxyUrl }) });
  const { loginUrl, audience, clientId, username } = auth;
  const session = createSession(
    { loginUrl, audience, clientId, username, key: () => readPrivateKey(auth), requestTimeout },
    { http, clock, log },
  );
  const client = new OrgClient({ http, session, budget, apiVersion: api.version, requestTimeout, clock });
  const pubSub = createPubSub({ url: api.pubSubUrl, proxyUrl, tls, session, requestTimeout, clock });
  return {
    http,
    session,
    client,
    pubSub,
    close() {
      pubSub.close();
      http.close();
    },
  };
}
