import { asRunnerError } from "../../core/errors.ts";
import type { OrgClient } from "../../org/org_client.ts";
import { queryPages, type SObjectRecord } from "../../org/query_pages.ts";
import { unknownColumn } from "../../org/response_meaning.ts";
import type { Tell } from "../fact.ts";
import type { SourceFact } from "../source_facts.ts";
import type { EventLogFile } from "./body.ts";
import type { FileFact } from "./facts.ts";
import { type EventLogFileQuery, eventLogFileSoql, eventLogFilesByIdSoql } from "./listing_soql.ts";
import { askedTypes, isPassedOver, wants } from "./wanted_types.ts";

const DAY_MS = 86_400_000;
/** Salesforce had no event log files before. */
const EARLIEST = Date.UTC(2014, 0, 1);
/** Bytes that no file has. */
const ABSURD_LENGTH = 2 ** 40;
/** Ids in one query, far from the longest request that Salesforce takes. */
const IDS_AT_ONCE = 100;
/** Records that can't be files are told once, up to this many. */
const MOST_TOLD = 1_000;
/** Event types that patterns may bring; Salesforce documents about a hundred in all. */
const MOST_TYPES = 500;

export interface FileListingOptions {
  readonly client: OrgClient;
  /** Names and patterns. */
  readonly eventTypes: readonly string[];
  readonly interval: "hourly+daily" | "hourly" | "daily";
  readonly tell: Tell<FileFact | SourceFact>;
}

/** Asks an org for its event log files. A record that can't be a file is told, once, and left out. */
export class FileListing {
  readonly #options: FileListingOptions;
  readonly #told = new Set<string>();
  readonly #types = new Set<string>();
  #hasHourlyFiles = true;

  constructor(options: FileListingOptions) {
    this.#options = options;
  }

  get hasHourlyFiles(): boolean {
    return this.#hasHourlyFiles;
  }

  /** The files of a range, in the order in which they were made, each once. `now` by Salesforce's clock. */
  async list(
    range: Omit<EventLogFileQuery, "eventTypes" | "intervals">,
    now: number,
    signal: AbortSignal,
  ): Promise<EventLogFile[]> {
    const { eventTypes, interval } = this.#options;
    const wanted =
      interval === "hourly+daily"
        ? (["Hourly", "Daily"] as const)
        : ([interval === "hourly" ? "Hourly" : "Daily"] as const);
    const soql = () =>
      eventLogFileSoql({
        ...range,
        eventTypes: askedTypes(eventTypes),
        intervals: this.#hasHourlyFiles ? wanted : [],
      });
    return (await this.#ask(soql, now, signal)).files;
  }

  /** The files with these ids, wherever in time they are, and the ids that Salesforce no longer has. */
  async find(
    ids: readonly string[],
    now: number,
    signal: AbortSignal,
  ): Promise<{ readonly files: readonly EventLogFile[]; readonly gone: readonly string[] }> {
    const found: EventLogFile[] = [];
    const gone: string[] = [];
    for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
      const some = ids.slice(at, at + IDS_AT_ONCE);
      const { files, listed } = await this.#ask(() => eventLogFilesByIdSoql(some, this.#hasHourlyFiles), now, signal);
      found.push(...files);
      gone.push(...some.filter((id) => !listed.has(id)));
    }
    return { files: found, gone };
  }

  async #ask(
    soql: () => string,
    now: number,
    signal: AbortSignal,
  ): Promise<{ readonly files: EventLogFile[]; readonly listed: ReadonlySet<unknown> }> {
    const { client, tell } = this.#options;
    const files = new Map<string, EventLogFile>();
    const listed = new Set<unknown>();
    try {
      for await (const records of queryPages(client, soql(), "listing of event log files", signal)) {
        for (const record of records) {
          listed.add(record?.Id);
          const file = this.#usable(record, now);
          if (file !== undefined && file.created >= (files.get(file.id)?.created ?? 0)) {
            files.set(file.id, file);
          }
        }
      }
      return { files: [...files.values()].sort(byCreation), listed };
    } catch (error) {
      const column = unknownColumn(asRunnerError(error));
      if (this.#hasHourlyFiles && (column === "Interval" || column === "Sequence")) {
        this.#hasHourlyFiles = false;
        tell({ fact: "no_hourly_files" });
        return await this.#ask(soql, now, signal);
      }
      throw error;
    }
  }

  #usable(record: SObjectRecord, now: number): EventLogFile | undefined {
    const { eventTypes, tell } = this.#options;
    if (isPassedOver(eventTypes, record?.EventType)) {
      return undefined;
    }
    const file = eventLogFileOf(record, (type) => wants(eventTypes, type) && this.#hasRoomFor(type), now);
    if (!("flaw" in file)) {
      return file;
    }
    const told = `${file.id} ${file.flaw}`;
    if (!this.#told.has(told) && this.#told.size < MOST_TOLD) {
      this.#told.add(told);
      tell({ fact: "file_unusable", id: file.id, reason: file.flaw });
    }
    return undefined;
  }

  #hasRoomFor(eventType: string): boolean {
    if (this.#types.size < MOST_TYPES) {
      this.#types.add(eventType);
    }
    return this.#types.has(eventType);
  }
}

/**
 * A record of the listing as a file, or what keeps it from being one. Where the org has no column Interval every file is a
 * daily one. `now` by Salesforce's clock. Pure.
 */
function eventLogFileOf(
  record: SObjectRecord | null,
  isWanted: (eventType: unknown) => boolean,
  now: number,
): EventLogFile | { readonly id: string; readonly flaw: string } {
  const { Id, EventType, Interval, Sequence, LogDate, CreatedDate, LogFileLength, LogFile } = record ?? {};
  const isTime = (value: unknown) => {
    const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
    return time >= EARLIEST && time <= now + 2 * DAY_MS;
  };
  const checks: ReadonlyArray<readonly [name: string, value: unknown, isRight: boolean]> = [
    ["Id", Id, typeof Id === "string" && /^[A-Za-z0-9]{15,18}$/.test(Id)],
    ["EventType", EventType, isWanted(EventType)],
    [
      "Interval",
      Interval,
      Interval === undefined || Interval === null || Interval === "Hourly" || Interval === "Daily",
    ],
    ["Sequence", Sequence, Sequence === undefined || Sequence === null || isCount(Sequence, 1_000_000)],
    ["LogDate", LogDate, isTime(LogDate)],
    ["CreatedDate", CreatedDate, isTime(CreatedDate)],
    ["LogFileLength", LogFileLength, isCount(LogFileLength, ABSURD_LENGTH)],
    ["LogFile", LogFile, typeof LogFile === "string" && /^\/services\/[\w./-]+$/.test(LogFile)],
  ];
  const wrong = checks.find(([, , isRight]) => !isRight);
  if (wrong !== undefined) {
    const [name, value] = wrong;
    return {
      id: typeof Id === "string" ? Id.slice(0, 18) : "without an Id",
      flaw: `${name} is ${String(JSON.stringify(value)).slice(0, 100)}`,
    };
  }
  return {
    id: String(Id),
    eventType: String(EventType),
    interval: Interval === "Hourly" ? "hourly" : "daily",
    sequence: Number(Sequence ?? 0),
    logDate: Date.parse(String(LogDate)),
    created: Date.parse(String(CreatedDate)),
    length: Number(LogFileLength),
    path: String(LogFile),
  };
}

function isCount(value: unknown, most: number): boolean {
  return typeof value === "number" && value >= 0 && value <= most && Number.isInteger(value);
}

/** The order in which files are read: as they were made. */
export function byCreation(a: EventLogFile, b: EventLogFile): number {
  return a.created - b.created || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
