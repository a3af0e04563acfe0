import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { adminClientOptions, type ClusterAccess } from "../elasticsearch/cluster.ts";

const DOCUMENTATION = join(resolve(import.meta.dirname, "../../.."), "docs/README.md");
const INDEX = "aquila-salesforce-state";

/** An encoded API key as the documentation says to make it, for an index of another name. */
export async function stateKey(access: ClusterAccess, index: string): Promise<string> {
  const blocks = readFileSync(DOCUMENTATION, "utf8").matchAll(/POST \/_security\/api_key\n([\s\S]*?)```/g);
  const recipe = [...blocks].map(([, body = ""]) => body).find((body) => body.includes(INDEX));
  if (recipe === undefined) {
    throw new Error(`${DOCUMENTATION} has no recipe for the key of ${INDEX}`);
  }
  const client = new Client(adminClientOptions(access));
  try {
    const { encoded } = await client.security.createApiKey(JSON.parse(recipe.replaceAll(INDEX, index)));
    return encoded;
  } finally {
    await client.close();
  }
}
