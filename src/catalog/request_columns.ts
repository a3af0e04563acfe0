import type { CodeTable, Column, Columns } from "./column.ts";

/** Fields of the columns that every kind of request has, where a home names them in its own way. */
export interface RequestFields {
  readonly requestId: string;
  readonly requestStatus: string;
  /** Whether the status is kept as its code or as its name, as Elastic's own `salesforce` package does for the home. */
  readonly requestStatusAs: "code" | "name";
  readonly loginKey: string;
  readonly sessionKey: string;
  readonly uri: string;
  readonly uriId: string;
  /** Where the user whose doing it was stands in ECS; `user` by default. */
  readonly user?: "user" | "user.effective";
  /** Where the client's address stands in ECS, if in one place for all event types of the home. */
  readonly client?: "source.ip" | undefined;
  /** Where the URI stands in ECS, if in one place. */
  readonly url?: "url.original";
}

/** As most homes name them. */
export const USUAL_FIELDS: RequestFields = {
  requestId: "request_id",
  requestStatus: "request_status",
  requestStatusAs: "code",
  loginKey: "login_key",
  sessionKey: "session_key",
  uri: "uri",
  uriId: "uri_derived_id",
  client: "source.ip",
  url: "url.original",
};

/** REQUEST_STATUS. The names are those of Elastic's own `salesforce` package. */
const REQUEST_STATUSES: CodeTable = {
  A: "Authorization Error",
  F: "Failure",
  N: "Not Found",
  R: "Redirect",
  S: "Success",
  U: "Undefined",
};

/** Salesforce gives the status as a code in either case, or as its name. */
const STATUS_CODES: CodeTable = formsOf((code) => code);
const STATUS_NAMES: CodeTable = formsOf((_, name) => name);

function formsOf(kept: (code: string, name: string) => string): CodeTable {
  return Object.fromEntries(
    Object.entries(REQUEST_STATUSES).flatMap(([code, name]) =>
      [code, code.toLowerCase(), name, name.toLowerCase(), name.toUpperCase()].map((form) => [form, kept(code, name)]),
    ),
  );
}

/**
 * The columns that mean the same in all event types (salesforce.com object reference, "EventLogFile Supported Event Types").
 * USER_ID has 15 characters and USER_ID_DERIVED 18: both are the same user, so both fill `user_id`.
 */
export function requestColumns(fields: RequestFields): Columns {
  return {
    REQUEST_ID: {
      field: fields.requestId,
      ecs: "transaction.id",
      kind: "keyword",
      description: "Id of one transaction. Events of several types may share it, and several events of one type too.",
    },
    USER_ID_DERIVED: {
      field: "user_id",
      ecs: `${fields.user ?? "user"}.id`,
      kind: "id",
      description: "Id of the user whose doing it was, 18 characters.",
    },
    USER_ID: {
      field: "user_id",
      ecs: `${fields.user ?? "user"}.id`,
      kind: "id",
      description: "Id of the user whose doing it was, 18 characters.",
      fallback: true,
    },
    RUN_TIME: { field: "run_time", kind: "milliseconds", description: "Time that the request took." },
    CPU_TIME: {
      field: "cpu_time",
      kind: "milliseconds",
      description: "CPU time that the request used in the app server.",
    },
    URI: {
      field: fields.uri,
      ...inEcs(fields.url),
      kind: "url",
      description: "URI of the page or endpoint that got the request.",
    },
    URI_ID_DERIVED: {
      field: fields.uriId,
      kind: "id",
      description: "Id of the record that the URI names, 18 characters.",
    },
    SESSION_KEY: {
      field: fields.sessionKey,
      ecs: "salesforce.session_key",
      kind: "keyword",
      description: "Hash that is the same for all events of one session.",
    },
    LOGIN_KEY: {
      field: fields.loginKey,
      ecs: "salesforce.login_key",
      kind: "keyword",
      description: "Hash that ties all events of a user's session together, from login to logout.",
    },
    USER_TYPE: {
      field: "user_type",
      kind: "keyword",
      description: "Kind of user licence: Standard, Guest, CspLitePortal, PowerPartner and others.",
    },
    REQUEST_STATUS: {
      field: fields.requestStatus,
      kind: "keyword",
      forms: fields.requestStatusAs === "code" ? STATUS_CODES : STATUS_NAMES,
      description: `How the request ended: ${fields.requestStatusAs === "code" ? listed(REQUEST_STATUSES) : Object.values(REQUEST_STATUSES).join(", ")}.`,
    },
    DB_TOTAL_TIME: {
      field: "db_total_time",
      kind: "nanoseconds",
      description: "Time for round trips to the database.",
    },
    CLIENT_IP: {
      field: "client.ip",
      ...inEcs(fields.client),
      kind: "ip",
      description: "Address of the client that used Salesforce's services.",
    },
    BOT_ID: agentColumn("bot_id", "Id of the AI agent that made the request.", "BOT_IDENTIFIER"),
    BOT_SESSION_ID: agentColumn("bot_session_id", "Id of the AI agent's session.", "BOT_SESSION_IDENTIFIER"),
    PLANNER_ID: agentColumn("planner_id", "Id of the AI agent's planner.", "PLANNER_IDENTIFIER"),
  };
}

function inEcs(field: string | undefined): Pick<Column, "ecs"> {
  return field === undefined ? {} : { ecs: field };
}

/** Salesforce documents the one name and delivers the other. */
function agentColumn(field: string, description: string, documentedName: string): Column {
  return { field, kind: "keyword", description, aliases: [documentedName] };
}

function listed(codes: Readonly<Record<string, string>>): string {
  return Object.entries(codes)
    .map(([code, meaning]) => `${code} ${meaning.toLowerCase()}`)
    .join(", ");
}

/** The first columns of nearly every file, in their order. */
export const WHO = ["EVENT_TYPE", "TIMESTAMP", "REQUEST_ID", "ORGANIZATION_ID", "USER_ID"] as const;

/** Time and user in their longer forms, towards the end of nearly every file. */
export const WHEN = ["TIMESTAMP_DERIVED", "USER_ID_DERIVED"] as const;

/** The first ten columns of most files. */
export const TRANSACTION = [...WHO, "RUN_TIME", "CPU_TIME", "URI", "SESSION_KEY", "LOGIN_KEY"] as const;

/** Follow TRANSACTION in the files of requests. */
export const REQUEST = ["USER_TYPE", "REQUEST_STATUS", "DB_TOTAL_TIME"] as const;

/** Before ENDING in the types that an AI agent may cause. */
export const AI_AGENT = ["BOT_ID", "BOT_SESSION_ID", "PLANNER_ID"] as const;

/** The last columns of most files. */
export const ENDING = [...WHEN, "CLIENT_IP", "URI_ID_DERIVED"] as const;
