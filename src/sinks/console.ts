import { once } from "node:events";
import type { Writable } from "node:stream";
import { withOrderlyEnd } from "./orderly_end.ts";
import type { Sink } from "./sink.ts";

/** One document a line on a stream such as standard output. */
export function createConsoleSink(out: Writable): Sink {
  return withOrderlyEnd({
    async deliver(events, signal) {
      for (const { json } of events) {
        if (!out.write(`${json}\n`)) {
          await once(out, "drain", { signal }).catch((error) => {
            signal.throwIfAborted();
            throw error;
          });
        }
      }
      return { created: events.length, existing: 0, refused: [] };
    },
    async close() {},
  });
}
