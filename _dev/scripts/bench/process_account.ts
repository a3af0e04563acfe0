/** Preloaded into a process that is measured: writes what it used when it exits, as ProcessAccount. */
import { readFileSync, writeFileSync } from "node:fs";

/** Time of all threads in microseconds, peak resident memory in KiB. */
export interface ProcessAccount {
  readonly cpuMicroseconds: number;
  readonly peakKibibytes: number;
}

/**
 * Linux keeps `maxRSS` over the start of another program, so that it may be the peak of the process that has started this one;
 * VmHWM is this program's own.
 */
function peakKibibytes(): number {
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
    const account: ProcessAccount = {
      cpuMicroseconds: userCPUTime + systemCPUTime,
      peakKibibytes: peakKibibytes(),
    };
    writeFileSync(path, JSON.stringify(account));
  });
}
