import type { Writable } from "node:stream";
import type { MemoryShare } from "../core/memory.ts";
import { linesLength, writeLines } from "./lines.ts";
import { withOrderlyEnd } from "./orderly_end.ts";
import type { Sink } from "./sink.ts";

/** One document a line on a stream such as standard output. */
export function createConsoleSink(out: Writable, memory: MemoryShare): Sink {
  return withOrderlyEnd({
    async deliver(events, signal) {
      const lines = await memory.body(linesLength(events), signal);
      writeLines(events, lines.bytes);
      await new Promise<void>((resolve, reject) => {
        const giveUp = () => reject(signal.reason);
        signal.addEventListener("abort", giveUp, { once: true });
        // Also after that the stream still holds the bytes.
        out.write(lines.bytes.bytes, (error) => {
          signal.removeEventListener("abort", giveUp);
          lines.giveBack();
          if (error) {
            reject(error);
          } else {
            resolve();
          }
        });
      });
      return { created: events.length, existing: 0, refused: [] };
    },
    async close() {},
  });
}
