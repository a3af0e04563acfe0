import type { Sink } from "./sink.ts";

/** A sink that ends as the contract says: `close` waits for what is being delivered, and nothing is taken after it. */
export function withOrderlyEnd(inner: Sink): Sink {
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;
  return {
    async deliver(events, signal, sentBefore) {
      if (closing !== undefined) {
        throw new Error("The output is closed.");
      }
      const delivering = inner.deliver(events, signal, sentBefore);
      underWay.add(delivering);
      try {
        return await delivering;
      } finally {
        underWay.delete(delivering);
      }
    },
    ...(inner.probe === undefined ? {} : { probe: inner.probe.bind(inner) }),
    close() {
      closing ??= Promise.allSettled(underWay).then(() => inner.close());
      return closing;
    },
  };
}
