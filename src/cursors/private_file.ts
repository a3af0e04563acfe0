import { chmodSync, closeSync, existsSync, openSync } from "node:fs";

/**
 * Makes sure that nobody else can read a SQLite file, before a byte is in it: what SQLite puts beside it gets its mode. Files
 * that an earlier version has left open are closed.
 */
export function makePrivate(path: string): void {
  closeSync(openSync(path, "a", 0o600));
  for (const file of [path, `${path}-wal`, `${path}-shm`].filter((one) => existsSync(one))) {
    chmodSync(file, 0o600);
  }
}
