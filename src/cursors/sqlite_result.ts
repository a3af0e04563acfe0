/** What a file of SQLite says that can't be used. */
type Trouble = "in use" | "damaged" | "other";

/** By result code (https://www.sqlite.org/rescode.html): SQLITE_BUSY, SQLITE_CORRUPT, SQLITE_NOTADB. */
const TROUBLES: Readonly<Record<number, Trouble>> = { 5: "in use", 11: "damaged", 26: "damaged" };

/** What an error of Node's SQLite means, its extended codes included. Pure. */
export function sqliteTrouble(error: unknown): Trouble {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === "number" ? (TROUBLES[code & 0xff] ?? "other") : "other";
}
