import type { z } from "zod";
import type { AgentFacts } from "../core/agent_facts.ts";
import type { Clock } from "../core/clock.ts";
import type { DataStream } from "../core/event.ts";
import type { Finding } from "../core/finding.ts";
import type { MemoryShare } from "../core/memory.ts";
import type { CursorChange, CursorEntries } from "../cursors/cursor.ts";
import type { RowLedger } from "../cursors/row_ledger.ts";
import type { OrgClient } from "../org/org_client.ts";
import type { PubSub } from "../org/pub_sub.ts";
import type { AnyFact, Meanings, Tell } from "./fact.ts";
import type { FailedPart } from "./part_failure.ts";
import type { Source } from "./source.ts";
import type { TimeRange } from "./time_range.ts";

/**
 * A kind of source: a way in which Salesforce gives events, and all that the rest of the program asks of it. Each is a folder
 * beside this file, and a line in `kinds.ts`; nobody else knows which there are. `S` is its group of settings in a stream's block
 * of the policy, as the code has it.
 */
export interface SourceKind<S extends KindSettings = KindSettings> {
  /** The name of its group of settings, such as `event_log_files`. Cursors are named by it, so it outlives versions. */
  readonly group: string;
  /** For people, such as "event log files". */
  readonly title: string;
  /** Its settings in a stream, `enabled` among them, and in one that has names of no other kind. */
  readonly settings: { readonly beside: z.ZodObject; readonly alone: z.ZodObject };
  /** The setting that lists the names of what is collected (event types, objects), all of the stream by default. */
  readonly list: string;
  /** Its events are those of other kinds, sooner: beside it, another kind is still alone in a stream. */
  readonly isRepeating?: true;
  /** What may be listed, from the catalogue. */
  readonly types: readonly KnownType[];
  /** Whether a listed name, such as a pattern, stands for this one too; each for itself alone by default. Pure. */
  readonly standsFor?: (listed: string, name: string) => boolean;
  /** What its facts mean. Their names are its own. */
  readonly facts: Meanings<AnyFact>;

  /** The sources of a stream that has it enabled. Nothing is sent before one is read. */
  sources(settings: S, stream: KindStream): readonly KindSource[];
  /** How a source is called in reports. `part` as in KindSource. */
  nameOf(part: string | undefined): string;

  /** Where a source stands by its cursors. Pure. */
  position(entries: CursorEntries, organization: string): KindPosition;
  /** Its parts that could not be read, as `cursors --retry` knows them. Pure. */
  failed(entries: CursorEntries, part: string | undefined): readonly FailedPart[];
  /** What has one of these tried in the next round; nothing for another id. Pure. */
  retry(entries: CursorEntries, part: string | undefined, id: string): readonly CursorChange[];

  /** Looks at what an org has for streams that have it enabled. Rejects with what keeps it from being looked at. */
  check(streams: readonly CheckedStream<S>[], org: CheckedOrg): Promise<CheckResult>;
  /** API calls in 24 hours with these settings; `found` by `check`, undefined where that is not known. Pure. */
  callsADay(settings: S, found: unknown): number;
}

/** What the settings of every kind have. `names` are those of `SourceKind.list`, never empty where it is enabled. */
export interface KindSettings {
  readonly enabled: boolean;
  readonly names: readonly string[];
}

export interface KnownType {
  readonly name: string;
  /** The data stream, by its folder in `data_stream/`. */
  readonly stream: string;
  /** Collected only where a policy names it. */
  readonly onlyByName?: true;
}

/** The stream that sources are made for. */
export interface KindStream {
  /** What the stream collects, by names, of all kinds. */
  readonly collected: readonly string[];
  /** What all its events have in common; organization id and instance address come from the login. */
  readonly context: {
    readonly organizationName: string;
    readonly dataStream: DataStream;
    readonly tags: readonly string[];
    readonly preserveOriginalEvent: boolean;
    readonly agent: AgentFacts;
  };
  /** Collects this range once instead of following the present. */
  readonly range: TimeRange | undefined;
  readonly clock: Clock;
}

/** A source before it is opened. */
export interface KindSource {
  /** Tells it from other sources of its kind in the stream: an object's name; undefined where there is one alone. */
  readonly part?: string;
  /** Milliseconds between rounds. For what is pushed, until a connection that has ended is opened again. */
  readonly interval: number;
  open(parts: SourceParts): Source;
}

/** What is open while an input runs, and the ear of the source. */
export interface SourceParts {
  readonly id: string;
  readonly client: OrgClient;
  readonly pubSub: PubSub;
  readonly ledger: RowLedger;
  readonly memory: MemoryShare;
  readonly tell: Tell;
}

export interface KindPosition {
  /** Everything made, or that happened, up to here has been delivered; undefined before the first complete round. */
  readonly until: number | undefined;
  /** What `until` is a time of, where it is not one of events. */
  readonly untilOf?: string;
  /** For programs, beside what every position has. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The same for people, each a part of a sentence. */
  readonly lines: readonly string[];
}

export interface CheckedStream<S> {
  readonly dataset: string;
  readonly settings: S;
}

export interface CheckedOrg {
  readonly client: OrgClient;
  readonly pubSub: PubSub;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
}

export interface CheckResult {
  readonly findings: readonly Finding[];
  /** What the kind wants to know again in `callsADay`. */
  readonly found?: unknown;
}
