import { Client, errors } from "@elastic/elasticsearch";
import { GIVE_UP, RunnerError } from "../../../src/core/errors.ts";
import { unreachable } from "../../../src/elasticsearch/client.ts";
import { adminClientOptions, type ClusterAccess } from "./cluster.ts";

/** A client of the cluster's administrator, once the cluster has answered. Throws RunnerError with the cause and its cure. */
export async function openAdminClient(access: ClusterAccess): Promise<Client> {
  const client = new Client({ ...adminClientOptions(access), maxRetries: 0 });
  try {
    await client.info();
    return client;
  } catch (error) {
    await client.close();
    if (error instanceof errors.ResponseError) {
      throw refusal(access.url, error.statusCode ?? 0);
    }
    throw unreachable({ hosts: [access.url] }, error);
  }
}

function refusal(url: string, status: number): RunnerError {
  const credentials = status === 401 || status === 403;
  return new RunnerError(
    "output_refused",
    credentials
      ? `Elasticsearch at ${url} refuses the credentials (${status}).`
      : `${url} answers ${status}, which is not Elasticsearch's greeting.`,
    {
      next: GIVE_UP,
      cure: credentials
        ? "Give an administrator's API key in ELASTICSEARCH_API_KEY, as id:key or encoded."
        : "Look whether ELASTICSEARCH_URL is the address of Elasticsearch.",
    },
  );
}
