import type { CheckOptions } from "./check.ts";
import { type CommandDeclaration, type OptionValues, POLICY, textOf } from "./command_declaration.ts";

export const CHECK_COMMAND = {
  summary: "Tries every org and output of a policy, and names the cause and the cure of what is wrong.",
  options: {
    ...POLICY,
    org: { type: "string", value: "NAME", help: "Looks at this org only." },
    certificate: { type: "string", value: "FILE", help: "The app's certificate, to be compared with the private key." },
    json: { type: "boolean", help: "One JSON object a line; without it too, unless the output is a terminal." },
  },
  examples: [
    "aquila-salesforce check --policy policy.yml",
    "aquila-salesforce check --policy policy.yml --certificate certificate.crt",
    "aquila-salesforce check --policy policy.yml --json",
  ],
} as const satisfies CommandDeclaration;

export function checkOptions(values: OptionValues, policy: CheckOptions["policy"]): CheckOptions {
  return {
    policy,
    org: textOf(values, "org"),
    certificate: textOf(values, "certificate"),
    json: values.json === true,
  };
}
