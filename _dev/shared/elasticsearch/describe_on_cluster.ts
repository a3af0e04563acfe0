import { describe, inject, test } from "vitest";
import type { ClusterAccess } from "./cluster.ts";
import type {} from "./test_cluster.ts";

/** The cluster of a test run. `folder` lets a test stop and start a local one by `attachCluster`. */
export interface RunCluster extends ClusterAccess {
  readonly external: boolean;
  readonly folder?: string;
}

/** A suite on the run's cluster. Where there is none (the run has said so) it shows as one skipped test with the reason. */
export function describeOnCluster(name: string, suite: (cluster: RunCluster) => void): void {
  const cluster = inject("elasticsearch");
  describe(name, () => {
    if ("unavailable" in cluster) {
      test.skip(`not tested: ${cluster.unavailable}`);
    } else {
      suite(cluster);
    }
  });
}
