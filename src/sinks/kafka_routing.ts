/** To which topic and partition an event goes, and under which key. Pure but for chance, which is an argument. */
import type { SourceEvent } from "../core/event.ts";
import { EventBytes } from "../core/event_bytes.ts";
import { dateText } from "../policy/date_format.ts";
import type { FormatPart } from "../policy/format_string.ts";
import type { KafkaPartition } from "../policy/policy.ts";

type Values = (field: string) => unknown;

/** The values of an event's fields by their dotted names. What its data stream says is read without its document. */
export function fieldsOf(event: SourceEvent): Values {
  let document: unknown;
  return (field) => {
    const known = ofDataStream(event, field);
    if (known !== undefined) {
      return known;
    }
    document ??= JSON.parse(event.json);
    return valueAt(document, field);
  };
}

/** An index is named `<type>-<dataset>-<namespace>`; neither a type nor a dataset holds a hyphen. */
function ofDataStream({ index, id }: SourceEvent, field: string): string | undefined {
  switch (field) {
    case "event.id":
    case "@metadata._id":
      return id;
    case "data_stream.type":
      return index.split("-")[0];
    case "data_stream.dataset":
    case "event.dataset":
      return index.split("-")[1];
    case "data_stream.namespace":
      return index.split("-").slice(2).join("-");
    default:
      return undefined;
  }
}

function valueAt(document: unknown, field: string): unknown {
  let at = document;
  for (const name of field.split(".")) {
    at = typeof at === "object" && at !== null && Object.hasOwn(at, name) ? Reflect.get(at, name) : undefined;
  }
  return at;
}

/** The text that a format string makes of an event of this time, in milliseconds since the epoch, or the field that it lacks. */
export function formatted(
  parts: readonly FormatPart[],
  values: Values,
  time: number,
): { readonly text: string } | { readonly missing: string } {
  let text = "";
  for (const part of parts) {
    if ("text" in part) {
      text += part.text;
      continue;
    }
    if ("date" in part) {
      text += dateText(part.date, time);
      continue;
    }
    const value = asText(values(part.field)) ?? part.fallback;
    if (value === undefined) {
      return { missing: part.field };
    }
    text += value;
  }
  return { text };
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

/** A document of the runner begins with its time. */
const BEGINNING = '{"@timestamp":"';
const LONGEST_BEGINNING = 64;

/** An event's `@timestamp` in milliseconds since the epoch; `undefined` if it has none that can be read. */
export function timestampOf(event: SourceEvent): number | undefined {
  const beginning = EventBytes.beginningOf(event, LONGEST_BEGINNING);
  const end = beginning.startsWith(BEGINNING) ? beginning.indexOf('"', BEGINNING.length) : -1;
  const said = end === -1 ? valueAt(JSON.parse(event.json), "@timestamp") : beginning.slice(BEGINNING.length, end);
  const time = Date.parse(String(said));
  return Number.isNaN(time) ? undefined : time;
}

export interface Routed {
  readonly key: Buffer | undefined;
  readonly values: Values;
}

/** Chooses one of so many partitions, from 0 on, or gives the field that it lacks. As Beats choose it, event by event. */
export type Partitioner = (event: Routed, partitions: number) => number | { readonly missing: string };

export function createPartitioner(partition: KafkaPartition, random: () => number): Partitioner {
  const anyOf = (partitions: number) => Math.floor(random() * partitions) % partitions;
  if (partition.by === "hash") {
    const { fields, isRandomWithout } = partition;
    return ({ key, values }, partitions) => {
      if (fields.length === 0) {
        return key === undefined ? anyOf(partitions) : hashOf([key]) % partitions;
      }
      const texts = fields.map((field) => asText(values(field)));
      const lacking = texts.indexOf(undefined);
      if (lacking === -1) {
        return hashOf(texts.map((text) => Buffer.from(text ?? ""))) % partitions;
      }
      return isRandomWithout ? anyOf(partitions) : { missing: fields[lacking] ?? "" };
    };
  }
  const { by, groupEvents } = partition;
  let taken = groupEvents;
  let chosen = -1;
  return (_, partitions) => {
    if (taken === groupEvents) {
      taken = 0;
      chosen = by === "random" || chosen === -1 ? anyOf(partitions) : chosen + 1;
    }
    taken += 1;
    return chosen % partitions;
  };
}

/** FNV-1a of 32 bits without the highest one, as Beats hash. Source: elastic/beats, libbeat/outputs/kafka/partition.go. */
function hashOf(texts: readonly Uint8Array[]): number {
  let hash = 0x811c9dc5;
  for (const text of texts) {
    for (const byte of text) {
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
  }
  return hash & 0x7fffffff;
}
