import type { StreamId } from "../core/event.ts";
import type { LogLevel } from "../core/log.ts";
import { DELIVERY_FACTS, type DeliveryFact } from "../pump/facts.ts";
import type { AnyFact, Coverages, Meaning, StreamReport, Work } from "../sources/fact.ts";
import { KINDS, type KindFact } from "../sources/kinds.ts";
import { SOURCE_FACTS } from "../sources/source_facts.ts";
import type { CollectedSource, CollectorEvent } from "./collector_event.ts";

/** Everything that is told. */
export type Fact = DeliveryFact | KindFact;

/** By the name of the fact. */
export const MEANINGS: ReadonlyMap<string, Meaning<AnyFact>> = new Map(
  [DELIVERY_FACTS, SOURCE_FACTS, ...KINDS.map(({ facts }) => facts)].flatMap((facts) => Object.entries(facts)),
);

/** `event.code` of what is reported by itself, again and again. */
export const PERIODIC_CODES: readonly string[] = ["api_budget", "coverage", "lease", "stream_status"];

function meaningOf({ fact }: AnyFact): Meaning<AnyFact> {
  const meaning = MEANINGS.get(fact);
  if (meaning === undefined) {
    throw new TypeError(`No kind of source says what ${fact} means.`);
  }
  return meaning;
}

/** A fact as a line of the log. Pure. */
export function sentence(fact: AnyFact, now: number): { readonly level: LogLevel; readonly message: string } {
  return meaningOf(fact).line(fact, now);
}

/** What a source is known to be at the start. */
export function startOfReport(stream: StreamId): StreamReport {
  return {
    stream,
    health: "starting",
    message: "",
    errorCode: undefined,
    clockError: undefined,
    lackError: undefined,
    twiceError: undefined,
    filesDone: 0,
    filesFailed: 0,
    filesGone: 0,
    roundsFailed: 0,
    rowsCreated: 0,
    rowsExisting: 0,
    rowsRefused: 0,
    rowsRejected: 0,
    rowsPossiblyDoubled: 0,
    eventsKept: 0,
    nextAttemptAt: undefined,
  };
}

/** The report after one more fact; the same object if it says nothing of it. Pure. */
export function afterFact(report: StreamReport, fact: AnyFact): StreamReport {
  return meaningOf(fact).report?.(report, fact) ?? report;
}

/** The coverages after one more fact; the same object if it says nothing of them. Pure. */
export function coverageAfterFact(known: Coverages, fact: AnyFact): Coverages {
  return meaningOf(fact).coverage?.(known, fact) ?? known;
}

/** What a fact says of how far a run is. Pure. */
export function workOf(fact: AnyFact): Work {
  return meaningOf(fact).work?.(fact) ?? {};
}

/** The collector's event of a fact, if it is worth one. `begunAt` is when the part that it ends was begun. Pure. */
export function eventOfFact(
  fact: AnyFact,
  source: CollectedSource,
  now: number,
  begunAt?: number,
): CollectorEvent | undefined {
  const { event } = meaningOf(fact);
  if (event === undefined) {
    return undefined;
  }
  const { message } = sentence(fact, now);
  const told = { stream: source.stream.id, source: source.name, now, begunAt, message };
  return { code: event.code, time: now, source, message, ...event.of(fact, told) };
}

/** When the parts of a source were begun that are not over; by their names. */
export type BegunParts = Map<string, number>;

/** When the part of the fact was begun, if it ends one; keeps those that are begun. */
export function begunAt(begun: BegunParts, fact: AnyFact, now: number): number | undefined {
  const { begins, ends } = meaningOf(fact);
  if (begins !== undefined) {
    begun.set(begins(fact), now);
  }
  if (ends === undefined) {
    return undefined;
  }
  const part = ends(fact);
  const at = begun.get(part);
  begun.delete(part);
  return at;
}

/** Those that come again by themselves; the others are told once. */
export function isPeriodic({ code }: CollectorEvent): boolean {
  return PERIODIC_CODES.includes(code);
}
