/** What a test does with a broker beside the product: makes topics, gives rights, and reads everything that a topic holds. */

import { setTimeout as wait } from "node:timers/promises";
import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  ConnectionPool,
  fetchV12,
  ListOffsetTimestamps,
  listOffsetsV7,
  ResourcePatternTypes,
  ResourceTypes,
  ResponseError,
} from "@platformatic/kafka";

export interface StoredRecord {
  readonly partition: number;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly value: Readonly<Record<string, unknown>> & {
    readonly "@metadata": { readonly _id: string; readonly op_type: string };
  };
}

const FETCH_BYTES = 10_000_000;

export class KafkaTopics {
  readonly #admin: Admin;
  readonly #pool = new ConnectionPool("tests", { connectTimeout: 30_000 });
  readonly #broker: { readonly host: string; readonly port: number };
  readonly #partitions = new Map<string, number>();

  /** `plain` is a broker's `host:port`, where everything is allowed. */
  constructor(plain: string) {
    const [host = "", port] = plain.split(":");
    this.#broker = { host, port: Number(port) };
    const bootstrapBrokers = [plain];
    this.#admin = new Admin({
      clientId: "tests",
      bootstrapBrokers,
      retries: 100,
      retryDelay: 200,
      connectTimeout: 30_000,
    });
    this.#pool.on("connecting", ({ connection }) => connection.on("error", () => {}));
  }

  async create(
    topic: string,
    partitions = 3,
    configs: Readonly<Record<string, string>> = {},
    replicas = 1,
  ): Promise<void> {
    const settings = Object.entries(configs).map(([name, value]) => ({ name, value }));
    await this.#admin.createTopics({ topics: [topic], partitions, replicas, configs: settings });
    this.#partitions.set(topic, partitions);
  }

  /** Lets a user see a topic, or write to it too. */
  async allow(username: string, topic: string, what: "describe" | "write"): Promise<void> {
    const operations = [AclOperations.DESCRIBE, ...(what === "write" ? [AclOperations.WRITE] : [])];
    await this.#admin.createAcls({
      creations: operations.map((operation) => ({
        resourceType: ResourceTypes.TOPIC,
        resourceName: topic,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: `User:${username}`,
        host: "*",
        operation,
        permissionType: AclPermissionTypes.ALLOW,
      })),
    });
  }

  /** By partition, the node that leads it. */
  async leaders(topic: string): Promise<readonly number[]> {
    const { topics } = await this.#admin.metadata({ topics: [topic], forceUpdate: true });
    return topics.get(topic)?.partitions.map(({ leader }) => leader) ?? [];
  }

  /** How many records a topic holds. */
  async count(topic: string): Promise<number> {
    const ends = await this.#ends(topic);
    return ends.reduce((sum, [, end]) => sum + Number(end), 0);
  }

  /** Everything that a topic holds, or these partitions of it that have a leader, partition by partition, in its order. */
  async read(topic: string, of?: readonly number[]): Promise<StoredRecord[]> {
    return await Array.fromAsync(this.records(topic, of));
  }

  /** The same, one after the other. */
  async *records(topic: string, of?: readonly number[]): AsyncGenerator<StoredRecord> {
    for (const [partition, end] of await this.#ends(topic, of)) {
      for (let offset = 0n; offset < end; ) {
        const fetched = await this.#fetch(topic, partition, offset);
        offset += BigInt(fetched.length);
        yield* fetched;
      }
    }
  }

  async #ends(
    topic: string,
    of: readonly number[] = [...Array(this.#partitions.get(topic) ?? 0).keys()],
  ): Promise<Array<[partition: number, end: bigint]>> {
    const timestamp = ListOffsetTimestamps.LATEST;
    const partitions = of.map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp }));
    const connection = await this.#pool.get(this.#broker);
    const ask = () => listOffsetsV7.api.async(connection, -1, 0, [{ name: topic, partitions }]);
    const { topics } = await onceLed(ask);
    const found = topics[0]?.partitions ?? [];
    return found
      .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
      .map(({ partitionIndex, offset }) => [partitionIndex, offset]);
  }

  async #fetch(topic: string, partition: number, offset: bigint): Promise<StoredRecord[]> {
    const connection = await this.#pool.get(this.#broker);
    const asked = {
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: offset,
      lastFetchedEpoch: -1,
      partitionMaxBytes: FETCH_BYTES,
    };
    const topics = [{ topicId: topic, partitions: [asked] }];
    const { responses } = await fetchV12.api.async(connection, 1_000, 1, FETCH_BYTES, 0, 0, -1, topics, [], "");
    const batches = responses[0]?.partitions[0]?.records ?? [];
    return batches.flatMap(({ firstOffset, firstTimestamp, records }) =>
      records
        .filter(({ offsetDelta }) => firstOffset + BigInt(offsetDelta) >= offset)
        .map(({ key, value, headers, timestampDelta }) => ({
          partition,
          key: key?.toString(),
          headers: Object.fromEntries(headers.map(([name, text]) => [String(name), String(text)])),
          timestamp: Number(firstTimestamp + timestampDelta),
          value: JSON.parse(String(value)),
        })),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#admin.close(), this.#pool.close()]);
  }
}

/** What is asked of a topic that was made just now, when a broker does not yet know each partition that it leads. */
async function onceLed<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const isNew = error instanceof ResponseError && error.errors.every((one) => one.hasStaleMetadata === true);
      if (!isNew || attempt === 100) {
        throw error;
      }
      await wait(100);
    }
  }
}
