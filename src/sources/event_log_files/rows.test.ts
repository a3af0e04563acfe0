import { describe, expect, test } from "vitest";
import { createMemoryScratch } from "../../../_dev/shared/testing/memory_ledger.ts";
import { BATCH_MEMORY, Memory, type MemoryShare } from "../../core/memory.ts";
import { rowIdentities } from "./row_identities.ts";
import { type FileRows, logFileRows } from "./rows.ts";

const file = {
  id: "0AT000000000001AAA",
  eventType: "Login",
  interval: "hourly",
  sequence: 1,
  logDate: Date.UTC(2026, 6, 20),
  created: Date.UTC(2026, 6, 20),
  length: 1,
  path: "/services/data/v66.0/sobjects/EventLogFile/0AT000000000001AAA/LogFile",
} as const;
const HEADER = "EVENT_TYPE,REQUEST_ID,URI\n";

function reading(
  body: AsyncIterable<Uint8Array>,
  memory: MemoryShare,
  signal = new AbortController().signal,
  skipRows = 0,
) {
  return logFileRows({
    file,
    body,
    skipRows,
    stream: {
      organization: { id: "00D000000000001AAA", name: "Acme" },
      instanceUrl: "https://acme.my.salesforce.com",
      dataStream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" },
      tags: [],
      preserveOriginalEvent: false,
      agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
    },
    primary: true,
    memory,
    scratch: createMemoryScratch,
    signal,
    now: () => 0,
    tell: () => {},
  });
}

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 65_536) {
      yield bytes.subarray(at, at + 65_536);
    }
  }
}

const row = (n: number, uri = "/") => `Login,r${n},${uri}\n`;
const longRow = (n: number) => row(n, "x".repeat(14 * BATCH_MEMORY));
const turns = () => new Promise((turn) => setTimeout(turn, 50));

test.each([
  [0, ["1", "2", "3", "4"]],
  [1, ["2", "3", "4"]],
  [2, ["3", "4"]],
  [3, ["4"]],
  [4, []],
])("behind row %i come those that follow, whether they are whole or not", async (skipRows, expected) => {
  const text = `${HEADER}${row(1)}Login,cut\nLogin,"a"b,c\n${row(4)}`;
  const rows: string[] = [];
  for await (const batch of reading(chunks(text), new Memory().share(), undefined, skipRows)) {
    rows.push(...batch.events.map(({ json }) => String(JSON.parse(json).salesforce.collection.row)));
    batch.release();
  }
  expect(rows).toEqual(expected);
});

test.each([
  ["under a header as Salesforce writes it", HEADER, "\n"],
  ["under a header in lower case", HEADER.toLowerCase(), "\n"],
  ["under a header with blanks around the names", HEADER.replaceAll(",", " , "), "\n"],
  ["of a file whose last line does not end", HEADER, ""],
])("rows that are read again have the identities of their events, %s", async (_, header, end) => {
  const text = `${header}${row(1)}Login,cut\n${row(1)}${row(2).trimEnd()}${end}`;
  const events: string[] = [];
  for await (const batch of reading(chunks(text), new Memory().share())) {
    const own = batch.events.filter(({ index }) => index.includes(".login-"));
    events.push(...own.map(({ id }) => id));
    batch.release();
  }
  const again: string[] = [];
  const organizationId = "00D000000000001AAA";
  for await (const { identities } of rowIdentities({
    file,
    body: chunks(text),
    organizationId,
    rows: 4,
    scratch: createMemoryScratch,
  })) {
    again.push(...identities);
  }
  expect(new Set(events).size).toBe(3);
  expect(again).toEqual(events);
});

describe("memory of a file's rows", () => {
  test("batches end below what they count as, however small their rows are", async () => {
    const text = HEADER + Array.from({ length: 5_000 }, (_, n) => `Login,${n},\n`).join("");
    let rows = 0;
    for await (const batch of reading(chunks(text), new Memory().share())) {
      const bytes = batch.events.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0);
      expect(bytes).toBeLessThan(BATCH_MEMORY);
      rows += batch.events.length;
      batch.release();
    }
    expect(rows).toBe(5_000);
  });

  test("of long rows one is under way in the process, and the memory after them is what it was", async () => {
    const memory = new Memory();
    const first = reading(chunks(HEADER, row(1), longRow(2), row(3)), memory.share("a"));
    const second = reading(chunks(HEADER, row(1), longRow(2), row(3)), memory.share("b"));
    const pull = async (from: AsyncGenerator<FileRows>) => (await from.next()).value as FileRows;
    const begun = await pull(first);
    expect(begun.events).toHaveLength(1);
    const long = await pull(first);
    expect(long.events[0]?.json.length).toBeGreaterThan(14 * BATCH_MEMORY);
    (await pull(second)).release();

    let came = false;
    const waiting = pull(second).then((batch) => {
      came = true;
      return batch;
    });
    await turns();
    expect(came).toBe(false);
    long.release();
    (await waiting).release();
    begun.release();
    for (const rest of [first, second]) {
      for await (const batch of rest) {
        batch.release();
      }
    }
    expect(memory.taken).toBe(0);
    expect(memory.kept).toBeLessThan(BATCH_MEMORY);
  }, 60_000);

  test("an error in the file, an early end and an abort while waiting give everything back", async () => {
    const memory = new Memory();
    async function* cut(...texts: readonly string[]) {
      yield* chunks(HEADER, ...texts);
      throw new Error("cut");
    }
    const read = async (body: AsyncIterable<Uint8Array>) => {
      for await (const batch of reading(body, memory.share())) {
        batch.release();
      }
    };
    for (const texts of [[row(1)], [longRow(1).slice(0, -2)]]) {
      await expect(read(cut(...texts))).rejects.toThrow("cut");
      expect(memory.taken).toBe(0);
    }
    // Of long rows one is under way in the process.
    await read(chunks(HEADER, longRow(1)));

    const text = HEADER + Array.from({ length: 2_000 }, (_, n) => row(n)).join("");
    const left = reading(chunks(text), memory.share());
    const batch = await left.next();
    await left.return(undefined);
    batch.value?.release();
    expect(memory.taken).toBe(0);

    const taken = await Promise.all(Array.from({ length: 43 }, () => memory.share("org").batch(AbortSignal.any([]))));
    const stop = new AbortController();
    const waiting = reading(chunks(text), memory.share("org"), stop.signal).next();
    await turns();
    stop.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
    for (const { giveBack } of taken) {
      giveBack();
    }
    expect(memory.taken).toBe(0);
  });
});
