import type { FetchResponse } from "../../org/pub_sub_protocol.ts";

/** Events of a batch at most, half of all: while one is delivered, those that the batch before it made room for are on their way. */
const MOST_IN_BATCH = 50;
/** Events of a topic that are asked for or not yet acknowledged (Pub/Sub API Guide, "Pull Subscription and Flow Control"). */
const MOST_EVENTS = 100;
/** Bytes of them, by what the latest ones had: a topic of long events has fewer under way. */
const MOST_BYTES = 1024 * 1024;
/** How much of a long event is forgotten with each answer of shorter ones. */
const FORGETTING = 0.9;

/** How many events of one subscription are under way. */
export interface Flow {
  /** Asked for and not here yet. */
  readonly owed: number;
  /** Here, and not acknowledged yet. */
  readonly held: number;
  /** What one of them is expected to have. */
  readonly bytesAnEvent: number;
}

export const START_OF_FLOW: Flow = { owed: 0, held: 0, bytesAnEvent: 1 };

/** How many more events to ask for. Pure. */
export function wanted({ owed, held, bytesAnEvent }: Flow): number {
  const most = Math.max(1, Math.min(MOST_EVENTS, Math.floor(MOST_BYTES / bytesAnEvent)));
  return Math.max(0, most - owed - held);
}

export function afterAsking(flow: Flow, events: number): Flow {
  return { ...flow, owed: flow.owed + events };
}

/** After an answer with so many events, whether or not they had been asked for. */
export function afterAnswer(flow: Flow, events: number, bytes: number): Flow {
  const mean = events === 0 ? 0 : bytes / events;
  return {
    owed: Math.max(0, flow.owed - events),
    held: flow.held + events,
    bytesAnEvent: Math.max(1, mean, flow.bytesAnEvent * (events === 0 ? 1 : FORGETTING)),
  };
}

export function afterAcknowledgement(flow: Flow, events: number): Flow {
  return { ...flow, held: flow.held - events };
}

/** What has come in the order in which it came, in pieces of a batch each. Pure. */
export function inBatches(arrived: readonly FetchResponse[]): FetchResponse[][] {
  const batches: FetchResponse[][] = [];
  let room = 0;
  for (const response of arrived) {
    const pieces = Math.max(1, Math.ceil(response.events.length / MOST_IN_BATCH));
    for (let n = 0; n < pieces; n += 1) {
      const events = response.events.slice(n * MOST_IN_BATCH, (n + 1) * MOST_IN_BATCH);
      const batch = events.length <= room ? batches.at(-1) : undefined;
      room = (batch === undefined ? MOST_IN_BATCH : room) - events.length;
      if (batch === undefined) {
        batches.push([{ ...response, events }]);
      } else {
        batch.push({ ...response, events });
      }
    }
  }
  return batches;
}
