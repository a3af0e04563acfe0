import type { Sink } from "./sink.ts";

/** A sink that ends as the contract says: `close` waits for what is being delivered, and nothing is taken after it. */
export function withOrderlyEnd(inner: Sink): Sink {
  let underWay = 0;
  let closing: Promise<void> | undefined;
  let noneLeft = () => {};
  return {
    async deliver(events, signal, sentBefore) {
      if (closing !== undefined) {
        throw new Error("The output is closed.");
      }
      underWay += 1;
      try {
        return await inner.deliver(events, signal, sentBefore);
      } finally {
        underWay -= 1;
        if (underWay === 0) {
          noneLeft();
        }
      }
    },
    ...(inner.probe === undefined ? {} : { probe: inner.probe.bind(inner) }),
    close() {
      closing ??= new Promise<void>((resolve) => {
        noneLeft = resolve;
        if (underWay === 0) {
          resolve();
        }
      }).then(() => inner.close());
      return closing;
    },
  };
}
