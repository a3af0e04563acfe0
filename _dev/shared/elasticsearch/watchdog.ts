/**
 * Discards the cluster in the folder that is its argument as soon as its input ends, that is when the process that started
 * it is gone, however it went.
 */
import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { discardCluster } from "./cluster_node.ts";

/** Starts a watchdog that is bound to this process's life. */
export function watchOver(folder: string): void {
  const watchdog = spawn(process.execPath, [import.meta.filename, folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watchdog.unref();
  (watchdog.stdin as unknown as Socket).unref();
}

if (import.meta.main) {
  const folder = process.argv[2];
  if (folder === undefined) {
    throw new Error("usage: watchdog.ts FOLDER");
  }
  process.stdin.resume().on("end", () => void discardCluster(folder));
}
