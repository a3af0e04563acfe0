import { expect, test } from "vitest";
import type { SourceEvent } from "../core/event.ts";
import type { Receipt, Sink } from "./sink.ts";

export interface SinkUnderTest {
  readonly sink: Sink;
  /** The ids that the far side holds for a data stream, sorted, a repeated one as often as it is there. */
  stored(index: string): Promise<string[]>;
  /** Data streams that exist, or may be made, on the far side. */
  readonly indexes: readonly [string, string];
  /** From now on the far side takes nothing. */
  block?(): Promise<void>;
}

const never = new AbortController().signal;

export function anEvent(index: string, id: string, more: object = {}): SourceEvent {
  const document = { "@timestamp": "2026-07-17T09:22:41.123Z", event: { id, code: "Login" }, ...more };
  return { index, id, json: JSON.stringify(document) };
}

/** One that says itself to which data stream it belongs, as those of the runner do. */
function anEventOf(index: string, id: string): SourceEvent {
  const [type, dataset, namespace] = index.split("-");
  return anEvent(index, id, { data_stream: { type, dataset, namespace } });
}

/** What a receipt counts; where the events have landed is Elasticsearch's to say. */
export function counted({ landedIn: _, ...counts }: Receipt): Omit<Receipt, "landedIn"> {
  return counts;
}

/** What every sink does. `remembers` = it knows events again that it was given before. */
export function sinkContract(open: () => Promise<SinkUnderTest>, { remembers }: { remembers: boolean }): void {
  test("stores each event of a batch in its data stream and counts it", async () => {
    const { sink, stored, indexes } = await open();
    const [one, two] = indexes;
    const receipt = await sink.deliver([anEventOf(one, "c-a"), anEventOf(two, "c-b"), anEventOf(one, "c-c")], never);
    expect(counted(receipt)).toEqual({ created: 3, existing: 0, refused: [] });
    expect(await stored(one)).toEqual(["c-a", "c-c"]);
    expect(await stored(two)).toEqual(["c-b"]);
    await sink.close();
  });

  test("an empty batch is acknowledged", async () => {
    const { sink } = await open();
    expect(await sink.deliver([], never)).toEqual({ created: 0, existing: 0, refused: [] });
    await sink.close();
  });

  test("takes several batches at a time", async () => {
    const { sink, stored, indexes } = await open();
    const batches = Array.from({ length: 8 }, (_, n) => [
      anEventOf(indexes[0], `d-${n}`),
      anEventOf(indexes[0], `e-${n}`),
    ]);
    const receipts = await Promise.all(batches.map((batch) => sink.deliver(batch, never)));
    expect(receipts.reduce((sum, { created }) => sum + created, 0)).toBe(16);
    expect((await stored(indexes[0])).filter((id) => /^[de]-/.test(id))).toHaveLength(16);
    await sink.close();
  });

  test("a delivery that waits rejects with the signal's reason, and the sink can be closed then", async () => {
    const { sink, block, indexes } = await open();
    if (block === undefined) {
      return;
    }
    await block();
    const stop = new AbortController();
    const delivering = sink.deliver([anEventOf(indexes[0], "g-1")], stop.signal);
    setTimeout(() => stop.abort(new Error("stopped")), 20);
    await expect(delivering).rejects.toThrow("stopped");
    await sink.close();
  });

  test("close waits for what is being delivered, which is then acknowledged", async () => {
    const { sink, stored, indexes } = await open();
    const delivering = sink.deliver([anEventOf(indexes[0], "h-1"), anEventOf(indexes[1], "h-2")], never);
    await sink.close();
    expect(counted(await delivering)).toEqual({ created: 2, existing: 0, refused: [] });
    expect(await stored(indexes[0])).toContain("h-1");
    expect(await stored(indexes[1])).toContain("h-2");
  });

  test("a delivery after close rejects, and stores nothing", async () => {
    const { sink, stored, indexes } = await open();
    await sink.close();
    await expect(sink.deliver([anEventOf(indexes[0], "i-1")], never)).rejects.toThrow("closed");
    expect(await stored(indexes[0])).not.toContain("i-1");
  });

  if (remembers) {
    test("an event delivered to an earlier sink is there once", async () => {
      const first = await open();
      await first.sink.deliver([anEventOf(first.indexes[0], "f-1")], never);
      await first.sink.close();
      const second = await open();
      const receipt = await second.sink.deliver(
        [anEventOf(second.indexes[0], "f-1"), anEventOf(second.indexes[0], "f-2")],
        never,
      );
      expect(counted(receipt)).toEqual({ created: 1, existing: 1, refused: [] });
      expect((await second.stored(second.indexes[0])).filter((id) => id.startsWith("f-"))).toEqual(["f-1", "f-2"]);
      await second.sink.close();
    });
  }
}
