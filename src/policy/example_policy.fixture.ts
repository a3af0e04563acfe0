/** One input and one output as a policy has them, for tests of what a policy says and of what is wrong with it. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some texts are variables of a policy
import { expect } from "vitest";
import { parsePolicy } from "./parse_policy.ts";
import type { Input, Output, Policy } from "./policy.ts";

export const DATASETS = {
  "aquila_salesforce.login": {
    names: {
      event_log_files: ["Login", "LoginAs", "Logout"],
      objects: ["LoginEvent", "LogoutEvent", "LoginAsEvent"],
      live: ["LoginEventStream"],
    },
  },
  "aquila_salesforce.apex": { names: { event_log_files: ["ApexExecution"], objects: [] } },
  "aquila_salesforce.trail": { names: { event_log_files: [], objects: ["SetupAuditTrail"] } },
};
export const ENVIRONMENT = {
  SF_PRIVATE_KEY: "-----BEGIN PRIVATE KEY-----\nkey: #material\n-----END PRIVATE KEY-----\n",
  API_KEY: "id:elastic-secret",
};
export const context = { datasets: DATASETS, environment: ENVIRONMENT };

export const OUTPUT = { type: "elasticsearch", hosts: ["https://es.example.com:9200"], api_key: "${API_KEY}" };
export const AUTH = {
  client_id: "3MVG9",
  username: "elastic@acme.com",
  private_key: "${env.SF_PRIVATE_KEY}",
};
export const STREAM = { id: "login-1", data_stream: { type: "logs", dataset: "aquila_salesforce.login" } };

export function inputBlock(changes: object = {}): object {
  return {
    id: "input-1",
    name: "acme-production",
    type: "aquila-salesforce",
    auth: AUTH,
    streams: [STREAM],
    ...changes,
  };
}

export function policyOf(inputs: readonly unknown[], outputs: object = { default: OUTPUT }): Policy {
  return parsePolicy({ outputs, inputs }, context);
}

/** The problems of a policy with this one input. */
export function problemsOf(block: unknown, outputs?: object): string[] {
  const { inputs, brokenInputs } = policyOf([block], outputs);
  expect(inputs).toHaveLength(0);
  return (brokenInputs[0]?.problems ?? []).map(({ path, text }) => `${path}: ${text}`);
}

export function onlyInput(policy: Policy): Input {
  expect(policy.brokenInputs).toEqual([]);
  expect(policy.inputs).toHaveLength(1);
  const [input] = policy.inputs;
  if (input === undefined) {
    throw new Error("there is no input");
  }
  return input;
}

export function outputOf(block: unknown): Output {
  return onlyInput(policyOf([inputBlock()], { default: block })).output;
}
