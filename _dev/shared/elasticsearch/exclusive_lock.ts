import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

const BETWEEN_TRIES = 200;

/**
 * Runs `work` while no other process holds the lock at `path`. The lock is SQLite's exclusive lock on that file, which the
 * operating system gives up when its holder dies, so none is ever left behind. `onWait` is called once if it is taken.
 */
export async function withExclusiveLock<T>(path: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    let told = false;
    while (!tryLock(database)) {
      if (!told) {
        onWait?.();
        told = true;
      }
      await sleep(BETWEEN_TRIES);
    }
    return await work();
  } finally {
    database.close();
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    const SQLITE_BUSY = 5;
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) {
      return false;
    }
    throw error;
  }
}
