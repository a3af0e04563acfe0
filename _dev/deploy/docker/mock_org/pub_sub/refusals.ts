import { randomUUID } from "node:crypto";
import { Metadata, status } from "@grpc/grpc-js";

type Status = Exclude<keyof typeof status, number>;

const PREFIX = "sfdc.platform.eventbus.grpc.";

/**
 * Each documented error code with its gRPC status and what its text says.
 * Source: Pub/Sub API guide, "Handle Errors". The guide names the status of some of them only; the others' is the one that the cause suggests.
 */
const CODES = {
  "service.unavailable": ["UNAVAILABLE", "The Pub/Sub API service is unavailable."],
  "service.auth.error": ["UNAUTHENTICATED", "An authentication exception occurred."],
  "service.auth.headers.invalid": ["UNAUTHENTICATED", "The value of an authentication header is invalid or blank."],
  "service.auth.refresh.invalid": ["INVALID_ARGUMENT", "The auth refresh token is invalid."],
  "service.protection.triggered": ["RESOURCE_EXHAUSTED", "Too many connections or requests."],
  "service.protection.stream.limit.triggered": ["RESOURCE_EXHAUSTED", "Too many fetch requests on the stream."],
  "service.tenant.license": ["PERMISSION_DENIED", "The org has no licence for the Pub/Sub API."],
  "concurrent.client.limit.exceeded": ["RESOURCE_EXHAUSTED", "Too many concurrent clients across all topics."],
  "topic.not.found": ["NOT_FOUND", "The topic does not exist."],
  "topic.meta.permission": ["PERMISSION_DENIED", "The topic's metadata can't be accessed."],
  "topic.api.unavailable": ["UNAVAILABLE", "The topic's information is temporarily unavailable."],
  "topic.validation.empty": ["INVALID_ARGUMENT", "The topic name is blank."],
  "schema.meta.permission": ["PERMISSION_DENIED", "The schema can't be accessed."],
  "schema.api.unavailable": ["UNAVAILABLE", "The schema's information is temporarily unavailable."],
  "schema.validation.failed": ["INVALID_ARGUMENT", "The schema ID is blank or missing."],
  "subscription.fetch.replayid.corrupted": [
    "INVALID_ARGUMENT",
    "The Replay ID validation failed. Ensure that the Replay ID is valid and within the retention window.",
  ],
  "subscription.fetch.replayid.validation.failed": ["INVALID_ARGUMENT", "CUSTOM needs a replay ID."],
  "subscription.fetch.replay.repeated": ["ABORTED", "An event has a lower replay ID than the one before."],
  "subscription.fetch.overflow": ["RESOURCE_EXHAUSTED", "More events were requested than have been drained."],
  "subscription.fetch.requested.events.invalid": ["INVALID_ARGUMENT", "The number of events must be above zero."],
  "subscription.fetch.topic.mismatch": ["INVALID_ARGUMENT", "The topic differs from the stream's first request."],
  "subscription.fetch.request.invalid": ["INVALID_ARGUMENT", "The fetch request is invalid."],
  "subscription.topic.cannot.subscribe": ["PERMISSION_DENIED", "The user may not subscribe to the topic."],
  "subscription.limit.exceeded": ["RESOURCE_EXHAUSTED", "The event delivery limit of the org is exceeded."],
  "subscription.internal.error": ["INTERNAL", "An internal error of the subscription occurred."],
} as const satisfies Readonly<Record<string, readonly [Status, string]>>;

/** A documented code, without the prefix that all of them share. */
export type ErrorCode = keyof typeof CODES;

export const ERROR_CODES = Object.keys(CODES) as readonly ErrorCode[];

/** What ends a call with one of Salesforce's errors. */
export class PubSubRefusal extends Error {
  readonly code: status;
  readonly details: string;
  readonly metadata = new Metadata();
  readonly errorCode: ErrorCode;

  constructor(errorCode: ErrorCode, rpcId: string = randomUUID()) {
    const known = CODES[errorCode];
    if (known === undefined) {
      throw new Error(`Salesforce documents no error code ${errorCode}; it documents: ${ERROR_CODES.join(", ")}`);
    }
    const [name, text] = known;
    const details = `${text} rpcId: ${rpcId}`;
    super(details);
    this.code = status[name];
    this.details = details;
    this.errorCode = errorCode;
    this.metadata.set("error-code", PREFIX + errorCode);
    this.metadata.set("rpc-id", rpcId);
  }
}

/** An error without a trailer: what a network or a proxy on the way makes of a broken stream. */
export const RST_STREAM = { code: status.UNAVAILABLE, details: "RST_STREAM closed stream" } as const;
