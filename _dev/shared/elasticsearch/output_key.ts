import type { Client } from "@elastic/elasticsearch";

/** An encoded API key with the rights that Fleet gives to an agent's output, for logs alone, and more privileges on them if there are any. */
export async function outputKey(client: Client, more: readonly "read"[] = []): Promise<string> {
  const { encoded } = await client.security.createApiKey({
    name: "aquila-salesforce",
    role_descriptors: {
      output: {
        cluster: ["monitor"],
        indices: [{ names: ["logs-*"], privileges: ["auto_configure", "create_doc", ...more] }],
      },
    },
  });
  return encoded;
}
