/**
 * How a column's text becomes a value.
 *
 * - `keyword`: filtered and counted; `long_keyword` may be long, as an address; `text` is prose, searched by its words.
 * - `encoded`: a keyword that Salesforce percent-encodes in part of its rows.
 * - `long`, `double`: counts and measures, never negative: Salesforce writes -1 for what it does not know.
 * - `degrees`: a geographic coordinate.
 * - `milliseconds`, `nanoseconds`, `bytes`: whole numbers of that unit.
 * - `database_time`: declared as milliseconds by Salesforce but at times delivered in nanoseconds; the field has nanoseconds.
 * - `ip`: the field ends in `ip` and has every address of the cell, which may be a list as X-Forwarded-For has it. `port` beside it
 *   has the first address's, and `address` the whole text where it is more than addresses, or none.
 * - `url`: an address, without the secrets in it.
 * - `version`: of an API: `66` and `66.0` are one.
 * - `id`: a record id, always delivered with 18 characters.
 * - `set`: several names or ids in one cell.
 * - `evidence`: the features that a detection rests on, as JSON; delivered as an object by their names.
 * - `timestamp`: a time, delivered in ISO form with milliseconds.
 */
export type ColumnKind =
  | "keyword"
  | "long_keyword"
  | "text"
  | "encoded"
  | "long"
  | "double"
  | "degrees"
  | "milliseconds"
  | "nanoseconds"
  | "database_time"
  | "bytes"
  | "boolean"
  | "ip"
  | "url"
  | "version"
  | "id"
  | "set"
  | "evidence"
  | "timestamp";

/** Codes of a column with the name of each. */
export type CodeTable = Readonly<Record<string, string>>;

export type FieldUnit = "ms" | "nanos" | "byte" | "percent";

/** One column of a log file, or one field of an object: where its value goes and what it means. */
export interface Column {
  /** Path of the field below its home, in snake case: `api.type`. */
  readonly field: string;
  readonly kind: ColumnKind;
  readonly description: string;
  /**
   * The field outside of the home, mostly of ECS, that holds the value in Elasticsearch: the ingest pipeline moves it there, and the
   * column's own field is an alias of it. Of several addresses the first is moved, all of them to `related.ip`.
   */
  readonly ecs?: string;
  /** Only where the kind does not say it. */
  readonly unit?: FieldUnit;
  /** The field has the code's name, or the code itself where it is not known. Each name stands for one code, unless `decoded`. */
  readonly codes?: CodeTable;
  /** Two fields instead of one: where the code goes and where its name. */
  readonly decoded?: { readonly code: string; readonly name: string };
  /** Other texts by which Salesforce says the same, each with the one that is kept. */
  readonly forms?: CodeTable;
  /** The cell may hold several values, separated by spaces. */
  readonly several?: true;
  /** Used only where the other columns of the same field are blank. */
  readonly fallback?: true;
  /** The first API version that has the object's field. */
  readonly since?: number;
  /** Other names that Salesforce gives the column. */
  readonly aliases?: readonly string[];
}

/** Columns by the name that Salesforce gives them. */
export type Columns = Readonly<Record<string, Column>>;

/** The object below `salesforce` that the fields of related event types share: one column, one field, one meaning. */
export interface Home {
  /** Name below `salesforce`, as `login_as`. */
  readonly name: string;
  /** The data stream, by its folder in `data_stream/`. */
  readonly stream: string;
  readonly description: string;
  /** Every column of the event log files that have this home. */
  readonly columns: Columns;
  /** Names below the home that Elastic's own `salesforce` package has for fields with another name here, full path: field aliases. */
  readonly fieldAliases: Readonly<Record<string, string>>;
}

interface Described {
  /** Value of `event.code`. */
  readonly name: string;
  /** The data stream, by its folder in `data_stream/`. */
  readonly stream: string;
  readonly home: Home;
  /** Comes with every org of the editions that have the API, without a paid add-on. */
  readonly free: boolean;
  /** Needs more than the stream's other types, or is of use to few, so it is collected only where a policy names it. */
  readonly onlyByName?: true;
  /** What a reader learns from its events, as one sentence. */
  readonly tells: string;
  /** The page of Salesforce's documentation, from which the columns and the units of their times are; of several, the newest. */
  readonly page: string;
}

/** An event type of EventLogFile. */
export interface LogFileType extends Described {
  readonly provider: "EventLogFile";
  /** Columns that Salesforce documents for the type, in the order of its files; names of `home.columns`. */
  readonly columns: readonly string[];
  /** Columns that the type delivers in another form than the other types of the home, or that mean something else in it. */
  readonly variants?: Columns;
}

/** A permission of users that a permission set gives. */
export interface UserPermission {
  /** As metadata has it. */
  readonly name: string;
  /** As Setup shows it. */
  readonly label: string;
  /** What is seen without it; nothing if this is not there. */
  readonly without?: string;
}

/** A topic of the event bus, `/event/<name>`. */
export interface Topic {
  readonly name: string;
  /** What the published event has and the stored one has not: never asked for in a query. */
  readonly columns?: Columns;
  /** What the integration user needs besides the object's own permission. */
  readonly permission?: UserPermission;
  /** Collected only where a policy names it, though the object is not. */
  readonly onlyByName?: true;
}

/** An sObject whose records are events. */
export interface ObjectType extends Described {
  readonly provider: "Object";
  /** A big object is read newest first in bounded windows; a standard object takes any filter and order. */
  readonly storage: "big object" | "standard object";
  readonly columns: Columns;
  /** Where Salesforce publishes the same events as they happen, if it does. */
  readonly topic?: Topic;
  /** Collected by default though not every org has it: that it can't be read is said once, and is no fault. */
  readonly mayBeAbsent?: true;
  /** What the integration user needs to read it, besides API Enabled. */
  readonly permission: UserPermission;
  /** Permissions beside those that every object of its storage needs, as Setup names them. */
  readonly morePermissions?: readonly string[];
  /** The field with the time of the event; cursors move on it. */
  readonly timeColumn: string;
  /** The field that names the event uniquely within the org. */
  readonly identityColumn: string;
}

/** An object whose events are published too. */
export type PublishedObject = ObjectType & Required<Pick<ObjectType, "topic">>;

export type EventType = LogFileType | ObjectType;

const DOCUMENTATION = "https://developer.salesforce.com/docs/atlas.en-us";

/** Address of a page of Salesforce's Object Reference. */
export function objectReference(page: string): string {
  return `${DOCUMENTATION}.object_reference.meta/object_reference/sforce_api_objects_${page}.htm`;
}

/** Makes event types of a home. Unless they say otherwise, not every org has them, and their page has their name. */
export function logFileTypesOf(
  home: Home,
): (type: Pick<LogFileType, "name" | "tells" | "columns"> & Partial<LogFileType>) => LogFileType {
  return (type) => ({
    provider: "EventLogFile",
    stream: home.stream,
    home,
    free: false,
    page: objectReference(`eventlogfile_${type.name.toLowerCase()}`),
    ...type,
  });
}

/** Address of a page of Salesforce's Platform Events Developer Guide. */
export function platformEventsGuide(page: string): string {
  return `${DOCUMENTATION}.platform_events.meta/platform_events/sforce_api_objects_${page}.htm`;
}

/** Columns of every log file whose value travels outside the home, with the field that has it. */
export const ENVELOPE_COLUMNS: Readonly<Record<string, string>> = {
  EVENT_TYPE: "event.code",
  TIMESTAMP: "@timestamp",
  TIMESTAMP_DERIVED: "@timestamp",
  ORGANIZATION_ID: "organization.id",
};
