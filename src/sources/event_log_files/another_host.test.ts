import { afterEach, beforeEach, expect, test } from "vitest";
import { FileCollection } from "../../../_dev/shared/testing/file_collection.ts";
import { MemoryDocuments } from "../../../_dev/shared/testing/memory_documents.ts";
import { createMemoryLedger } from "../../../_dev/shared/testing/memory_ledger.ts";
import { createSharedCursors } from "../../cursors/shared_cursors.ts";

const MINUTE = 60_000;
const YESTERDAY = "2026-07-19";

let collection: FileCollection;
let documents: MemoryDocuments;
beforeEach(async () => {
  collection = await new FileCollection().open();
  documents = new MemoryDocuments();
});
afterEach(() => collection.close());

const hour = (n: number) => `${YESTERDAY}T${String(n).padStart(2, "0")}:00:00Z`;
const rows = (at: number, ...ids: string[]) =>
  ids.map((id) => ({ EVENT_TYPE: "Login", TIMESTAMP: `20260719${at}0000.123`, REQUEST_ID: id }));

/** The host collects for some minutes, in this term, and is gone. Gives what it sent. */
async function inTurn(term: number, host: { ledger: ReturnType<typeof createMemoryLedger> }): Promise<string[]> {
  const { clock } = collection;
  const before = collection.sent.length;
  collection.ledger = host.ledger;
  collection.cursors = createSharedCursors({
    ...{ documents, find: async () => [], org: "acme", owner: `host of term ${term}`, clock },
    term: () => term,
  });
  collection.start(MINUTE);
  await collection.pass(5 * MINUTE);
  await collection.stop();
  return collection.sent.slice(before).sort();
}

const newHost = () => ({ ledger: createMemoryLedger() });

test("a host that takes over reads again what it must know of files that others brought, and sends no row twice", async () => {
  const { given } = collection.org;
  const [a, b] = [newHost(), newHost()];
  await given.logFile({ eventType: "Login", interval: "Hourly", logDate: hour(10), rows: rows(10, "r1", "r2") });
  expect(await inTurn(1, a)).toEqual(["r1", "r2"]);

  await given.logFile({ eventType: "Login", interval: "Hourly", logDate: hour(11), rows: rows(11, "r3", "r3") });
  const daily = { eventType: "Login", interval: "Daily", logDate: hour(0) } as const;
  const day = [...rows(10, "r1", "r2"), ...rows(11, "r3", "r3", "r4")];
  await given.logFile({ ...daily, rows: day });
  expect(await inTurn(2, b)).toEqual(["r3", "r3", "r4"]);

  // What the first host's ledger holds is of before, and lacks what the second brought.
  await given.logFile({ eventType: "Login", interval: "Hourly", logDate: hour(12), rows: rows(11, "r3", "r4", "r5") });
  expect(await inTurn(3, a)).toEqual(["r5"]);
  expect(await inTurn(4, newHost())).toEqual([]);
});
