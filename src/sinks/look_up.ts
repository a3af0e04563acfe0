import { type Client, errors } from "@elastic/elasticsearch";
import type { SourceEvent } from "../core/event.ts";
import { readBackingIndices, readFoundIds, whereToLook } from "./backing_indices.ts";
import type { BackingIndices } from "./sink.ts";

/** Which of the events are stored already, by id; undefined where the key may not read. Rejects as the client does. */
export type LookUp = (
  events: readonly SourceEvent[],
  sentBefore: BackingIndices,
  signal: AbortSignal,
) => Promise<ReadonlySet<string> | undefined>;

/**
 * Looks events up in every backing index that they may be in, by multi get: a search would not see what was stored a moment
 * ago. It needs the privilege `read`; that a key lacks it is found out once.
 */
export function createLookUp(client: Client): LookUp {
  let mayRead = true;

  async function ask(method: "GET" | "POST", path: string, body: object | undefined, signal: AbortSignal) {
    const headers = { accept: "application/json", "content-type": "application/json" };
    const querystring = method === "POST" ? { _source: false, filter_path: "docs.found,docs._id" } : {};
    const request = { method, path, querystring, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    try {
      return await client.transport.request(request, { signal, headers });
    } catch (error) {
      // A data stream that is not there yet, or a backing index that has been deleted, holds nothing.
      if (error instanceof errors.ResponseError && error.statusCode === 404) {
        return undefined;
      }
      throw error;
    }
  }

  return async (events, sentBefore, signal) => {
    const found = new Set<string>();
    if (!mayRead) {
      return undefined;
    }
    try {
      for (const stream of new Set(events.map(({ index }) => index))) {
        const all = readBackingIndices(await ask("GET", `/_resolve/index/${stream}`, undefined, signal));
        if (all.length === 0) {
          // To a key that may not see it, a data stream looks like one that is not there.
          return undefined;
        }
        const ids = events.filter(({ index }) => index === stream).map(({ id }) => id);
        for (const index of whereToLook(all, sentBefore[stream])) {
          for (const id of readFoundIds(await ask("POST", `/${index}/_mget`, { ids }, signal))) {
            found.add(id);
          }
        }
      }
      return found;
    } catch (error) {
      if (error instanceof errors.ResponseError && error.statusCode === 403) {
        mayRead = false;
        return undefined;
      }
      throw error;
    }
  };
}
