/**
 * Record batches as brokers from 0.11 on store them (version 2 of the format): whole numbers big endian, lengths within records
 * as variable-length integers. Source: "Record Batch" in the design documentation of Apache Kafka.
 */
import { promisify } from "node:util";
import { gzip, zstdCompress } from "node:zlib";
import { compressionsAlgorithms, crc32c } from "@platformatic/kafka";
import type { SourceEvent } from "../core/event.ts";
import type { EventBytes } from "../core/event_bytes.ts";
import { queueDocumentLength, type Sender, writeQueueDocument } from "./queue_document.ts";

export type KafkaCompression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

export interface KafkaRecord {
  readonly event: SourceEvent;
  readonly key: Buffer | undefined;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** What tells a broker that a batch is one that it has already. */
export interface Claim {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Of the first record, counted within its partition. */
  readonly sequence: number;
}

/** A producer that brokers don't know. */
export const UNCLAIMED: Claim = { producerId: -1n, producerEpoch: -1, sequence: -1 };

export const BATCH_HEAD = 61;
/** Where the length begins to count, and where what the checksum covers begins. */
const LENGTH_FROM = 12;
const CHECKED_FROM = 21;
const VERSION = 2;
const COMPRESSIONS: readonly KafkaCompression[] = ["none", "gzip", "snappy", "lz4", "zstd"];

/** Bytes that a record takes beside its key and value, at most: six lengths and the attributes. */
const RECORD_FRAME = 40;

/** Bytes of a record in a batch, at most. */
export function recordLength({ event, key }: KafkaRecord, sender: Sender, headers: Buffer): number {
  return RECORD_FRAME + (key?.length ?? 0) + headers.length + queueDocumentLength(event, sender);
}

/** The headers of a record, with their number before them. */
export function encodedHeaders(headers: ReadonlyArray<{ readonly key: string; readonly value: string }>): Buffer {
  const texts = headers.flatMap(({ key, value }) => [key, value].map((text) => Buffer.from(text)));
  const parts = texts.flatMap((text) => [Buffer.from(varint(text.length)), text]);
  return Buffer.concat([Buffer.from(varint(headers.length)), ...parts]);
}

/** Writes the records of a batch, whose head comes later. */
export function writeRecords(records: readonly KafkaRecord[], sender: Sender, headers: Buffer, to: EventBytes): void {
  const base = records[0]?.timestamp ?? 0;
  records.forEach(({ event, key, timestamp }, offset) => {
    const value = queueDocumentLength(event, sender);
    const before = [
      0,
      ...varint(timestamp - base),
      ...varint(offset),
      ...varint(key === undefined ? -1 : key.length),
      ...(key ?? []),
      ...varint(value),
    ];
    for (const byte of varint(before.length + value + headers.length)) {
      to.byte(byte);
    }
    for (const byte of before) {
      to.byte(byte);
    }
    writeQueueDocument(event, sender, to);
    to.copy(headers);
  });
}

/** Where the numbers go up to which a producer counts, and then begins anew. */
const SEQUENCES = 2 ** 31;

export function sequenceAfter(sequence: number, records: number): number {
  return (sequence + records) % SEQUENCES;
}

/** A batch of these records, whose bytes, perhaps compressed, are copied into it. */
export function batchOf(
  records: readonly KafkaRecord[],
  bytes: Uint8Array,
  compression: KafkaCompression,
  claim: Claim,
): Buffer {
  const times = records.map(({ timestamp }) => timestamp);
  const batch = Buffer.allocUnsafeSlow(BATCH_HEAD + bytes.length);
  batch.fill(0, 0, BATCH_HEAD);
  batch.set(bytes, BATCH_HEAD);
  batch.writeInt32BE(batch.length - LENGTH_FROM, 8);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(VERSION, 16);
  batch.writeInt16BE(COMPRESSIONS.indexOf(compression), CHECKED_FROM);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(BigInt(times[0] ?? 0), 27);
  batch.writeBigInt64BE(BigInt(times.reduce((latest, one) => Math.max(latest, one), 0)), 35);
  batch.writeBigInt64BE(claim.producerId, 43);
  batch.writeInt16BE(claim.producerEpoch, 51);
  batch.writeInt32BE(claim.sequence, 53);
  batch.writeInt32BE(records.length, 57);
  batch.writeUInt32BE(crc32c(batch.subarray(CHECKED_FROM)), 17);
  return batch;
}

const compressed = { gzip: promisify(gzip), zstd: promisify(zstdCompress) };

/** The records of a batch as they are sent; `level` is gzip's. */
export async function compressRecords(bytes: Buffer, compression: KafkaCompression, level: number): Promise<Buffer> {
  switch (compression) {
    case "none":
      return bytes;
    case "gzip":
      return await compressed.gzip(bytes, { level });
    case "zstd":
      return await compressed.zstd(bytes);
    default:
      return compressionsAlgorithms[compression].compressSync(bytes);
  }
}

/** A whole number as Kafka writes it: the sign in the last bit, then seven bits a byte, the low ones first. */
export function varint(number: number): number[] {
  const bytes: number[] = [];
  let rest = number < 0 ? -2 * number - 1 : 2 * number;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}
