/**
 * Record batches as brokers from 0.11 on store them (version 2 of the format): whole numbers big endian, lengths within records
 * as variable-length integers. Source: "Record Batch" in the design documentation of Apache Kafka.
 */
import { promisify } from "node:util";
import { gzip, zstdCompress } from "node:zlib";
import { compressionsAlgorithms, crc32c } from "@platformatic/kafka";
import type { SourceEvent } from "../core/event.ts";
import { EventBytes } from "../core/event_bytes.ts";
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
const NO_HEAD = Buffer.alloc(BATCH_HEAD);
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
  const bytes = new EventBytes();
  writeVarint(headers.length, bytes);
  for (const text of headers.flatMap(({ key, value }) => [key, value])) {
    writeVarint(Buffer.byteLength(text), bytes);
    bytes.text(text);
  }
  return Buffer.from(bytes.bytes);
}

/** Writes the records of a batch into memory that is empty, and leaves room for the head before them. */
export function writeRecords(records: readonly KafkaRecord[], sender: Sender, headers: Buffer, to: EventBytes): void {
  const base = records[0]?.timestamp ?? 0;
  to.copy(NO_HEAD);
  records.forEach(({ event, key, timestamp }, offset) => {
    const keyLength = key === undefined ? -1 : key.length;
    const value = queueDocumentLength(event, sender);
    const lengths =
      varintLength(timestamp - base) + varintLength(offset) + varintLength(keyLength) + varintLength(value);
    writeVarint(1 + lengths + (key?.length ?? 0) + value + headers.length, to);
    to.byte(0);
    writeVarint(timestamp - base, to);
    writeVarint(offset, to);
    writeVarint(keyLength, to);
    if (key !== undefined) {
      to.copy(key);
    }
    writeVarint(value, to);
    writeQueueDocument(event, sender, to);
    to.copy(headers);
  });
}

/** Where the numbers go up to which a producer counts, and then begins anew. */
const SEQUENCES = 2 ** 31;

export function sequenceAfter(sequence: number, records: number): number {
  return (sequence + records) % SEQUENCES;
}

/** Writes the head of a batch, into the zeros before its records, which, perhaps compressed, are there. */
export function sealBatch(
  batch: Buffer,
  records: readonly KafkaRecord[],
  compression: KafkaCompression,
  claim: Claim,
): void {
  const latest = records.reduce((most, { timestamp }) => Math.max(most, timestamp), 0);
  batch.writeInt32BE(batch.length - LENGTH_FROM, 8);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(VERSION, 16);
  batch.writeInt16BE(COMPRESSIONS.indexOf(compression), CHECKED_FROM);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(BigInt(records[0]?.timestamp ?? 0), 27);
  batch.writeBigInt64BE(BigInt(latest), 35);
  batch.writeBigInt64BE(claim.producerId, 43);
  batch.writeInt16BE(claim.producerEpoch, 51);
  batch.writeInt32BE(claim.sequence, 53);
  batch.writeInt32BE(records.length, 57);
  batch.writeUInt32BE(crc32c(batch.subarray(CHECKED_FROM)), 17);
}

const inThread = { gzip: promisify(gzip), zstd: promisify(zstdCompress) };

/** Puts the compressed records of a batch in their own place; `level` is gzip's. */
export async function compressRecords(batch: EventBytes, compression: KafkaCompression, level: number): Promise<void> {
  if (compression !== "none") {
    const packed = await compressed(batch.bytes.subarray(BATCH_HEAD), compression, level);
    batch.rewind(BATCH_HEAD);
    batch.copy(packed);
  }
}

async function compressed(bytes: Buffer, by: Exclude<KafkaCompression, "none">, level: number): Promise<Buffer> {
  switch (by) {
    case "gzip":
      return await inThread.gzip(bytes, { level });
    case "zstd":
      return await inThread.zstd(bytes);
    default:
      return compressionsAlgorithms[by].compressSync(bytes);
  }
}

/** A whole number as Kafka writes it: the sign in the last bit, then seven bits a byte, the low ones first. */
export function writeVarint(number: number, to: Pick<EventBytes, "byte">): void {
  let rest = unsigned(number);
  while (rest > 127) {
    to.byte((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  to.byte(rest);
}

function varintLength(number: number): number {
  let bytes = 1;
  for (let rest = unsigned(number); rest > 127; rest = Math.floor(rest / 128)) {
    bytes += 1;
  }
  return bytes;
}

function unsigned(number: number): number {
  return number < 0 ? -2 * number - 1 : 2 * number;
}
