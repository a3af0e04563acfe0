import { type Answer, json } from "./answer.ts";
import { checkAssertion, LoginRefusal } from "./assertion.ts";
import type { OrgState } from "./org_state.ts";

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

export interface TokenRouteRequest {
  readonly contentType: string | undefined;
  readonly body: string;
  /** The address that the request was sent to, without a path. */
  readonly ownUrl: string;
}

/**
 * `POST /services/oauth2/token`, JWT bearer flow only. Everything is read from a form body: an assertion in the address would end in
 * access logs, so none is looked for there.
 */
export function tokenRoute(request: TokenRouteRequest, org: OrgState): Answer {
  try {
    return json(200, grant(request, org), { "cache-control": "no-cache, no-store" });
  } catch (error) {
    if (!(error instanceof LoginRefusal)) {
      throw error;
    }
    org.counters.refusedLogins++;
    return json(400, { error: error.error, error_description: error.message });
  }
}

function grant({ contentType, body, ownUrl }: TokenRouteRequest, org: OrgState): unknown {
  const isForm = contentType?.split(";")[0]?.trim().toLowerCase() === "application/x-www-form-urlencoded";
  const form = new URLSearchParams(isForm ? body : "");
  if (form.get("grant_type") !== JWT_BEARER) {
    throw new LoginRefusal("unsupported_grant_type", "grant type not supported");
  }
  const { app, user, audience } = checkAssertion(form.get("assertion") ?? "", org, ownUrl);
  const token = org.tokens.issue({
    orgId: org.orgId,
    userId: user.id,
    username: user.username,
    clientId: app.clientId,
    audience,
    lifetimeMs: org.settings.tokenLifetimeMs,
    jwt: app.jwtAccessTokens,
  });
  org.counters.logins++;
  const loginHost = org.settings.sandbox ? "https://test.salesforce.com" : "https://login.salesforce.com";
  return {
    access_token: token.text,
    scope: "id api",
    instance_url: org.settings.instanceUrl ?? ownUrl,
    id: `${loginHost}/id/${org.orgId}/${user.id}`,
    token_type: "Bearer",
  };
}
