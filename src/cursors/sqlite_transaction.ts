import type { DatabaseSync } from "node:sqlite";

/** Does all of the action's changes or none; `begin` says when the file is locked. */
export function transaction<T>(database: DatabaseSync, begin: "BEGIN" | "BEGIN IMMEDIATE", action: () => T): T {
  database.exec(begin);
  try {
    const outcome = action();
    database.exec("COMMIT");
    return outcome;
  } catch (error) {
    if (database.isTransaction) {
      database.exec("ROLLBACK");
    }
    throw error;
  }
}
