import type { Clock } from "../core/clock.ts";
import { formatDuration } from "../core/duration.ts";
import type { RunnerError } from "../core/errors.ts";
import type { LogFields } from "../core/log.ts";
import { visible } from "../core/visible.ts";
import type { DeliveryFact } from "../pump/facts.ts";
import { workOf } from "../reporting/facts.ts";
import type { AnyFact } from "../sources/fact.ts";

/** How far a run is, from the facts that its streams tell. */
export class Progress {
  readonly #clock: Pick<Clock, "now">;
  readonly #startedAt: number;
  /** Bytes of each file that is to be read or has been. */
  readonly #bytes = new Map<string, number>();
  readonly #done = new Set<string>();
  #delivered = 0;
  #existing = 0;
  #refused = 0;
  #rows = 0;
  #rejected = 0;
  #waits = 0;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  see(fact: AnyFact): void {
    const { expected = [], done, rows = 0, rejected = 0 } = workOf(fact);
    for (const { id, length } of expected) {
      this.#bytes.set(id, length);
    }
    if (done !== undefined) {
      this.#done.add(done);
    }
    this.#rows += rows;
    this.#rejected += rejected;
    this.#seeDelivery(fact as DeliveryFact);
  }

  #seeDelivery(fact: DeliveryFact): void {
    if (fact.fact === "delivered") {
      this.#delivered += fact.created;
      this.#existing += fact.existing;
      this.#refused += fact.refused;
    } else if (fact.fact === "round_failed" && Number.isFinite(fact.nextAttemptAt)) {
      this.#waits += 1;
    }
  }

  /** One line for a terminal: files, events, rate and, as soon as it can be told, the time that is left. */
  line(): string {
    const elapsed = Math.max(1, this.#clock.now() - this.#startedAt);
    if (this.#isEmpty()) {
      return "Looking for what is new";
    }
    const events = this.#delivered + this.#existing;
    const left = this.#timeLeft(elapsed);
    return [
      this.#files(),
      this.#events(),
      `${count(Math.round((events * 1_000) / elapsed))} a second`,
      ...(left === undefined ? [] : [`about ${formatDuration(left)} left`]),
    ].join(", ");
  }

  /** What a collection that ended has done, for programs. `errors` kept it from collecting everything. */
  record(stopped: boolean, errors: readonly RunnerError[]): LogFields {
    const texts = textsOf(errors);
    return {
      "event.action": "collection-ended",
      stopped,
      files: this.#done.size,
      files_open: this.#bytes.size - this.#done.size,
      rows: this.#rows,
      rejected: this.#rejected,
      delivered: this.#delivered,
      existing: this.#existing,
      refused: this.#refused,
      waits: this.#waits,
      errors: errors.length,
      ...(texts.length === 0 ? {} : { "error.message": texts.join("\n") }),
      duration_ms: this.#clock.now() - this.#startedAt,
    };
  }

  /** What has been done, and what kept it from being all. */
  outcome(stopped: boolean, errors: readonly RunnerError[]): string {
    const couldNotBegin = this.#isEmpty() && errors.length > 0;
    const soFar = couldNotBegin ? "nothing was read" : `${this.#files()}, ${this.#events()}`;
    return stopped
      ? `Stopped: ${soFar}. The next run goes on behind the last row that was delivered.`
      : [
          `Ended: ${soFar}, in ${formatDuration(this.#clock.now() - this.#startedAt)}.`,
          ...(errors.length === 0 ? [] : ["Not everything was collected:", ...textsOf(errors).map(visible)]),
        ].join("\n");
  }

  #isEmpty(): boolean {
    return this.#bytes.size === 0 && this.#delivered + this.#existing + this.#refused === 0;
  }

  #files(): string {
    return `${count(this.#done.size)} of ${count(this.#bytes.size)} files`;
  }

  #events(): string {
    const extra = [
      ...(this.#existing === 0 ? [] : [`${count(this.#existing)} were there already`]),
      ...(this.#refused === 0 ? [] : [`${count(this.#refused)} refused`]),
    ];
    return `${count(this.#delivered)} events${extra.length === 0 ? "" : ` (${extra.join(", ")})`}`;
  }

  /** By the bytes of the files, as rows are known only when they have been read. Milliseconds. */
  #timeLeft(elapsed: number): number | undefined {
    let done = 0;
    let open = 0;
    for (const [id, bytes] of this.#bytes) {
      if (this.#done.has(id)) {
        done += bytes;
      } else {
        open += bytes;
      }
    }
    return done === 0 || open === 0 ? undefined : (elapsed * open) / done;
  }
}

/** Each once. */
function textsOf(errors: readonly RunnerError[]): readonly string[] {
  return [...new Set(errors.map(({ text }) => text))];
}

function count(number: number): string {
  return number.toLocaleString("en");
}

/** The part of a terminal that is written to. */
export interface Terminal {
  write(text: string): unknown;
  readonly columns?: number;
}

const REFRESH_MS = 250;
/** For a terminal that does not tell its width. */
const USUAL_WIDTH = 80;
const CLEAR_LINE = "\r\u001b[K";

/** Keeps a line of progress at the bottom of a terminal, below what is printed, until `stop` aborts. */
export class ProgressDisplay {
  readonly #terminal: Terminal;
  readonly #line: () => string;
  #shown = false;

  constructor(terminal: Terminal, line: () => string) {
    this.#terminal = terminal;
    this.#line = line;
  }

  async keep(clock: Clock, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      this.#show();
      await clock.sleep(REFRESH_MS, stop).catch(() => {});
    }
    this.#hide();
  }

  /** Prints a line above the progress. */
  print(line: string): void {
    const shown = this.#shown;
    this.#hide();
    this.#terminal.write(`${line}\n`);
    if (shown) {
      this.#show();
    }
  }

  #show(): void {
    const width = this.#terminal.columns || USUAL_WIDTH;
    this.#terminal.write(`${CLEAR_LINE}${this.#line().slice(0, width - 1)}`);
    this.#shown = true;
  }

  #hide(): void {
    if (this.#shown) {
      this.#terminal.write(CLEAR_LINE);
      this.#shown = false;
    }
  }
}
