import type { Client } from "@elastic/elasticsearch";

/** An encoded API key with what an output needs, and more privileges on logs-* if there are any. */
export async function outputKey(client: Client, more: readonly "read"[] = []): Promise<string> {
  const { encoded } = await client.security.createApiKey({
    name: "output",
    role_descriptors: {
      output: {
        cluster: ["monitor"],
        indices: [{ names: ["logs-*"], privileges: ["auto_configure", "create_doc", ...more] }],
      },
    },
  });
  return encoded;
}
