import type { ApiCalls } from "../core/api_calls.ts";
import type { Clock } from "../core/clock.ts";
import type { DataStream, SourceEvent } from "../core/event.ts";
import type { Log } from "../core/log.ts";
import type { RefusedEvent, Sink } from "../sinks/sink.ts";
import type { AnyFact, Coverages, StreamReport, Tell } from "../sources/fact.ts";
import { type CollectorContext, collectorDocument, type OrganizationFacts } from "./collector_document.ts";
import type { CollectedSource, CollectorEvent } from "./collector_event.ts";
import { CollectorQueue } from "./collector_queue.ts";
import { dropped } from "./dropped.ts";
import { afterFact, type BegunParts, begunAt, coverageAfterFact, eventOfFact, startOfReport } from "./facts.ts";
import {
  apiBudgetEvent,
  coverageEvent,
  type LeaseFacts,
  leaseEvent,
  leaseTakenEvent,
  statusEvent,
} from "./state_events.ts";

/** Milliseconds between deliveries of what has been reported. */
const DELIVERY_INTERVAL_MS = 10_000;
/** Milliseconds between two reports of the same state. Coverage moves with files, which come once an hour. */
const STATUS_INTERVAL_MS = 5 * 60_000;
const COVERAGE_INTERVAL_MS = 60 * 60_000;
/** Milliseconds that the last reports get to be delivered when collection ends. */
const FLUSH_MS = 2_500;
/** Reports that wait while the output is down: some days of an org's. */
const LONGEST_QUEUE = 5_000;
const BATCH_EVENTS = 500;

export interface CollectorOptions {
  readonly inputId: string;
  /** The collector's; events about a stream take that stream's namespace. */
  readonly dataStream: DataStream;
  readonly organizationName: string;
  readonly agent: CollectorContext["agent"];
  /** Where the org's API budget stands; undefined until it is known. */
  readonly apiCalls: () => ApiCalls | undefined;
  /** How this host has the org; undefined where hosts share nothing. */
  readonly lease?: LeaseFacts | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is known of one source. */
interface Progress {
  report: StreamReport;
  /** As it was reported last, and when. */
  reported: { readonly from: StreamReport; readonly since: number };
  coverages: Coverages;
  readonly begun: BegunParts;
}

/**
 * Reports of the collection itself, for one input: turns facts into events of the collector's data stream and delivers them
 * beside collection, which it never holds up or fails. `tell` gives a source's ear; `begin` is called as soon as there is an
 * output (again and again, if that is easier); `close` once, when the last round has ended, while the output is still open.
 */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #clock: Clock;
  readonly #queue = new CollectorQueue(LONGEST_QUEUE);
  readonly #progress = new Map<CollectedSource, Progress>();
  /** Drift that has been reported: every further file has the same columns. */
  readonly #knownDrift = new Set<string>();
  readonly #closing = new AbortController();
  readonly #abandon = new AbortController();
  #organization: OrganizationFacts | undefined;
  #sink: Sink | undefined;
  #delivering: Promise<void> = Promise.resolve();
  #hasToldRefusal = false;
  #nextStatus = 0;
  #nextCoverage = 0;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#nextStatus = options.clock.now() + STATUS_INTERVAL_MS;
    if (options.lease !== undefined) {
      this.#queue.add(leaseTakenEvent(options.inputId, options.lease));
    }
  }

  tell(source: CollectedSource): Tell {
    const start = startOfReport(source.stream.id);
    const progress: Progress = {
      report: start,
      reported: { from: start, since: this.#clock.now() },
      coverages: new Map(),
      begun: new Map(),
    };
    this.#progress.set(source, progress);
    return (fact) => this.#hear(source, progress, fact);
  }

  /** From now on the organization is known. */
  identify(organization: OrganizationFacts): void {
    this.#organization = organization;
  }

  /** Starts to deliver; does nothing when it has been called before. */
  begin(sink: Sink): void {
    if (this.#sink === undefined) {
      this.#sink = sink;
      this.#delivering = this.#keepDelivering();
    }
  }

  /** Reports where everything stands at the end and delivers what waits, within a limit. */
  async close(): Promise<void> {
    if (this.#sink === undefined) {
      return;
    }
    this.#report(() => this.#reportStatus(({ report, reported }) => report !== reported.from));
    this.#report(() => this.#reportCoverage());
    this.#closing.abort(new Error("closed"));
    const over = new AbortController();
    this.#clock.sleep(FLUSH_MS, over.signal).then(
      () => this.#abandon.abort(new Error("the output does not take the last reports in time")),
      () => {},
    );
    await this.#delivering;
    over.abort(new Error("over"));
    if (this.#queue.length > 0) {
      this.#options.log.warn(`${this.#queue.length} reports of the collection itself could not be delivered.`);
    }
  }

  #hear(source: CollectedSource, progress: Progress, fact: AnyFact): void {
    const now = this.#clock.now();
    const { health } = progress.report;
    progress.report = afterFact(progress.report, fact);
    progress.coverages = coverageAfterFact(progress.coverages, fact);
    const event = eventOfFact(fact, source, now, begunAt(progress.begun, fact, now));
    if (event !== undefined && !this.#isKnownDrift(event)) {
      this.#queue.add(event);
    }
    if (progress.report.health !== health) {
      this.#addStatus(source, progress, now);
    }
  }

  #isKnownDrift(event: CollectorEvent): boolean {
    if (event.code !== "drift") {
      return false;
    }
    const key = event.identity.join("/");
    const known = this.#knownDrift.has(key);
    this.#knownDrift.add(key);
    return known;
  }

  #addStatus(source: CollectedSource, progress: Progress, now: number): void {
    const { report, reported } = progress;
    this.#queue.add(statusEvent(source, reported, report, now, this.#queue.takeDropped()));
    progress.reported = { from: report, since: now };
  }

  #reportStatus(isWorthOne: (progress: Progress) => boolean = () => true): void {
    const now = this.#clock.now();
    for (const [source, progress] of this.#progress) {
      if (isWorthOne(progress)) {
        this.#addStatus(source, progress, now);
      }
    }
    const { inputId, lease } = this.#options;
    if (lease !== undefined) {
      this.#queue.add(leaseEvent(inputId, lease, now));
    }
    const calls = this.#options.apiCalls();
    if (calls !== undefined) {
      this.#queue.add(apiBudgetEvent(inputId, calls, now));
    }
    this.#nextStatus = now + STATUS_INTERVAL_MS;
  }

  #reportCoverage(): void {
    const now = this.#clock.now();
    for (const [source, { coverages }] of this.#progress) {
      for (const coverage of coverages.values()) {
        this.#queue.add(coverageEvent(source, coverage, now));
        this.#nextCoverage = now + COVERAGE_INTERVAL_MS;
      }
    }
  }

  async #keepDelivering(): Promise<void> {
    try {
      while (!this.#closing.signal.aborted) {
        await this.#clock.sleep(DELIVERY_INTERVAL_MS, this.#closing.signal).catch(() => {});
        if (!this.#closing.signal.aborted) {
          this.#reportWhatIsDue();
          await this.#deliver();
        }
      }
      await this.#deliver();
    } catch (error) {
      // `deliver` rejects only with the reason of its signal; anything else is a defect that collection must not meet.
      if (!this.#abandon.signal.aborted) {
        this.#options.log.error(`Reports of the collection itself have stopped: ${String(error)}`);
      }
    }
  }

  #reportWhatIsDue(): void {
    const now = this.#clock.now();
    if (now >= this.#nextStatus) {
      this.#nextStatus = now + STATUS_INTERVAL_MS;
      this.#report(() => this.#reportStatus());
    }
    if (now >= this.#nextCoverage) {
      this.#report(() => this.#reportCoverage());
    }
  }

  /** Once: further ones mostly have the same reason. Events are kept elsewhere; these only tell of the collection. */
  #tellRefused([first]: readonly RefusedEvent[]): void {
    if (first !== undefined && !this.#hasToldRefusal) {
      this.#hasToldRefusal = true;
      const { type, reason } = first;
      this.#options.log.warn(`Elasticsearch refuses reports of the collection itself (${type}: ${reason}).`);
    }
  }

  /** Whatever is wrong with a report, the others are made, and collection goes on. */
  #report(report: () => void): void {
    dropped(report, "A report of the collection itself", this.#options.log);
  }

  async #deliver(): Promise<void> {
    const { inputId, dataStream, organizationName, agent } = this.#options;
    while (this.#queue.length > 0 && this.#sink !== undefined) {
      const events = this.#queue.take(BATCH_EVENTS);
      const context = { inputId, dataStream, organizationName, agent, organization: this.#organization };
      try {
        const documents: SourceEvent[] = [];
        for (const event of events) {
          this.#report(() => documents.push(collectorDocument(event, context)));
        }
        const { refused } = await this.#sink.deliver(documents, this.#abandon.signal);
        this.#tellRefused(refused);
      } catch (error) {
        this.#queue.putBack(events);
        throw error;
      }
    }
  }
}
