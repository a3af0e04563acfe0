import { type AgentFacts, agentMembers } from "../core/agent_facts.ts";
import { isoTime } from "../core/clock.ts";
import type { DataStream, SourceEvent } from "../core/event.ts";
import { identityOf } from "../sources/event_identity.ts";
import { reportDocument } from "../sources/report_document.ts";
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
  return reportDocument({
    id: identityOf([context.inputId, organization?.organizationId ?? "", event.code, ...event.identity].join("\u001e")),
    time: event.time,
    event: {
      code: event.code,
      provider: origin?.provider ?? "aquila-salesforce",
      outcome: event.outcome,
      ...(start === undefined || end === undefined
        ? {}
        : {
            start: isoTime(start),
            end: isoTime(end),
            duration: (end - start) * NANOSECONDS_A_MS,
          }),
    },
    message: event.message,
    error: event.error,
    dataStream: source?.stream.dataStream ?? context.dataStream,
    organization: { id: organization?.organizationId, name: context.organizationName },
    instanceUrl: organization?.instanceUrl,
    collector: {
      dataset: source?.stream.dataStream.dataset,
      stream: source?.stream.id,
      source: source?.name,
      ...event.values,
    },
    collection: origin?.collection,
    program: agentMembers(context.agent),
    tags: source?.stream.tags ?? ORG_TAGS,
  });
}
