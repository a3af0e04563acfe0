import { type Claim, sequenceAfter } from "./kafka_batch.ts";

/** Partitions that one producer counts; the fields or the time of events may name ever others. */
const MOST_PARTITIONS = 10_000;

/** A producer, as brokers number them, with the place of the next record of each partition in its count. */
interface Producer {
  readonly number: Promise<{ readonly id: bigint; readonly epoch: number }>;
  readonly next: Map<string, number>;
}

export interface HeldClaim extends Claim {
  readonly producer: Producer;
}

/**
 * What makes a batch that is sent again recognisable, so that brokers store it once: the number of its producer, and the place of
 * its first record in the count of its partition. A batch keeps its claim until it is stored, or is known not to be. Of a batch
 * that is given up nobody knows; another one under its claim might be taken for it, so whatever comes later is another producer's.
 */
export class Claims {
  readonly #newProducer: () => Producer["number"];
  readonly #had = new Set<string>();
  #producer: Producer | undefined;

  constructor(newProducer: () => Producer["number"]) {
    this.#newProducer = newProducer;
  }

  /** For the next batch of a partition, which has one batch under way at a time. Rejects if no producer's number can be had. */
  async take(partition: string): Promise<HeldClaim> {
    if ((this.#producer?.next.size ?? 0) >= MOST_PARTITIONS) {
      this.#producer = undefined;
    }
    this.#producer ??= { number: this.#newNumber(), next: new Map() };
    const producer = this.#producer;
    try {
      const { id, epoch } = await producer.number;
      return { producer, producerId: id, producerEpoch: epoch, sequence: producer.next.get(partition) ?? 0 };
    } catch (error) {
      this.#end(producer);
      throw error;
    }
  }

  /** Brokers would take what is sent under a number that was had before for what they have of it. */
  async #newNumber(): Producer["number"] {
    const { id, epoch } = await this.#newProducer();
    const name = `${id}:${epoch}`;
    if (this.#had.has(name)) {
      throw new Error(`the number ${id}, which was another producer's, for a new one`);
    }
    this.#had.add(name);
    return { id, epoch };
  }

  /** The batch of the claim is stored. */
  use(partition: string, { producer, sequence }: HeldClaim, records: number): void {
    producer.next.set(partition, sequenceAfter(sequence, records));
  }

  /** What became of the batch is not known. */
  giveUp({ producer }: HeldClaim): void {
    this.#end(producer);
  }

  #end(producer: Producer): void {
    if (this.#producer === producer) {
      this.#producer = undefined;
    }
  }
}
