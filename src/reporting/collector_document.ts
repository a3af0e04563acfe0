import { type AgentFacts, agentMembers } from "../core/agent_facts.ts";
import { type DataStream, dataStreamName, type SourceEvent } from "../core/event.ts";
import { identityOf } from "../sources/event_identity.ts";
import type { CollectorEvent } from "./collector_event.ts";

const NANOSECONDS_A_MS = 1_000_000;

/** What the collector's events of one input have in common. */
export interface CollectorContext {
  readonly inputId: string;
  /** The collector's; an event about a stream takes that stream's namespace. */
  readonly dataStream: DataStream;
  readonly organizationName: string;
  /** Known as soon as the first login has succeeded. */
  readonly organization: OrganizationFacts | undefined;
  readonly agent: AgentFacts;
}

export interface OrganizationFacts {
  readonly organizationId: string;
  readonly instanceUrl: string;
}

/** The tags of events that belong to no stream. */
const ORG_TAGS = ["forwarded"];

/** An event as a document of the collector's data stream. Pure. */
export function collectorDocument(event: CollectorEvent, context: CollectorContext): SourceEvent {
  const { organization } = context;
  const { source, origin, start, end } = event;
  const dataStream = { ...(source?.stream.dataStream ?? context.dataStream), dataset: context.dataStream.dataset };
  const id = identityOf(
    [context.inputId, organization?.organizationId ?? "", event.code, ...event.identity].join("\u001e"),
  );
  const document = {
    "@timestamp": new Date(event.time).toISOString(),
    event: {
      id,
      code: event.code,
      provider: origin?.provider ?? "aquila-salesforce",
      dataset: dataStream.dataset,
      module: dataStream.dataset.split(".")[0],
      outcome: event.outcome,
      ...(start === undefined || end === undefined
        ? {}
        : {
            start: new Date(start).toISOString(),
            end: new Date(end).toISOString(),
            duration: (end - start) * NANOSECONDS_A_MS,
          }),
    },
    message: event.message,
    error: event.error,
    data_stream: dataStream,
    organization: { id: organization?.organizationId, name: context.organizationName },
    salesforce: {
      instance_url: organization?.instanceUrl,
      collector: {
        dataset: source?.stream.dataStream.dataset,
        stream: source?.stream.id,
        source: source?.name,
        ...event.values,
      },
      collection: origin?.collection,
    },
    input: { type: "aquila-salesforce" },
    ...agentMembers(context.agent),
    tags: source?.stream.tags ?? ORG_TAGS,
  };
  return { index: dataStreamName(dataStream), id, json: JSON.stringify(document) };
}
