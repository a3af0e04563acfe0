import { rmSync } from "node:fs";
import { type ClusterRecord, lockOf, readRecord } from "./cluster_record.ts";
import { containerControl } from "./container.ts";
import type { NodeControl } from "./node_control.ts";
import { processControl } from "./node_process.ts";

export function nodeControl(folder: string, { runs, pid = -1 }: ClusterRecord): NodeControl {
  return runs?.by === "docker" ? containerControl(runs.container) : processControl(folder, pid);
}

/** Ends the node of a cluster that nobody will use again and deletes its folder. */
export async function discardCluster(folder: string): Promise<void> {
  const record = readRecord(folder);
  if (record !== undefined) {
    await nodeControl(folder, record).discard();
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  rmSync(lockOf(folder), { force: true });
}
