import { describe, expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { silentLog } from "../core/log.ts";
import { createMemoryCursors } from "../cursors/memory_cursors.ts";
import type { Sink } from "../sinks/sink.ts";
import type { Source } from "../sources/source.ts";
import { source as collected } from "./collected_source.fixture.ts";
import { Collector } from "./collector.ts";
import { pump } from "./pump.ts";
import { type InputRun, Supervisor } from "./supervisor.ts";

/** An output that is down: a delivery ends only when it is given up. */
const down: Sink = {
  deliver: (_, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    }),
  close: async () => {},
};

const oneEvent: Source = {
  id: "one",
  async *read() {
    yield { events: [{ index: "i", id: "1", json: "{}" }], changes: [{ key: "n", value: 1 }] };
    return undefined;
  },
};

describe("a stop", () => {
  test("while the output is down takes at most 8 s, reports included, and saves nothing that was not delivered", async () => {
    const clock = new ManualClock();
    const cursors = createMemoryCursors();
    const collector = new Collector({
      inputId: "acme",
      dataStream: { type: "logs", dataset: "aquila_salesforce.collector", namespace: "default" },
      organizationName: "Acme",
      agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
      apiCalls: () => undefined,
      clock,
      log: silentLog,
    });
    const tell = collector.tell(collected);
    const run: InputRun = {
      key: "acme",
      jobs: [
        {
          stream: "login-1",
          interval: 60_000,
          tell,
          round: (scope, stop, abandon) => {
            collector.begin(down);
            return pump({ source: oneEvent, sink: down, cursors, tell, clock, scope, stop, abandon });
          },
        },
      ],
      close: () => collector.close(),
    };
    const supervisor = new Supervisor(clock);
    await supervisor.replace(new Map([["acme", () => run]]));
    await settled();
    tell({ fact: "no_hourly_files" });
    const begun = clock.now();
    let ended: number | undefined;
    const stopping = supervisor.stop().then(() => {
      ended = clock.now();
    });
    for (let turn = 0; ended === undefined && turn < 100; turn += 1) {
      await settled();
      clock.advance(250);
    }
    await stopping;
    expect((ended ?? Number.NaN) - begun).toBeLessThanOrEqual(8_000);
    expect((ended ?? Number.NaN) - begun).toBeGreaterThanOrEqual(5_000);
    expect((await cursors.load("one")).size).toBe(0);
  });
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((next) => setImmediate(next));
  }
}
