/** How a folder of Elasticsearch comes to be whole or not at all. */
import { existsSync, globSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { withExclusiveLock } from "./exclusive_lock.ts";
import { runTool } from "./tool.ts";
import { ElasticsearchUnavailable } from "./unavailable.ts";

/** Takes a line about progress for the person who waits. */
export type Log = (line: string) => void;

/**
 * The folder, which `make` prepares on the first call within a folder for its work and gives the path of. It gets its name when
 * everything is done, so a folder of that name is always whole.
 */
export async function madeOnce(folder: string, log: Log, make: (work: string) => Promise<string>): Promise<string> {
  if (existsSync(folder)) {
    return folder;
  }
  return withExclusiveLock(
    `${folder}.lock`,
    async () => {
      if (!existsSync(folder)) {
        const prefix = `${folder}.work-`;
        // Of a process that was killed; the lock says that nobody works there.
        for (const left of globSync(`${prefix}*`)) {
          rmSync(left, { recursive: true, force: true });
        }
        const work = mkdtempSync(prefix);
        try {
          renameSync(await make(work), folder);
        } catch (error) {
          throw fullDisk(error, dirname(folder));
        } finally {
          rmSync(work, { recursive: true, force: true });
        }
      }
      return folder;
    },
    () => log("Another process is fetching Elasticsearch; waiting for it."),
  );
}

function fullDisk(error: unknown, folder: string): unknown {
  return (error as NodeJS.ErrnoException).code === "ENOSPC" ? noSpace(folder) : error;
}

function noSpace(folder: string): ElasticsearchUnavailable {
  return new ElasticsearchUnavailable("unpacker", `the disk of ${folder} is full`, {
    cure: "Make room for 3 GB, or name another folder by AQUILA_SALESFORCE_CACHE.",
  });
}

/** Tries one command after the other until one has unpacked an archive into `into`. Throws ElasticsearchUnavailable. */
export async function unpack(
  archive: string,
  into: string,
  commands: readonly (readonly [string, ...string[]])[],
): Promise<void> {
  const failures: string[] = [];
  for (const [tool, ...args] of commands) {
    const { code, complaint } = await runTool(tool, args, { cwd: into });
    if (code === 0) {
      return;
    }
    if (complaint.includes("No space left on device")) {
      throw noSpace(into);
    }
    const [line = ""] = complaint.split("\n");
    failures.push(`${tool}: ${code === "absent" ? "not installed" : line}`);
  }
  throw new ElasticsearchUnavailable("unpacker", `${archive} can't be unpacked (${failures.join("; ")})`);
}

/** Lets everybody read the folder, also the user that a node runs as when the caller is root. */
export async function openToAll(folder: string): Promise<void> {
  await runTool("chmod", ["-R", "a+rX", folder]);
}

/** Puts the start script of this project in place of the distribution's: its process can be told by its command line. */
export const START_SCRIPT = `#!/usr/bin/env bash
set -e -o pipefail
source "$(dirname "$0")/elasticsearch-env"
export JAVA JAVA_TYPE ES_HOME ES_PATH_CONF ES_DISTRIBUTION_TYPE
exec "$JAVA" -Xms4m -Xmx64m -XX:+UseSerialGC -Daquila.cluster="$ES_PATH_CONF" \\
  -cp "$ES_HOME/lib/tools/server-launcher/*" org.elasticsearch.server.launcher.ServerLauncher "$@"
`;

export function startScript(home: string): string {
  return join(home, "bin/elasticsearch");
}
