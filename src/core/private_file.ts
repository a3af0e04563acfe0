import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes sure that nobody else can read a SQLite file, before a byte is in it: what SQLite puts beside it gets its mode. Files
 * that an earlier version has left open are closed. A folder that is not there is made, for its owner alone.
 */
export function makePrivate(path: string): void {
  makeFolder(dirname(path));
  closeSync(openSync(path, "a", 0o600));
  for (const file of [path, `${path}-wal`, `${path}-shm`].filter((one) => existsSync(one))) {
    chmodSync(file, 0o600);
  }
}

/** For its owner alone, one level at a time: Node's own recursion never ends where the system makes no folders, as under /proc. */
export function makeFolder(path: string): void {
  if (isFolder(path)) {
    return;
  }
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isFolder(path)) {
      throw error;
    }
  }
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
