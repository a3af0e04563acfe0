import { API_HOME } from "./api.ts";
import { type Columns, type Home, type ObjectType, platformEventsGuide } from "./column.ts";
import { LOGIN_HOME } from "./login.ts";
import { EVENT_IDENTIFIER, POLICY, REAL_TIME, SOURCE_IP, sameAs, userName } from "./object_columns.ts";

const THREAT_HOME: Home = {
  name: "threat",
  stream: "threat",
  description: "Threats that Salesforce has detected.",
  columns: {},
  fieldAliases: { created_date: "@timestamp" },
};

const EVIDENCE: Columns = {
  SecurityEventData: {
    field: "evidence",
    kind: "evidence",
    description: "What the detection rests on, by the names of the features: value, contribution in per cent.",
  },
};

const USER_AGENT: Columns = {
  UserAgent: {
    field: "user_agent",
    ecs: "user_agent.original",
    kind: "long_keyword",
    description: "User-Agent header of the request.",
  },
};

const SAME_FOR_ALL: Columns = {
  EventIdentifier: EVENT_IDENTIFIER,
  EventDate: {
    field: "event_date",
    ecs: "event.start",
    kind: "timestamp",
    description: "When the detected activity took place; of some detections only the day.",
  },
  LoginKey: sameAs(API_HOME, "LOGIN_KEY"),
  SessionKey: sameAs(API_HOME, "SESSION_KEY"),
  SourceIp: SOURCE_IP,
  UserId: sameAs(API_HOME, "USER_ID_DERIVED"),
  Username: userName("user"),
  Score: {
    field: "score",
    ecs: "event.risk_score",
    kind: "double",
    description: "How unusual the activity is, as Salesforce rates it: up to 100 for reports, up to 1 for the others.",
  },
  Summary: {
    field: "summary",
    ecs: "message",
    kind: "text",
    description: "What was detected, in words.",
  },
  ...POLICY,
};

/**
 * A stored event of Threat Detection. Models report hours after the activity, so cursors follow the time at which Salesforce wrote
 * the record. The number that it gives each record names nothing outside of Setup's lists.
 */
function detection(of: { readonly name: string; readonly tells: string; readonly columns: Columns }): ObjectType {
  return {
    name: of.name,
    provider: "Object",
    stream: "threat",
    home: THREAT_HOME,
    free: false,
    mayBeAbsent: true,
    tells: of.tells,
    page: platformEventsGuide(of.name.toLowerCase()),
    ...REAL_TIME,
    storage: "standard object",
    timeColumn: "CreatedDate",
    topic: { name: of.name.replace(/Store$/, "") },
    columns: {
      ...SAME_FOR_ALL,
      [of.name.replace(/Store$/, "Number")]: {
        field: "number",
        kind: "keyword",
        description: "Number of the record in Salesforce's list of such threats.",
      },
      ...of.columns,
    },
  };
}

const screenOf = (which: "current" | "previous", whose: string): Columns => {
  const prefix = which === "current" ? "Current" : "Previous";
  return {
    [`${prefix}Ip`]: { field: `${which}.ip`, kind: "ip", description: `Address of ${whose}.` },
    [`${prefix}Platform`]: {
      field: `${which}.platform`,
      kind: "keyword",
      description: `Operating system of ${whose}.`,
    },
    [`${prefix}Screen`]: {
      field: `${which}.screen`,
      kind: "keyword",
      description: `Size of the screen of ${whose}, in pixels.`,
    },
    [`${prefix}UserAgent`]: {
      field: `${which}.user_agent`,
      ...(which === "current" ? { ecs: "user_agent.original" } : {}),
      kind: "long_keyword",
      description: `User-Agent header of ${whose}.`,
    },
    [`${prefix}Window`]: {
      field: `${which}.window`,
      kind: "keyword",
      description: `Size of the window of ${whose}, in pixels.`,
    },
  };
};

export const THREAT_TYPES: readonly ObjectType[] = [
  detection({
    name: "ApiAnomalyEventStore",
    tells: "A user's API calls are unlike that user's usual ones, as when somebody takes data out.",
    columns: {
      ...EVIDENCE,
      ...USER_AGENT,
      Operation: { field: "operation", kind: "keyword", description: "API call that was detected, such as Query." },
      QueriedEntities: {
        field: "queried_entities",
        kind: "set",
        description: "Names of the sObjects that were queried.",
      },
      RequestIdentifier: sameAs(API_HOME, "REQUEST_ID"),
      RowsProcessed: { field: "rows_processed", kind: "long", description: "Rows that the request dealt with." },
      Uri: sameAs(API_HOME, "URI"),
    },
  }),
  detection({
    name: "ReportAnomalyEventStore",
    tells: "A user runs or exports a report as that user does not usually.",
    columns: {
      ...EVIDENCE,
      Report: {
        field: "report_id",
        kind: "id",
        description: "Id of the report, 18 characters; none for one that was not saved.",
      },
    },
  }),
  detection({
    name: "LoginAnomalyEventStore",
    tells: "A user logs in as that user does not usually.",
    columns: EVIDENCE,
  }),
  detection({
    name: "GuestUserAnomalyEventStore",
    tells: "A site's guests, who did not log in, get at data as they do not usually.",
    columns: {
      ...EVIDENCE,
      ...USER_AGENT,
      RequestedEntities: {
        field: "queried_entities",
        kind: "set",
        description: "Names of the sObjects that were queried.",
      },
      SoqlCommands: { field: "soql_commands", kind: "text", description: "Queries that the guest had run, as SOQL." },
      TotalControllerEvents: {
        field: "controller_events",
        kind: "long",
        description: "Calls of Lightning controllers.",
      },
      UserType: sameAs(API_HOME, "USER_TYPE"),
    },
  }),
  detection({
    name: "CredentialStuffingEventStore",
    tells: "A login succeeded during an attack with stolen names and passwords.",
    columns: {
      ...USER_AGENT,
      AcceptLanguage: {
        field: "accept_language",
        kind: "keyword",
        description: "Languages that the client asked for, as the header Accept-Language has them.",
      },
      LoginType: { field: "login_type", kind: "keyword", description: "Kind of login." },
      LoginUrl: sameAs(LOGIN_HOME, "LOGIN_URL"),
    },
  }),
  detection({
    name: "SessionHijackingEventStore",
    tells: "A session goes on in another browser than it began in, as with a stolen session id.",
    columns: {
      ...EVIDENCE,
      ...screenOf("current", "the browser that the session goes on in"),
      ...screenOf("previous", "the browser that the session was in before"),
    },
  }),
  detection({
    name: "UniversalAnomalyEventStore",
    tells:
      "A threat of any kind, in one form: those of the other objects again, and those that have no object of their own.",
    columns: {
      ...EVIDENCE,
      AnomalySubType: {
        field: "kind",
        kind: "keyword",
        description: "Kind of threat: ApiAnomaly, CredentialStuffing, MCPAnomaly, SessionHijacking and others.",
      },
    },
  }),
];
