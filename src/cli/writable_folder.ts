import { rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** Why a folder can't be written. */
export interface WriteRefusal {
  readonly folder: string;
  /** `EACCES`, `ENOSPC` … */
  readonly code: string;
}

/**
 * Tries to write into a folder, or into the nearest one above it that is there, and leaves nothing behind: modes do not tell
 * what a mount, a quota or the superuser make of them. Gives what kept it from that.
 */
export async function refusalToWrite(path: string): Promise<WriteRefusal | undefined> {
  const folder = await nearestThatIsThere(resolve(path));
  const probe = join(folder, `.aquila-salesforce-${process.pid}.probe`);
  try {
    await writeFile(probe, "probe\n", { mode: 0o600, flag: "wx" });
    return undefined;
  } catch (error) {
    return { folder, code: (error as NodeJS.ErrnoException).code ?? String(error) };
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
}

async function nearestThatIsThere(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  return isThere || path === dirname(path) ? path : await nearestThatIsThere(dirname(path));
}
