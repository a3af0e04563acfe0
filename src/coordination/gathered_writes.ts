import { RunnerError } from "../core/errors.ts";
import type { DocumentWrite, StateDocuments, Version } from "./state_documents.ts";

interface Waiting {
  readonly write: DocumentWrite;
  readonly done: (version: Version | undefined) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Writes that come while others are under way go together in the next request. One that Elasticsearch refuses holds up none that
 * came with it. The order of two writes of one document is not kept: who makes the second waits for the first.
 */
export function gatheredWrites(documents: Pick<StateDocuments, "write">): Pick<StateDocuments, "write"> {
  let waiting: Waiting[] = [];
  let isRunning = false;

  async function run(): Promise<void> {
    isRunning = true;
    // Whoever writes in the same turn goes with the first.
    await Promise.resolve();
    while (waiting.length > 0) {
      const together = waiting;
      waiting = [];
      await send(together);
    }
    isRunning = false;
  }

  async function send(together: readonly Waiting[]): Promise<void> {
    try {
      const versions = await documents.write(together.map(({ write }) => write));
      together.forEach(({ done }, at) => {
        done(versions[at]);
      });
    } catch (error) {
      const isOfOne = error instanceof RunnerError && error.code !== "shared_state_unreachable" && together.length > 1;
      for (const one of together) {
        if (isOfOne) {
          await send([one]);
        } else {
          one.failed(error);
        }
      }
    }
  }

  return {
    async write(writes) {
      const versions = writes.map(
        (write) =>
          new Promise<Version | undefined>((done, failed) => {
            waiting.push({ write, done, failed });
          }),
      );
      if (!isRunning) {
        void run();
      }
      return await Promise.all(versions);
    },
  };
}
