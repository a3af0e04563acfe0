import type { Clock } from "../core/clock.ts";
import type { Sink } from "./sink.ts";

/** Milliseconds between two looks whether anything was delivered in between. */
const LOOK_EVERY_MS = 60_000;

/**
 * Probes the far side at once, and after each minute in which it had nothing to take: an output that can't be reached is known
 * before the first event waits for it. A sink that has no far side stays as it is.
 */
export function createProbingSink(sink: Sink, clock: Clock): Sink {
  const { probe } = sink;
  if (probe === undefined) {
    return sink;
  }
  const closing = new AbortController();
  let overtaken = new AbortController();
  let underWay = 0;
  let idle = true;

  const probeWhileIdle = async () => {
    while (!closing.signal.aborted) {
      const due = idle && underWay === 0;
      idle = true;
      if (due) {
        overtaken = new AbortController();
        await probe.call(sink, AbortSignal.any([closing.signal, overtaken.signal])).catch(() => {});
      }
      await clock.sleep(LOOK_EVERY_MS, closing.signal).catch(() => {});
    }
  };
  const probing = probeWhileIdle();

  return {
    async deliver(events, signal, sentBefore) {
      underWay += 1;
      // What the delivery says counts.
      overtaken.abort(new Error("a delivery has begun"));
      try {
        return await sink.deliver(events, signal, sentBefore);
      } finally {
        underWay -= 1;
        idle = false;
      }
    },
    async close() {
      closing.abort(new Error("closed"));
      await probing;
      await sink.close();
    },
  };
}
