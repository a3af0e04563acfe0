/** The events of a whole event log file, as the runner makes them in an org that is made up. */

import { toId18 } from "../../../src/catalog/catalog.ts";
import type { SourceEvent } from "../../../src/core/event.ts";
import { Memory } from "../../../src/core/memory.ts";
import type { StreamContext } from "../../../src/sources/envelope.ts";
import type { EventLogFile } from "../../../src/sources/event_log_files/body.ts";
import { logFileRows } from "../../../src/sources/event_log_files/rows.ts";
import { createMemoryScratch } from "./memory_ledger.ts";

/** As log files give it. */
export const ORGANIZATION_ID = "00D30000000V77Y";

/** What all events of a data stream have in common. */
export function streamContext(stream: string): StreamContext {
  return {
    organization: { id: toId18(ORGANIZATION_ID), name: "Acme production" },
    instanceUrl: "https://acme.my.salesforce.com",
    dataStream: { type: "logs", dataset: `aquila_salesforce.${stream}`, namespace: "default" },
    tags: ["forwarded"],
    preserveOriginalEvent: false,
    agent: {
      id: "3f1c5d3e-6a0b-4c55-9d5a-8a2f1b7f9f10",
      name: "collector",
      type: "aquila-salesforce",
      version: "0.1.0",
    },
  };
}

/** The events of `csv`, in the order of its rows. */
export async function fileEvents(
  stream: string,
  file: Omit<EventLogFile, "length" | "path">,
  csv: string,
): Promise<SourceEvent[]> {
  const bytes = Buffer.from(csv);
  const path = `/services/data/v66.0/sobjects/EventLogFile/${file.id}/LogFile`;
  const events: SourceEvent[] = [];
  const batches = logFileRows({
    file: { ...file, length: bytes.length, path },
    body: (async function* () {
      yield bytes;
    })(),
    skipRows: 0,
    stream: streamContext(stream),
    primary: true,
    memory: new Memory().share(),
    scratch: createMemoryScratch,
    signal: new AbortController().signal,
    now: () => file.created,
    tell: () => {},
  });
  for await (const batch of batches) {
    // Their memory is used again.
    events.push(...batch.events.map(({ index, id, json }) => ({ index, id, json: json.toString() })));
    batch.release();
  }
  return events;
}
