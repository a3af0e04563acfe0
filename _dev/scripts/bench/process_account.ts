/** Preloaded into a process that is measured: writes what it used when it exits. */
import { writeFileSync } from "node:fs";

const path = process.env.PROCESS_ACCOUNT;
if (path !== undefined) {
  process.on("exit", () => writeFileSync(path, JSON.stringify(process.resourceUsage())));
}
