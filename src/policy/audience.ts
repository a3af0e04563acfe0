/** `acme--dev.sandbox.my`, `acme--dev.my` of older orgs, and scratch orgs. */
const SANDBOX_HOST = /^test\.salesforce\.|\.(?:sandbox|scratch)\.my\.salesforce\.|--[a-z0-9]+\.my\.salesforce\./;

/**
 * The audience that Salesforce expects of a login at this address, unless the policy names another one.
 * Source: "OAuth 2.0 JWT Bearer Flow" in Salesforce Help: login for production and Developer Edition orgs, test for sandboxes.
 */
export function defaultAudience(loginUrl: string): string {
  const { hostname } = new URL(loginUrl);
  return SANDBOX_HOST.test(hostname) ? "https://test.salesforce.com" : "https://login.salesforce.com";
}
