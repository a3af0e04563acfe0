import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const FILE = "cluster.json";

/** What is known of a cluster on this machine. It lies in the cluster's folder and is readable by its owner alone. */
const clusterRecord = z.object({
  /** Leader of the process group of a node that is a process; undefined while it is stopped. */
  pid: z.int().optional(),
  url: z.string(),
  ports: z.object({ http: z.int(), transport: z.int() }),
  username: z.string(),
  password: z.string(),
  /** Encoded key with the rights of an agent's output: `monitor`, and `auto_configure` and `create_doc` on `logs-*`. */
  apiKey: z.string().optional(),
  /** What runs its node, chosen at the first start. */
  runs: z
    .discriminatedUnion("by", [
      z.object({ by: z.literal("process"), home: z.string(), javaHome: z.string().optional() }),
      z.object({ by: z.literal("docker"), container: z.string() }),
    ])
    .optional(),
});

export type ClusterRecord = z.infer<typeof clusterRecord>;

export function readRecord(folder: string): ClusterRecord | undefined {
  try {
    return clusterRecord.parse(JSON.parse(readFileSync(join(folder, FILE), "utf8")));
  } catch {
    return undefined;
  }
}

export function writeRecord(folder: string, record: ClusterRecord): void {
  writeFileSync(join(folder, FILE), `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
}

/** The file whose lock a process holds while it starts the cluster. */
export function lockOf(folder: string): string {
  return `${folder}.lock`;
}
