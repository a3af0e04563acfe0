import { existsSync, globSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { LOCAL_CLUSTER } from "./cluster.ts";
import { discardCluster, nodeControl } from "./cluster_node.ts";
import { readRecord } from "./cluster_record.ts";
import { containerControl, IMAGE, ownContainers, removeImage } from "./container.ts";
import { MAVEN_COPY } from "./maven.ts";
import { ElasticsearchUnavailable } from "./unavailable.ts";
import type { Log } from "./unpacking.ts";

/**
 * Takes everything off the machine that was put there for a local Elasticsearch and for tests: clusters with data, distributions,
 * containers and their image, Maven's copy. Says what it removed. A cluster that a test run uses stays, and with it everything
 * else: throws ElasticsearchUnavailable.
 */
export async function clean(cache: string, log: Log, mavenCopy = MAVEN_COPY): Promise<void> {
  const clusters = globSync(join(cache, "clusters/*/cluster.json")).map((path) => join(path, ".."));
  for (const folder of clusters) {
    const record = readRecord(folder);
    if (basename(folder) !== LOCAL_CLUSTER && record !== undefined && nodeControl(folder, record).isRunning()) {
      throw new ElasticsearchUnavailable(
        "node",
        `The cluster in ${folder} is in use, so nothing was removed. Run this again when its tests have ended.`,
      );
    }
  }
  for (const folder of clusters) {
    await discardCluster(folder);
  }
  for (const container of await ownContainers()) {
    await containerControl(container).discard();
    log(`Removed the container ${container}.`);
  }
  if (await removeImage()) {
    log(`Removed the image ${IMAGE}.`);
  }
  // A person may have named the cache, with more in it than this project's.
  const own = globSync(["clusters", "elasticsearch-*", "kafka-*"].map((name) => join(cache, name)));
  for (const path of [...own, mavenCopy].filter((one) => existsSync(one))) {
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    log(`Removed ${path}.`);
  }
  if (existsSync(cache) && readdirSync(cache).length === 0) {
    rmdirSync(cache);
  }
}
