/** Global set-up of the tests that need Elasticsearch: one cluster for the run, handed to the tests by `inject`. */
import type { TestProject } from "vitest/node";
import { type Cluster, type ClusterAccess, openCluster, runningCluster } from "./cluster.ts";
import { ElasticsearchUnavailable } from "./unavailable.ts";

declare module "vitest" {
  export interface ProvidedContext {
    elasticsearch: TestCluster;
  }
}

/** What a test gets from `inject("elasticsearch")`; `describeOnCluster` unwraps it. */
export type TestCluster =
  | (ClusterAccess & { readonly external: boolean; readonly folder?: string })
  | { readonly unavailable: string };

let cluster: Cluster | undefined;

export async function setup(project: Pick<TestProject, "provide">, open = openTestCluster): Promise<void> {
  try {
    cluster = await open();
  } catch (error) {
    if (!(error instanceof ElasticsearchUnavailable) || process.env.CI !== undefined) {
      throw error;
    }
    process.stderr.write(`\nNOT TESTED: everything that needs Elasticsearch (*.e2e.test.ts).\n${error.message}\n\n`);
    project.provide("elasticsearch", { unavailable: error.message });
    return;
  }
  const { url, username, password, apiKey, external, folder } = cluster;
  project.provide("elasticsearch", {
    url,
    apiKey,
    external,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(folder === undefined ? {} : { folder }),
  });
}

export async function teardown(): Promise<void> {
  if (cluster?.started === true) {
    await cluster.stop();
  }
}

/** The cluster of `npm run elasticsearch -- start` if it runs, else one that goes away with this process. */
async function openTestCluster(): Promise<Cluster> {
  const external = process.env.ELASTICSEARCH_URL ?? "";
  const local = external === "" ? runningCluster() : undefined;
  const log = (line: string) => process.stderr.write(`${line}\n`);
  return local ?? (await openCluster({ name: `test-${process.pid}`, lifetime: "process", log }));
}
