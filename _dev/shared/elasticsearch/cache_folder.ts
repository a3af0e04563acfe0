import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

const NAME = "aquila-salesforce";

/** The user that a node runs as when the caller is root, which Elasticsearch refuses to run as. */
export interface ServiceUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Where unpacked distributions and clusters lie: where AQUILA_SALESFORCE_CACHE says, else in the user's cache. Root's home is
 * closed to the service user, hence another place. Pure.
 */
export function cacheFolder(uid: number, environment: NodeJS.ProcessEnv, home: string): string {
  const named = environment.AQUILA_SALESFORCE_CACHE;
  if (named !== undefined && named !== "") {
    return resolve(named);
  }
  if (uid === 0) {
    return join("/var/cache", NAME);
  }
  const base = environment.XDG_CACHE_HOME;
  return join(base === undefined || base === "" ? join(home, ".cache") : base, NAME);
}

/** Makes and returns the cache folder of the user who runs this. */
export function ownCacheFolder(): string {
  const folder = cacheFolder(currentUid(), process.env, homedir());
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

/** `nobody` for root, otherwise undefined: the node runs as the caller. */
export function serviceUser(): ServiceUser | undefined {
  if (currentUid() !== 0) {
    return undefined;
  }
  const number = (flag: string) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: number("-u"), gid: number("-g") };
}

function currentUid(): number {
  return process.getuid?.() ?? -1;
}
