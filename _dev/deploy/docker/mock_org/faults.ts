import type { ErrorCode } from "./pub_sub/refusals.ts";

/**
 * The kinds of request that a fault can strike. `page` is a follow-up page of a query. Of the Pub/Sub API: GetTopic, GetSchema, the first
 * request of a Subscribe, and each answer with events.
 */
const REQUEST_KINDS = [
  "token",
  "versions",
  "limits",
  "query",
  "page",
  "describe",
  "logFile",
  "topic",
  "schema",
  "subscribe",
  "delivery",
] as const;

export type RequestKind = (typeof REQUEST_KINDS)[number];

/**
 * A disturbance of some requests. Without a further field than `on` it only counts. Fields combine: `killToken` with `cutAfterBytes` ends
 * the session once the body has been cut.
 */
export interface Fault {
  readonly on: RequestKind;
  /** Strikes only requests whose percent-decoded path and query contain this text; of the Pub/Sub API, whose topic or schema id does. */
  readonly match?: string;
  /** Leaves this many matching requests alone first. */
  readonly after?: number;
  /** Strikes this many requests, then withdraws; unlimited by default. */
  readonly times?: number;
  /** Answers this status instead of the real answer. */
  readonly status?: number;
  /** Answers this text (or this value as JSON) instead of the real body; with `status` missing, as a 200. */
  readonly body?: string | object;
  /** Added to the answer's headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Waits this long before it answers. */
  readonly delayMs?: number;
  /** Drops the connection after this many bytes of the body, as they go over the wire. */
  readonly cutAfterBytes?: number;
  /** Stops sending after this many bytes of the body, and keeps the connection open. */
  readonly stallAfterBytes?: number;
  /** Sends the body in chunks, without saying its length. */
  readonly withoutContentLength?: boolean;
  /** Leaves out this many bytes at the end of the body; the answer is otherwise whole and correct HTTP. */
  readonly shortBy?: number;
  /** Ends every session of the org: before this request is looked at, or after the cut. */
  readonly killToken?: boolean;
  /** Never answers. */
  readonly hang?: boolean;
  /** Resets the connection instead of answering; of the Pub/Sub API, the stream. */
  readonly resetConnection?: boolean;
  /** Pub/Sub API: ends the call or stream with this error. It knows `delayMs`, `killToken`, `hang` and `resetConnection` besides. */
  readonly errorCode?: ErrorCode;
}

interface Planned {
  readonly id: string;
  readonly fault: Fault;
  /** Matching requests still to be left alone. */
  after: number;
  /** Strikes left. */
  left: number;
}

/** The faults that wait for their requests. A request is struck by the first one that matches. */
export class FaultPlan {
  #planned: Planned[] = [];
  #serial = 0;

  add(fault: Fault): string {
    if (!REQUEST_KINDS.includes(fault.on)) {
      throw new Error(`no requests of kind ${fault.on}; there are: ${REQUEST_KINDS.join(", ")}`);
    }
    const id = `fault-${++this.#serial}`;
    this.#planned.push({ id, fault, after: fault.after ?? 0, left: fault.times ?? Number.POSITIVE_INFINITY });
    return id;
  }

  /** Withdraws one fault, or all of them. */
  remove(id?: string): void {
    this.#planned = id === undefined ? [] : this.#planned.filter((each) => each.id !== id);
  }

  /** The fault that strikes this request, if any; counts the strike. */
  strike(on: RequestKind, target: string): Fault | undefined {
    for (const planned of this.#planned) {
      const { fault } = planned;
      if (planned.left === 0 || fault.on !== on || (fault.match !== undefined && !target.includes(fault.match))) {
        continue;
      }
      if (planned.after > 0) {
        planned.after--;
        continue;
      }
      planned.left--;
      return fault;
    }
    return undefined;
  }
}
