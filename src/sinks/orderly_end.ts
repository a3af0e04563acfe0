import type { Sink } from "./sink.ts";

/** A sink that ends as the contract says: `close` waits for what is being delivered, and nothing is taken after it. */
export function withOrderlyEnd(inner: Sink): Sink {
  let underWay: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | undefined;
  return {
    async deliver(events, signal, sentBefore) {
      if (closing !== undefined) {
        throw new Error("The output is closed.");
      }
      const delivering = inner.deliver(events, signal, sentBefore);
      // Not the results of both, which would hold those of all before them.
      underWay = Promise.allSettled([underWay, delivering]).then(() => {});
      return await delivering;
    },
    ...(inner.probe === undefined ? {} : { probe: inner.probe.bind(inner) }),
    close() {
      closing ??= underWay.then(() => inner.close());
      return closing;
    },
  };
}
