/** `id` of a stream in the policy; unique within it. Cursors, logs and reports are kept by it. */
export type StreamId = string;

/** Characters of an identity: 20 of base64url are 120 bits, which Elasticsearch stores as 15 bytes like its own ids. */
export const IDENTITY_LENGTH = 20;

/** The records that an event names by their ids alone, with 18 characters; "" for none. Equal ones are mostly the same object. */
export interface NamedIds {
  readonly user: string;
  /** Of the user as whom it was done. */
  readonly effective: string;
  /** Of the connected app. */
  readonly app: string;
}

/**
 * One event on its way from a source to a sink, already written as text because it is sent as it is.
 * `json` is the document of one line, without a line break, and carries `id` as `event.id`. With `ids`, `salesforce` is the last
 * member of the document, which so ends in `}}`: that is where names are put in.
 */
export interface SourceEvent {
  /** The data stream it goes to, `logs-aquila_salesforce.login-default`. */
  readonly index: string;
  /** The event's identity (see sources/event_identity.ts), and its `_id` in Elasticsearch. */
  readonly id: string;
  readonly json: string;
  readonly ids?: NamedIds | undefined;
}

/** A data stream, named `<type>-<dataset>-<namespace>` as Elasticsearch names it. */
export interface DataStream {
  readonly type: string;
  readonly dataset: string;
  readonly namespace: string;
}

export function dataStreamName(stream: DataStream): string {
  return `${stream.type}-${stream.dataset}-${stream.namespace}`;
}
