import type { AgentFacts } from "../core/agent_facts.ts";
import type { Clock } from "../core/clock.ts";
import { collectedNames, kindsOf } from "../policy/kind_settings.ts";
import type { Input, Stream } from "../policy/policy.ts";
import type { KindSource, KindStream } from "../sources/kind.ts";
import type { TimeRange } from "../sources/time_range.ts";
import { backfillId, sourceId } from "./source_id.ts";

/** A source of a stream before it is opened. */
export interface StreamSource extends KindSource {
  readonly id: string;
  /** What its kept events are known by, whatever range of time it collects. */
  readonly keptId: string;
  /** As reports call it. */
  readonly name: string;
}

export interface StreamSourceOptions {
  readonly agent: AgentFacts;
  readonly clock: Clock;
  /** Collects this range once, with cursors of its own. */
  readonly range?: TimeRange | undefined;
}

/** What a stream of the policy collects, of every kind that it has enabled. */
export function streamSources(
  input: Input,
  stream: Stream,
  { agent, clock, range }: StreamSourceOptions,
): StreamSource[] {
  const { dataStream, tags, preserveOriginalEvent } = stream;
  const around: KindStream = {
    collected: collectedNames(stream),
    context: {
      organizationName: input.organization.name,
      dataStream,
      tags: preserveOriginalEvent ? [...tags, "preserve_original_event"] : tags,
      preserveOriginalEvent,
      agent,
    },
    range,
    clock,
  };
  return kindsOf(stream).flatMap(({ kind, settings }) =>
    kind.sources(settings, around).map((source) => {
      const keptId = sourceId(stream.id, kind, source.part);
      const id = range === undefined ? keptId : backfillId(keptId, range);
      return { ...source, id, keptId, name: kind.nameOf(source.part) };
    }),
  );
}
