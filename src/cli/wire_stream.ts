import type { AgentFacts } from "../core/agent_facts.ts";
import type { Clock } from "../core/clock.ts";
import type { MemoryShare } from "../core/memory.ts";
import type { RowLedger } from "../cursors/row_ledger.ts";
import type { OrgClient } from "../org/org_client.ts";
import type { Input, Stream } from "../policy/policy.ts";
import { EventLogFiles } from "../sources/event_log_files/source.ts";
import type { Tell } from "../sources/fact.ts";
import { isPrimaryObject } from "../sources/objects/primary.ts";
import { ObjectWindows } from "../sources/objects/source.ts";
import type { Source } from "../sources/source.ts";
import type { TimeRange } from "../sources/time_range.ts";
import { backfillId, eventLogFilesId, objectId } from "./source_id.ts";

/** Files of one stream that are read at once. */
const DOWNLOADS_PER_STREAM = 4;

/** A source of a stream before it is opened. */
export interface StreamSource {
  readonly id: string;
  /** What its kept events are known by, whatever range of time it collects. */
  readonly keptId: string;
  /** `EventLogFile`, or the object's name. */
  readonly name: string;
  /** Milliseconds between rounds. */
  readonly interval: number;
  open(parts: SourceParts): Source;
}

/** What is open while an input runs, and the ear of the source. */
export interface SourceParts {
  readonly client: OrgClient;
  readonly ledger: RowLedger;
  readonly memory: MemoryShare;
  readonly tell: Tell;
}

export interface StreamSourceOptions {
  readonly agent: AgentFacts;
  readonly clock: Clock;
  /** Collects this range once, with cursors of its own. */
  readonly range?: TimeRange | undefined;
}

/** What a stream of the policy collects: its event log files, and each of its objects. */
export function streamSources(input: Input, stream: Stream, options: StreamSourceOptions): StreamSource[] {
  const { eventLogFiles, objects } = stream;
  const files = eventLogFiles.enabled ? [filesSource(input, stream, options)] : [];
  const names = objects.enabled ? objects.names : [];
  return [...files, ...names.map((name) => objectSource(name, input, stream, options))];
}

function filesSource(input: Input, stream: Stream, { agent, clock, range }: StreamSourceOptions): StreamSource {
  const { eventTypes, interval, initialLookback, pollInterval } = stream.eventLogFiles;
  const keptId = eventLogFilesId(stream.id);
  const id = named(keptId, range);
  return {
    id,
    keptId,
    name: "EventLogFile",
    interval: pollInterval,
    open: (parts) =>
      new EventLogFiles({
        ...parts,
        id,
        stream: streamContext(input, stream, agent),
        eventTypes,
        interval,
        initialLookback,
        range,
        downloads: DOWNLOADS_PER_STREAM,
        clock,
      }),
  };
}

function objectSource(
  objectName: string,
  input: Input,
  stream: Stream,
  { agent, clock, range }: StreamSourceOptions,
): StreamSource {
  const { eventLogFiles, objects } = stream;
  const keptId = objectId(stream.id, objectName);
  const id = named(keptId, range);
  return {
    id,
    keptId,
    name: objectName,
    interval: objects.pollInterval,
    open: (parts) =>
      new ObjectWindows({
        ...parts,
        id,
        stream: streamContext(input, stream, agent),
        objectName,
        primary: isPrimaryObject(objectName, {
          eventTypes: eventLogFiles.enabled ? eventLogFiles.eventTypes : [],
          objects: objects.names,
        }),
        initialLookback: objects.initialLookback,
        range,
        settleTime: objects.settleTime,
        clock,
      }),
  };
}

function named(id: string, range: TimeRange | undefined): string {
  return range === undefined ? id : backfillId(id, range);
}

function streamContext(input: Input, stream: Stream, agent: AgentFacts) {
  return {
    organizationName: input.organization.name,
    dataStream: stream.dataStream,
    tags: stream.preserveOriginalEvent ? [...stream.tags, "preserve_original_event"] : stream.tags,
    preserveOriginalEvent: stream.preserveOriginalEvent,
    agent,
  };
}
