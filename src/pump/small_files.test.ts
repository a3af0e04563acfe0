import { expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { WatchedDocuments } from "../../_dev/shared/testing/watched_documents.ts";
import { readCursorDocument } from "../cursors/cursor_document.ts";
import { createSharedCursors } from "../cursors/shared_cursors.ts";
import type { Sink } from "../sinks/sink.ts";
import type { Source } from "../sources/source.ts";
import { pump } from "./pump.ts";

/** Milliseconds that each takes. */
const READING = 2;
const DELIVERY = 8;
const WRITE = 30;

/** Files of ten events, each ended by a batch that says so. */
function smallFiles(count: number, clock: ManualClock): Source {
  return {
    id: "files",
    async *read() {
      for (let file = 1; file <= count; file += 1) {
        await clock.sleep(READING);
        const part = `0AT${String(file).padStart(15, "0")}`;
        const events = Array.from({ length: 10 }, (_, n) => ({ index: "i", id: `${part}/${n}`, json: "{}" }));
        const change = (done: boolean) => ({ changes: [{ key: `file:${part}`, value: { rows: 10, done } }] });
        yield { part, events, whenDelivered: change(false) };
        yield { part, isLast: true, events: [], whenDelivered: change(true) };
      }
      return undefined;
    },
  };
}

/** What a round of so many files takes where the state is shared. */
async function collect(files: number) {
  const clock = new ManualClock();
  const documents = new WatchedDocuments();
  documents.around = async (call, kind) => {
    await clock.sleep(kind === "write" ? WRITE : 1);
    return await call();
  };
  const cursors = createSharedCursors({
    ...{ documents, find: async () => [], org: "acme", term: () => 1, owner: "a", clock },
  });
  const sink: Sink = {
    async deliver(events) {
      await clock.sleep(DELIVERY);
      return { created: events.length, existing: 0, refused: [], landedIn: { "logs-login": ["logs-login-000001"] } };
    },
    close: async () => {},
  };
  const began = clock.now();
  const never = new AbortController().signal;
  const source = smallFiles(files, clock);
  await clock.passUntil(pump({ source, sink, cursors, tell: () => {}, clock, stop: never, abandon: never }));
  const saved = await cursors.load("files");
  expect([...saved.values()].filter((value) => (value as { done: boolean }).done)).toHaveLength(files);
  const written = documents.requests.flat().filter(({ id }) => id.endsWith(" under way"));
  return {
    perSecond: files / ((clock.now() - began) / 1_000),
    writes: documents.requests.length,
    /** Files that one write of what is under way names. */
    named: Math.max(...written.map(({ id, value }) => readCursorDocument(id, value).entries.size)),
    bytes: written.reduce((sum, { value }) => sum + JSON.stringify(value).length, 0),
  };
}

test("many small files are kept together where the state is shared, and what is over is not kept with them", async () => {
  const [some, many] = [await collect(500), await collect(2_000)];
  expect(many.perSecond).toBeGreaterThan(300);
  expect(many.writes).toBeLessThan(0.15 * 2_000);
  // Those of two seconds: under way, and not yet forgotten.
  expect(many.named).toBeLessThan(1_000);
  expect(many.bytes).toBeLessThan(5 * some.bytes);
});
