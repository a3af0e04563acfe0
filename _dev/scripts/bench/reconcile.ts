/**
 * What it costs to know the rows of a day: disk, time and memory of the ledger with 1 and 10 million rows, a line for each
 * figure. Each size runs in a process of its own; the making of identities is not counted.
 * Usage: node _dev/scripts/bench/reconcile.ts [ROWS…]
 */
import { spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { globSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NODE_FLAGS } from "../../../src/cli/component_files.ts";
import type { LedgerFile } from "../../../src/cursors/row_ledger.ts";
import { createDiskLedger } from "../../../src/cursors/row_ledger_disk.ts";

const BATCH = 1_000;
const FILE: LedgerFile = { source: "bench", id: "0AT1", length: 1, created: Date.UTC(2026, 6, 19) };

export interface Time {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export interface LedgerFigures {
  readonly rows: number;
  /** Bytes of all files, after appending, at the worst moment of merging, and after it. */
  readonly appendedBytes: number;
  readonly mergingBytes: number;
  readonly mergedBytes: number;
  readonly append: Time;
  readonly merge: Time;
  readonly lookUp: Time;
  /** The longest time for which merging held the process up. */
  readonly longestPauseMilliseconds: number;
  readonly peakMebibytes: number;
  /** The same, after the same identities had been made without a ledger. */
  readonly peakOfMakingMebibytes: number;
}

/** Records rows, opens the day, and looks up as many rows, of which half are known. Throws if a single answer is wrong. */
async function benchLedger(rows: number): Promise<LedgerFigures> {
  const folder = mkdtempSync(join(tmpdir(), "bench-ledger-"));
  try {
    for (let first = 0; first < rows; first += BATCH) {
      identitiesFrom(first, BATCH);
    }
    const peakOfMakingMebibytes = peakMebibytes();

    const ledger = createDiskLedger(folder);
    const append = new Stopwatch();
    for (let first = 0; first < rows; first += BATCH) {
      const identities = identitiesFrom(first, Math.min(BATCH, rows - first));
      await append.timed(async () => ledger.note(FILE, first, first + identities.length, identities));
    }
    const appendedBytes = bytesIn(folder);

    const merge = new Stopwatch();
    let mergingBytes = 0;
    let longestPause = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      mergingBytes = Math.max(mergingBytes, bytesIn(folder));
      longestPause = Math.max(longestPause, performance.now() - last);
      last = performance.now();
    }, 1);
    const known = await merge.timed(() => ledger.open([{ file: FILE, rows }]));
    clearInterval(watch);

    const lookUp = new Stopwatch();
    const offset = Math.floor(rows / 2);
    for (let first = 0; first < rows; first += BATCH) {
      const identities = identitiesFrom(offset + first, Math.min(BATCH, rows - first));
      const found = await lookUp.timed(async () => identities.map((identity) => known.has(identity)));
      const wrong = found.findIndex((has, at) => has !== offset + first + at < rows);
      if (wrong !== -1) {
        throw new Error(`row ${offset + first + wrong} of ${rows}: the ledger says ${found[wrong]}`);
      }
    }
    known.close();
    return {
      rows,
      appendedBytes,
      mergingBytes,
      mergedBytes: bytesIn(folder),
      append,
      merge,
      lookUp,
      longestPauseMilliseconds: longestPause,
      peakMebibytes: peakMebibytes(),
      peakOfMakingMebibytes,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Elapsed time, and the processor's: the first alone says little on a machine that has other work. */
class Stopwatch {
  seconds = 0;
  cpuSeconds = 0;

  async timed<T>(action: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const cpu = process.cpuUsage();
    const result = await action();
    const { user, system } = process.cpuUsage(cpu);
    this.seconds += (performance.now() - start) / 1_000;
    this.cpuSeconds += (user + system) / 1e6;
    return result;
  }
}

function identitiesFrom(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, at) => hash("sha256", `row ${first + at}`, "base64url").slice(0, 20));
}

function peakMebibytes(): number {
  return process.resourceUsage().maxRSS / 1_024;
}

function bytesIn(folder: string): number {
  let bytes = 0;
  for (const path of globSync("**/*.*", { cwd: folder })) {
    bytes += statSync(join(folder, path), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

/** The figures as lines. */
function ledgerLines(figures: LedgerFigures): string[] {
  const { rows } = figures;
  const size = `${rows / 1e6} million rows a day`;
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const aRow = (seconds: number) => ((seconds * 1e6) / rows).toFixed(2);
  const time = ({ seconds, cpuSeconds }: Time) => `${aRow(seconds)} µs a row (${aRow(cpuSeconds)} µs of CPU)`;
  return [
    `ledger, ${size}: ${(figures.mergedBytes / rows).toFixed(2)} bytes a row on disk (${mebibytes(figures.appendedBytes)}, while merging at most ${mebibytes(figures.mergingBytes)})`,
    `ledger, ${size}: append ${time(figures.append)}`,
    `ledger, ${size}: merge ${time(figures.merge)}, ${figures.merge.seconds.toFixed(2)} s in all, longest pause ${figures.longestPauseMilliseconds.toFixed(0)} ms`,
    `ledger, ${size}: look-up ${time(figures.lookUp)}`,
    `ledger, ${size}: ${figures.peakMebibytes.toFixed(0)} MiB of resident memory at most, ${figures.peakOfMakingMebibytes.toFixed(0)} MiB before there was a ledger`,
  ];
}

if (import.meta.main) {
  const [first, ...rest] = process.argv.slice(2).map(Number);
  if (first !== undefined && rest.length === 0) {
    process.stdout.write(`${ledgerLines(await benchLedger(first)).join("\n")}\n`);
  } else {
    for (const rows of first === undefined ? [1_000_000, 10_000_000] : [first, ...rest]) {
      const args = [...NODE_FLAGS, import.meta.filename, String(rows)];
      const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
      process.exitCode ||= status ?? 1;
    }
  }
}
