import { type Zippable, zipSync } from "fflate";
import type { PackageFiles } from "./files_by_path.ts";

/** UNIX, so that the modes are taken over. */
const MADE_ON_UNIX = 3;
const REGULAR_FILE_0644 = 0o100_644 << 16;

/** The zip of a package as Fleet takes it: everything below one folder. The same files give the same bytes, anywhere. */
export function zipOf(files: PackageFiles, folder: string): Uint8Array {
  const entries: Zippable = {};
  // Zip files know local time only and nothing before 1980.
  const fixedTime = new Date(1980, 0, 1);
  for (const [path, content] of files) {
    entries[`${folder}/${path}`] = content;
  }
  return zipSync(entries, { level: 9, mtime: fixedTime, os: MADE_ON_UNIX, attrs: REGULAR_FILE_0644 });
}
