/**
 * Preloaded into a process that is measured: writes what it used when it exits, as ProcessAccount of runner_process.ts.
 * Plain JavaScript, because stripping types would take memory of the process that is measured.
 */
import { readFileSync, writeFileSync } from "node:fs";

/**
 * Linux keeps `maxRSS` over the start of another program, so that it may be the peak of the process that has started this one;
 * VmHWM is this program's own.
 */
function peakKibibytes() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}

const path = process.env.PROCESS_ACCOUNT;
if (path !== undefined) {
  process.on("exit", () => {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    const account = { cpuMicroseconds: userCPUTime + systemCPUTime, peakKibibytes: peakKibibytes() };
    writeFileSync(path, JSON.stringify(account));
  });
}
