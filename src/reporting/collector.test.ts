import { describe, expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import { createLog } from "../core/log.ts";
import type { Stream } from "../policy/policy.ts";
import type { Sink } from "../sinks/sink.ts";
import { Collector } from "./collector.ts";
import type { Fact } from "./facts.ts";

const MINUTE = 60_000;
const stream: Stream = {
  id: "login-1",
  dataStream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" },
  sources: {},
  tags: [],
  preserveOriginalEvent: false,
  processors: [],
};

/** A sink that takes events while it is open, and waits while it is not. */
class GatedSink implements Sink {
  readonly delivered: { event: { code: string }; salesforce: { collector: Record<string, unknown> } }[] = [];
  open = true;
  #opened: (() => void)[] = [];

  async deliver(events: Parameters<Sink["deliver"]>[0], signal: AbortSignal) {
    while (!this.open) {
      await new Promise<void>((resolve, reject) => {
        this.#opened.push(resolve);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    }
    this.delivered.push(...events.map(({ json }) => JSON.parse(json)));
    return { created: events.length, existing: 0, refused: [] };
  }

  release(): void {
    this.open = true;
    for (const opened of this.#opened.splice(0)) {
      opened();
    }
  }

  async close() {}

  codes(): string[] {
    return this.delivered.map(({ event }) => event.code);
  }
}

function collecting() {
  const clock = new ManualClock();
  const warnings: string[] = [];
  const sink = new GatedSink();
  const collector = new Collector({
    inputId: "input-1",
    dataStream: { type: "logs", dataset: "aquila_salesforce.collector", namespace: "default" },
    organizationName: "Acme",
    agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
    apiCalls: () => undefined,
    clock,
    log: createLog((_, message) => warnings.push(message)),
  });
  return { clock, warnings, sink, collector, tell: collector.tell({ stream, name: "EventLogFile" }) };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const lost = new RunnerError("connection_lost", "The connection was lost.", { next: RETRY });
const failed: Fact = { fact: "round_failed", error: lost, nextAttemptAt: Number.POSITIVE_INFINITY };
const drift: Fact = { fact: "unknown_columns", eventType: "Login", columns: ["A"] };

describe("the collector", () => {
  test("tells each change of health at once, and none twice", async () => {
    const { clock, sink, collector, tell } = collecting();
    collector.begin(sink);
    for (const fact of [{ fact: "round_done" }, { fact: "round_done" }, failed, failed] as const) {
      tell(fact);
    }
    clock.advance(10_000);
    await settled();
    expect(sink.codes()).toEqual(["stream_status", "round_failed", "stream_status", "round_failed"]);
    await collector.close();
  });

  test("tells where everything stands every five minutes, and how far it is every hour", async () => {
    const { clock, sink, collector, tell } = collecting();
    collector.begin(sink);
    tell({ fact: "window_done", object: "LoginEvent", after: 0, to: clock.now(), records: 1 });
    const ticks: Record<string, number[]> = { stream_status: [], coverage: [] };
    for (let tick = 1; tick <= 361; tick += 1) {
      const before = sink.delivered.length;
      clock.advance(10_000);
      await settled();
      for (const code of sink.codes().slice(before)) {
        ticks[code]?.push(tick);
      }
    }
    expect(ticks.coverage).toEqual([1, 361]);
    expect(ticks.stream_status).toEqual(Array.from({ length: 12 }, (_, n) => 30 * (n + 1)));
    await collector.close();
  });

  test("says once that reports are refused", async () => {
    const { clock, warnings, collector, tell } = collecting();
    collector.begin({
      deliver: async (events) => ({
        created: 0,
        existing: 0,
        refused: events.map((event) => ({ event, type: "mapper_exception", reason: "no such field" })),
      }),
      close: async () => {},
    });
    tell(drift);
    clock.advance(10_000);
    await settled();
    tell({ ...drift, columns: ["B"] });
    await collector.close();
    expect(warnings).toEqual([
      "Elasticsearch refuses reports of the collection itself (mapper_exception: no such field).",
    ]);
  });

  test("tells a drift once, however many files have it", async () => {
    const { sink, collector, tell } = collecting();
    collector.begin(sink);
    tell(drift);
    tell(drift);
    tell({ ...drift, columns: ["A", "B"] });
    await collector.close();
    expect(sink.codes().filter((code) => code === "drift")).toHaveLength(2);
  });

  test("begins once, whoever asks", async () => {
    const { clock, sink, collector, tell } = collecting();
    collector.begin(sink);
    collector.begin(sink);
    expect(clock.sleeping).toBe(1);
    tell({ fact: "round_done" });
    await collector.close();
    expect(sink.codes()).toEqual(["stream_status"]);
    expect(clock.sleeping).toBe(0);
  });

  test("an output that is down holds nobody up; reports wait, and too many are dropped and counted", async () => {
    const { clock, sink, collector, tell } = collecting();
    sink.open = false;
    collector.begin(sink);
    tell(failed);
    clock.advance(10_000);
    await settled();
    for (let round = 0; round < 5_010; round += 1) {
      clock.advance(1);
      tell(failed);
    }
    sink.release();
    await settled();
    clock.advance(5 * MINUTE);
    await settled();
    const status = sink.delivered.filter(({ event }) => event.code === "stream_status").at(-1);
    expect(status?.salesforce.collector).toMatchObject({ dropped_reports: 10, rounds: { failed: 5_010 } });
    await collector.close();
  });

  test("an end does not wait for an output that stays down", async () => {
    const { clock, warnings, sink, collector, tell } = collecting();
    sink.open = false;
    collector.begin(sink);
    tell(failed);
    const closed = collector.close();
    await settled();
    clock.advance(5_000);
    await closed;
    expect(sink.delivered).toEqual([]);
    expect(warnings).toEqual(["2 reports of the collection itself could not be delivered."]);
  });

  test("without an output there is nothing to close", async () => {
    const { clock, collector, tell } = collecting();
    tell(failed);
    await collector.close();
    expect(clock.sleeping).toBe(0);
  });
});
