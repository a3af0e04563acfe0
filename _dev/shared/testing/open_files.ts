import { existsSync, readdirSync, readlinkSync } from "node:fs";

const DESCRIPTORS = "/proc/self/fd";

/** What of a folder this process has open, files that have lost their names too. Nothing where the system does not tell. */
export function openFilesIn(folder: string): string[] {
  const descriptors = existsSync(DESCRIPTORS) ? readdirSync(DESCRIPTORS) : [];
  return descriptors.map(target).filter((path) => path.startsWith(`${folder}/`));
}

/** Empty for one that is closed by now. */
function target(descriptor: string): string {
  try {
    return readlinkSync(`${DESCRIPTORS}/${descriptor}`);
  } catch {
    return "";
  }
}
