import { remoteWaits } from "../core/backoff.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { RunnerError } from "../core/errors.ts";
import { Memory, type MemoryShare } from "../core/memory.ts";
import { orAborted } from "../core/or_aborted.ts";
import type { KafkaPartition } from "../policy/policy.ts";
import {
  type Claim,
  compressRecords,
  encodedHeaders,
  type KafkaCompression,
  sealBatch,
  UNCLAIMED,
  writeRecords,
} from "./kafka_batch.ts";
import { Claims, type HeldClaim } from "./kafka_claims.ts";
import { KafkaCluster, type KafkaClusterOptions, keepNewest } from "./kafka_cluster.ts";
import { type KafkaProblem, kafkaProblem } from "./kafka_meaning.ts";
import {
  batchesOf,
  lacking,
  type OutgoingRecord,
  parted,
  type RecordOptions,
  recordsByTopic,
} from "./kafka_records.ts";
import { createPartitioner } from "./kafka_routing.ts";
import { withOrderlyEnd } from "./orderly_end.ts";
import type { Receipt, RefusedEvent, Sink, SinkHealth } from "./sink.ts";

export interface KafkaOptions extends KafkaClusterOptions, RecordOptions {
  /** Of every record. */
  readonly headers: ReadonlyArray<{ readonly key: string; readonly value: string }>;
  readonly partition: KafkaPartition;
  readonly compression: KafkaCompression;
  /** gzip's, 0 to 9. */
  readonly compressionLevel: number;
  /** Whether all replicas in sync acknowledge; otherwise nobody does. */
  readonly isAcknowledged: boolean;
}

/** Where some events go, one batch after the other: two batches under way could change places, and count as lost or doubled. */
interface Lane {
  readonly topic: string;
  readonly partition: number;
  /** Resolves when the batches that were given to the lane are done. */
  last: Promise<unknown>;
}

/**
 * Events as records of Kafka's topics. An event is delivered when all replicas in sync have it. What is sent again because an
 * answer was lost is stored once, as long as the process lives; a later process is another producer, and whoever writes the
 * events into Elasticsearch keeps them once by the `_id` in their `@metadata`.
 */
export function createKafkaSink(
  options: KafkaOptions,
  health: SinkHealth = () => {},
  clock: Clock = systemClock,
  memory: MemoryShare = new Memory().share(),
): Sink {
  const { sender, isAcknowledged, compression, compressionLevel } = options;
  const cluster = new KafkaCluster(options, clock);
  const claims = new Claims(() => cluster.newProducer());
  const headers = encodedHeaders(options.headers);
  const partitioners = new Map<string, ReturnType<typeof createPartitioner>>();
  const lanes = new Map<string, Lane>();
  /** By topic or partition, what holds it up. */
  const problems = new Map<string, RunnerError>();

  function tell(where: string, problem?: RunnerError): void {
    if (problem === undefined) {
      problems.delete(where);
    } else {
      problems.set(where, problem);
    }
    const [first] = problems.values();
    health(problem ?? first);
  }

  function laneOf(topic: string, partition: number): Lane {
    const lane = lanes.get(nameOf({ topic, partition })) ?? { topic, partition, last: Promise.resolve() };
    lanes.set(nameOf(lane), lane);
    return lane;
  }

  /** Tries until it succeeds; what goes wrong is told, and may be answered with a value by `about`. */
  async function insisted<T>(
    where: string,
    work: () => Promise<T>,
    signal: AbortSignal,
    about: (problem: KafkaProblem) => T | undefined = () => undefined,
  ): Promise<T> {
    try {
      const nextWait = remoteWaits(clock);
      for (;;) {
        try {
          const outcome = await orAborted(work(), signal);
          tell(where);
          return outcome;
        } catch (error) {
          signal.throwIfAborted();
          const problem = kafkaProblem(where, error, options.hosts);
          const answer = about(problem);
          if (answer !== undefined) {
            return answer;
          }
          tell(where, problem.error);
        }
        await clock.sleep(nextWait(), signal);
      }
    } finally {
      problems.delete(where);
    }
  }

  /** Sends a batch under its claim. Its memory stays taken until the connection has it, also when the caller goes. */
  async function send(
    lane: Lane,
    records: readonly OutgoingRecord[],
    claim: Claim,
    sending: () => void,
    signal: AbortSignal,
  ) {
    const bytes = records.reduce((sum, { length }) => sum + length, 0);
    const body = await memory.body(bytes * 2, signal);
    try {
      writeRecords(records, sender, headers, body.bytes);
      await compressRecords(body.bytes, compression, compressionLevel);
      signal.throwIfAborted();
      const batch = body.bytes.bytes;
      sealBatch(batch, records, compression, claim);
      await cluster.produce(lane.topic, lane.partition, batch, sending);
    } finally {
      body.giveBack();
    }
  }

  /** Delivers one batch and gives back what is refused for good. */
  async function deliverBatch(
    lane: Lane,
    records: readonly OutgoingRecord[],
    signal: AbortSignal,
  ): Promise<RefusedEvent[]> {
    const { topic } = lane;
    const name = nameOf(lane);
    let claim: HeldClaim | undefined;
    /** How often it was sent under the claim. */
    let sendings = 0;
    const work = async (): Promise<Outcome> => {
      claim ??= isAcknowledged ? await claims.take(name) : undefined;
      const sending = () => {
        sendings += 1;
      };
      await send(lane, records, claim ?? UNCLAIMED, sending, signal);
      return { refused: [] };
    };
    const giveUp = () => {
      if (claim !== undefined) {
        claims.giveUp(claim);
        claim = undefined;
        sendings = 0;
      }
    };
    const about = ({ step, error, id, records: named }: KafkaProblem): Outcome | undefined => {
      switch (step) {
        case "stored":
          if (sendings > 1) {
            return { refused: [] };
          }
          // Something else is there in its place.
          giveUp();
          return undefined;
        case "refused":
          if (sendings > 1) {
            // Perhaps it was stored the first time: its parts must not be taken for it.
            giveUp();
          }
          return { refused: named, error, ...(id === undefined ? {} : { id }) };
        case "newProducer":
          giveUp();
          return undefined;
        case "newLeader":
          cluster.forget(topic);
          return undefined;
        case "again":
          return undefined;
      }
    };
    let outcome: Outcome;
    try {
      outcome = await insisted(name, work, signal, about);
    } catch (error) {
      giveUp();
      throw error;
    }
    const { error, id = "refused" } = outcome;
    if (error === undefined) {
      if (claim !== undefined) {
        claims.use(name, claim, records.length);
      }
      return [];
    }
    const [only] = records;
    if (only !== undefined && records.length === 1) {
      return [{ event: only.event, type: id.toLowerCase(), reason: error.message }];
    }
    const refused: RefusedEvent[] = [];
    for (const part of parted(records, outcome.refused)) {
      refused.push(...(await deliverBatch(lane, part, signal)));
    }
    return refused;
  }

  /** Delivers in the lane's turn. */
  async function deliverInLane(lane: Lane, records: readonly OutgoingRecord[], signal: AbortSignal) {
    const before = lane.last;
    const turn = Promise.withResolvers<void>();
    lane.last = turn.promise;
    try {
      await orAborted(before, signal);
      return await deliverBatch(lane, records, signal);
    } finally {
      // Whoever leaves before its turn came is followed by those who wait for the same turn.
      void before.then(() => {
        turn.resolve();
        if (lane.last === turn.promise) {
          lanes.delete(nameOf(lane));
        }
      });
    }
  }

  /** The events of a topic, by the partitions to which they go. */
  async function toPartitions(topic: string, records: readonly OutgoingRecord[], signal: AbortSignal) {
    const leaders = await insisted(topic, () => cluster.leaders(topic), signal);
    const all = leaders.map((_, partition) => partition);
    const led = options.partition.reachableOnly ? all.filter((partition) => leaders[partition] !== undefined) : all;
    const usable = led.length === 0 ? all : led;
    const choose = partitioners.get(topic) ?? createPartitioner(options.partition, () => clock.random());
    partitioners.set(topic, choose);
    keepNewest(partitioners);
    const refused: RefusedEvent[] = [];
    const byPartition = new Map<number, OutgoingRecord[]>();
    for (const record of records) {
      const choice = choose(record, usable.length);
      if (typeof choice === "number") {
        const partition = usable[choice] ?? 0;
        const there = byPartition.get(partition);
        there === undefined ? byPartition.set(partition, [record]) : there.push(record);
      } else {
        refused.push(lacking(record.event, choice.missing));
      }
    }
    return { byPartition, refused };
  }

  return withOrderlyEnd({
    async deliver(events, signal): Promise<Receipt> {
      const { byTopic, refused } = recordsByTopic(events, options, headers, clock.now());
      const delivering = [...byTopic].map(async ([topic, records]) => {
        const routed = await toPartitions(topic, records, signal);
        const parts = [...routed.byPartition].flatMap(([partition, there]) =>
          batchesOf(there, options).map((batch) => deliverInLane(laneOf(topic, partition), batch, signal)),
        );
        return [...routed.refused, ...(await Promise.all(parts)).flat()];
      });
      refused.push(...(await Promise.all(delivering)).flat());
      return { created: events.length - refused.length, existing: 0, refused };
    },
    async probe(signal) {
      try {
        await orAborted(Promise.any(options.hosts.map((host) => cluster.reach(host))), signal);
        health(undefined);
      } catch (error) {
        signal.throwIfAborted();
        health(kafkaProblem(options.hosts.join(", "), error).error);
      }
    },
    async close() {
      await cluster.close();
    },
  });
}

function nameOf({ topic, partition }: Pick<Lane, "topic" | "partition">): string {
  return `${topic}:${partition}`;
}

/** What became of a batch: stored, or not at all, because of some of its records. */
interface Outcome {
  readonly refused: readonly number[];
  readonly error?: RunnerError;
  readonly id?: string;
}
