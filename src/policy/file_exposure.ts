import { stat } from "node:fs/promises";

const OTHERS = 0o077;

/**
 * A warning for a file that other users of this machine can read, write or run; `undefined` if there is none, if the file is
 * not there, or on Windows, where a mode says nothing.
 */
export async function exposureOf(path: string): Promise<string | undefined> {
  if (process.platform === "win32") {
    return undefined;
  }
  const mode = await stat(path).then(
    (found) => found.mode & 0o777,
    () => undefined,
  );
  if (mode === undefined || (mode & OTHERS) === 0) {
    return undefined;
  }
  return `${path} is open to other users of this machine (mode ${mode.toString(8)}), and may hold secrets. Close it with: chmod 600 ${path}`;
}
