import { Reader, readRecordsBatch } from "@platformatic/kafka";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EventBytes } from "../core/event_bytes.ts";
import {
  BATCH_HEAD,
  compressRecords,
  encodedHeaders,
  type KafkaRecord,
  recordLength,
  sealBatch,
  sequenceAfter,
  writeRecords,
  writeVarint,
} from "./kafka_batch.ts";
import { Claims } from "./kafka_claims.ts";

const SENDER = { version: "1.2.3" };
const CLAIM = { producerId: 7_000_000_000n, producerEpoch: 3, sequence: 2_147_483_000 };

const records = fc.array(
  fc.record({
    event: fc.record({
      index: fc.constant("logs-a.b-c"),
      id: fc.stringMatching(/^[\w-]{1,20}$/),
      json: fc.json().map((json) => `{"a":${json}}`),
    }),
    key: fc.option(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      { nil: undefined },
    ),
    timestamp: fc.integer({ min: 0, max: 8_000_000_000_000 }),
  }),
  { minLength: 1, maxLength: 20 },
);

test("another reader finds in a batch what was written", async () => {
  const headers = [
    { key: "é", value: "" },
    { key: "b", value: "x".repeat(300) },
  ];
  await fc.assert(
    fc.asyncProperty(
      records,
      fc.constantFrom("none", "gzip", "lz4", "snappy", "zstd"),
      async (written, compression) => {
        const bytes = new EventBytes();
        const encoded = encodedHeaders(headers);
        writeRecords(written, SENDER, encoded, bytes);
        expect(bytes.length).toBeLessThanOrEqual(
          written.reduce((sum, one) => sum + recordLength(one, SENDER, encoded), BATCH_HEAD),
        );
        await compressRecords(bytes, compression as "none", 4);
        sealBatch(bytes.bytes, written, compression as "none", CLAIM);
        const batch = readRecordsBatch(Reader.from(Buffer.from(bytes.bytes)));
        expect(batch).toMatchObject({
          magic: 2,
          producerId: CLAIM.producerId,
          producerEpoch: 3,
          firstSequence: CLAIM.sequence,
        });
        expect(batch.maxTimestamp).toBe(BigInt(Math.max(...written.map(({ timestamp }) => timestamp))));
        expect(batch.records.map((one) => seen(one, batch.firstTimestamp))).toEqual(written.map(expected));

        function expected({ event, key, timestamp }: KafkaRecord, offset: number) {
          const { id } = event;
          const meta = { beat: "aquila-salesforce", type: "_doc", version: "1.2.3", _id: id, op_type: "create" };
          const value = { "@metadata": meta, ...JSON.parse(event.json) };
          return {
            offset,
            key: key?.toString("hex"),
            timestamp,
            value,
            headers: [
              ["é", ""],
              ["b", "x".repeat(300)],
            ],
          };
        }
      },
    ),
  );
});

function seen(record: ReturnType<typeof readRecordsBatch>["records"][number], first: bigint) {
  const { offsetDelta: offset, key, timestampDelta, value, headers } = record;
  return {
    offset,
    key: key?.toString("hex"),
    timestamp: Number(first + timestampDelta),
    value: JSON.parse(String(value)),
    headers: headers.map((pair) => pair.map(String)),
  };
}

test("whole numbers take as many bytes as they need", () => {
  const varint = (number: number) => {
    const bytes: number[] = [];
    writeVarint(number, { byte: (code) => bytes.push(code) });
    return bytes;
  };
  expect([0, -1, 1, 63, 64, -64, 300].map(varint)).toEqual([[0], [1], [2], [126], [128, 1], [127], [216, 4]]);
  expect(varint(8_000_000_000_000)).toHaveLength(7);
});

test("the count of a partition begins anew behind the largest number", () => {
  expect(sequenceAfter(0, 5)).toBe(5);
  expect(sequenceAfter(2_147_483_646, 1)).toBe(2_147_483_647);
  expect(sequenceAfter(2_147_483_647, 1)).toBe(0);
});

test("a claim that was given up is never had again, and those before it end as they began", async () => {
  let producers = 0n;
  const claims = new Claims(async () => {
    producers += 1n;
    return { id: producers, epoch: 0 };
  });
  const first = await claims.take("t:0");
  const other = await claims.take("t:1");
  expect([first, other]).toMatchObject([
    { producerId: 1n, sequence: 0 },
    { producerId: 1n, sequence: 0 },
  ]);
  claims.use("t:0", first, 10);
  const second = await claims.take("t:0");
  expect(second).toMatchObject({ producerId: 1n, sequence: 10 });
  claims.giveUp(second);
  expect(await claims.take("t:0")).toMatchObject({ producerId: 2n, sequence: 0 });
  claims.use("t:1", other, 4);
  claims.giveUp(other);
  expect(await claims.take("t:1")).toMatchObject({ producerId: 2n, sequence: 0 });
});

test("a number that can't be had is asked for again", async () => {
  let asked = 0;
  const claims = new Claims(async () => {
    asked += 1;
    if (asked === 1) {
      throw new Error("away");
    }
    return { id: 9n, epoch: 0 };
  });
  await expect(Promise.all([claims.take("t:0"), claims.take("t:1")])).rejects.toThrow("away");
  expect(await claims.take("t:0")).toMatchObject({ producerId: 9n, sequence: 0 });
});

test("a number that was had before, by another count, is no number of a new producer", async () => {
  const given = [7n, 7n, 8n];
  const claims = new Claims(async () => ({ id: given.shift() ?? 0n, epoch: 0 }));
  claims.giveUp(await claims.take("t:0"));
  await expect(claims.take("t:0")).rejects.toThrow("7");
  expect(await claims.take("t:0")).toMatchObject({ producerId: 8n, sequence: 0 });
});

test("a producer that counts very many partitions is followed by another", async () => {
  let producers = 0n;
  const claims = new Claims(async () => {
    producers += 1n;
    return { id: producers, epoch: 0 };
  });
  for (let n = 0; n < 10_000; n += 1) {
    claims.use(`t${n}:0`, await claims.take(`t${n}:0`), 5);
  }
  expect(await claims.take("t1:0")).toMatchObject({ producerId: 2n, sequence: 0 });
});
