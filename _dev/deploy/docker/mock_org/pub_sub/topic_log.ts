import { randomInt } from "node:crypto";
import { HOUR_MS } from "../datetime.ts";

/** An event as it is kept for delivery. */
export interface KeptEvent {
  /** EventUuid. */
  readonly id: string;
  readonly schemaId: string;
  readonly payload: Buffer;
}

export interface Position {
  readonly replayId: Buffer;
  /** Milliseconds since the epoch, by the org's clock. */
  readonly at: number;
  /** Undefined where a keep-alive has told the id. */
  readonly event?: KeptEvent;
}

/** Event Message Durability, Pub/Sub API guide. */
const RETENTION_MS = 72 * HOUR_MS;

/** Replay ids of one topic grow, but never by one. */
const LARGEST_STEP = 5;

/**
 * The events of one topic of the last 72 hours, in the order of their replay ids. Replay ids are 8 bytes: the generation of the log, which a
 * move of the org replaces, and a number that grows in steps of chance. Sequence numbers count the positions of all time.
 */
export class TopicLog {
  readonly #now: () => number;
  #positions: Position[] = [];
  /** Sequence number of the first kept position, and how many at the start of the list are no longer kept. */
  #first = 0;
  #expired = 0;
  #generation = randomInt(2 ** 31);
  #last = randomInt(1_000);

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Sequence number that the next position will have. */
  get end(): number {
    return this.#first + this.#positions.length - this.#expired;
  }

  /** Sequence number of the oldest kept position. */
  get start(): number {
    this.#expire();
    return this.#first;
  }

  append(event?: KeptEvent): Position {
    this.#last += randomInt(1, LARGEST_STEP + 1);
    const replayId = Buffer.alloc(8);
    replayId.writeUInt32BE(this.#generation, 0);
    replayId.writeUInt32BE(this.#last, 4);
    const position = { replayId, at: this.#now(), ...(event !== undefined && { event }) };
    this.#positions.push(position);
    return position;
  }

  at(sequence: number): Position | undefined {
    return this.#positions[sequence - this.#first + this.#expired];
  }

  /** Sequence number of the position behind a replay id; undefined where the log never gave it, or has given it too long ago. */
  behind(replayId: Buffer): number | undefined {
    if (replayId.length !== 8 || replayId.readUInt32BE(0) !== this.#generation) {
      return undefined;
    }
    const wanted = replayId.readUInt32BE(4);
    let [low, high] = [this.start, this.end];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.at(middle)?.replayId.readUInt32BE(4) ?? 0) < wanted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return this.at(low)?.replayId.equals(replayId) === true ? low + 1 : undefined;
  }

  /** As a move of the org to another instance: nothing of before is kept, and no replay id of before is known. */
  reset(): void {
    this.#first = this.end;
    this.#positions = [];
    this.#expired = 0;
    this.#generation = (this.#generation + 1) % 2 ** 31;
    this.#last = randomInt(1_000);
  }

  #expire(): void {
    const oldest = this.#now() - RETENTION_MS;
    while (this.#expired < this.#positions.length && (this.#positions[this.#expired] as Position).at < oldest) {
      this.#expired++;
      this.#first++;
    }
    if (this.#expired > 10_000) {
      this.#positions = this.#positions.slice(this.#expired);
      this.#expired = 0;
    }
  }
}
