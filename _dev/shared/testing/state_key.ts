import { Client } from "@elastic/elasticsearch";
import { adminClientOptions, type ClusterAccess } from "../elasticsearch/cluster.ts";

/** An encoded API key that may do with the index what the documentation's recipe says, and nothing else. */
export async function stateKey(access: ClusterAccess, index: string): Promise<string> {
  const client = new Client(adminClientOptions(access));
  try {
    const { encoded } = await client.security.createApiKey({
      name: `state of ${index}`,
      role_descriptors: {
        state: { cluster: [], indices: [{ names: [index], privileges: ["create_index", "read", "write"] }] },
      },
    });
    return encoded;
  } finally {
    await client.close();
  }
}
