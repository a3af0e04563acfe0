/** Events as records of topics, and records as batches. Pure. */
import type { SourceEvent } from "../core/event.ts";
import type { FormatPart } from "../policy/format_string.ts";
import { TOPIC_NAME } from "../policy/kafka_settings.ts";
import { BATCH_HEAD, type KafkaRecord, recordLength } from "./kafka_batch.ts";
import { fieldsOf, formatted, type Routed, timestampOf } from "./kafka_routing.ts";
import type { Sender } from "./queue_document.ts";
import type { RefusedEvent } from "./sink.ts";

export interface RecordOptions {
  readonly topic: readonly FormatPart[];
  /** `undefined` for records without a key. */
  readonly key: readonly FormatPart[] | undefined;
  /** Events in one batch. */
  readonly bulkMaxSize: number;
  /** Bytes of a batch before it is compressed; an event that is longer is refused. */
  readonly maxMessageBytes: number;
  readonly sender: Sender;
}

/** A record on its way, with its fields and the bytes that it takes in a batch, at most. */
export interface OutgoingRecord extends KafkaRecord, Routed {
  readonly length: number;
}

/** By topic; with those that have none, or that no broker would take. A record has its event's own time, or else `now`. */
export function recordsByTopic(
  events: readonly SourceEvent[],
  options: RecordOptions,
  headers: Buffer,
  now: number,
): { readonly byTopic: ReadonlyMap<string, readonly OutgoingRecord[]>; readonly refused: RefusedEvent[] } {
  const { sender, maxMessageBytes } = options;
  const refused: RefusedEvent[] = [];
  const byTopic = new Map<string, OutgoingRecord[]>();
  for (const event of events) {
    const values = fieldsOf(event);
    const timestamp = timestampOf(event) ?? now;
    const topic = formatted(options.topic, values, timestamp);
    const named = options.key === undefined ? undefined : formatted(options.key, values, timestamp);
    const key = named === undefined || "missing" in named ? undefined : Buffer.from(named.text);
    const length = recordLength({ event, key, timestamp }, sender, headers);
    if ("missing" in topic) {
      refused.push(lacking(event, topic.missing));
      continue;
    }
    if (length > longest(options)) {
      const reason = `it takes ${length} bytes, more than the output's max_message_bytes (${maxMessageBytes})`;
      refused.push({ event, type: "message_too_large", reason });
      continue;
    }
    let there = byTopic.get(topic.text);
    if (there === undefined && !TOPIC_NAME.test(topic.text)) {
      refused.push({ event, type: "invalid_topic", reason: `${JSON.stringify(topic.text)} is no name of a topic` });
      continue;
    }
    if (there === undefined) {
      there = [];
      byTopic.set(topic.text, there);
    }
    there.push({ event, key, timestamp, values, length });
  }
  return { byTopic, refused };
}

export function lacking(event: SourceEvent, field: string): RefusedEvent {
  return { event, type: "field_missing", reason: `the output's settings need the field ${field}, which it has not` };
}

/** As many records each as one batch may hold. */
export function batchesOf(records: readonly OutgoingRecord[], options: RecordOptions): OutgoingRecord[][] {
  const all: OutgoingRecord[][] = [];
  let bytes = 0;
  for (const record of records) {
    const last = all.at(-1);
    bytes += record.length;
    if (last === undefined || bytes > longest(options) || last.length === options.bulkMaxSize) {
      all.push([record]);
      bytes = record.length;
    } else {
      last.push(record);
    }
  }
  return all;
}

function longest({ maxMessageBytes }: RecordOptions): number {
  return maxMessageBytes - BATCH_HEAD;
}

/** A batch that was refused, in parts of which not all are refused: those records that are named each by itself, else halves. */
export function parted<R>(records: readonly R[], named: readonly number[]): ReadonlyArray<readonly R[]> {
  const bad = new Set(named.filter((index) => index in records));
  if (bad.size === 0) {
    const half = Math.ceil(records.length / 2);
    return [records.slice(0, half), records.slice(half)];
  }
  const rest = records.filter((_, index) => !bad.has(index));
  return [...[...bad].map((index) => records.slice(index, index + 1)), ...(rest.length === 0 ? [] : [rest])];
}
