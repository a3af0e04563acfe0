/** What an agent's policy says in tests, and what reaches the bulk endpoint by it. */
import { generateKeyPairSync } from "node:crypto";
import type { MockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import type { BulkEndpoint } from "../fake_elasticsearch/bulk_endpoint.ts";

const HOUR = 3_600_000;
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const PRIVATE_KEY = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
export const PUBLIC_KEY = publicKey.export({ type: "spki", format: "pem" }).toString();
export const API_KEY = "bulk-key-id:bulk-key-secret";

export function output(endpoint: BulkEndpoint): object {
  return { type: "elasticsearch", hosts: [endpoint.url], api_key: API_KEY, policy: { revision: 1 } };
}

export function input(from: MockOrg, changes: object = {}, stream: object = {}): object {
  return {
    name: "acme",
    policy: { revision: 1 },
    data_stream: { namespace: "default" },
    auth: authOf(from),
    streams: [
      {
        id: `login-${from.orgId}`,
        data_stream: { type: "logs", dataset: "aquila_salesforce.login" },
        event_log_files: { event_types: ["Login"], poll_interval: "1s", interval: "hourly" },
        ...stream,
      },
    ],
    ...changes,
  };
}

export function authOf(from: MockOrg): object {
  return {
    login_url: from.url,
    audience: "https://login.salesforce.com",
    client_id: from.clientId,
    username: from.username,
    private_key: PRIVATE_KEY,
    __mark_redact_private_key: true,
  };
}

/** An hourly file of logins, `hoursAgo` old. */
export async function addLogins(to: MockOrg, prefix: string, rows: number, hoursAgo = 2): Promise<void> {
  const logDate = new Date(Math.floor(Date.now() / HOUR - hoursAgo) * HOUR).toISOString();
  await to.given.logFile({
    eventType: "Login",
    logDate,
    interval: "Hourly",
    rows: Array.from({ length: rows }, (_, n) => ({
      EVENT_TYPE: "Login",
      TIMESTAMP: "20260720080000.123",
      REQUEST_ID: `${prefix}${n}`,
      USER_ID: "0053000000Ank29",
    })),
  });
}

/** Logins by organization, without what the runner reports about itself. */
export function logins(endpoint: BulkEndpoint): readonly string[] {
  return endpoint.documents
    .filter(({ index }) => index.startsWith("logs-aquila_salesforce.login-"))
    .map(({ document }) => (document as { salesforce: { login: { request: { id: string } } } }).salesforce)
    .map(({ login }) => login.request.id)
    .sort();
}
