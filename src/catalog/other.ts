import { type Column, type Columns, type Home, type LogFileType, logFileTypesOf, objectReference } from "./column.ts";
import { requestColumns, USUAL_FIELDS } from "./request_columns.ts";
import { REST_COLUMNS } from "./rest_columns.ts";

const STREAM = "other";

/** What many types have in common; each further column goes to `unmapped`, by its name. */
const OTHER_HOME: Home = {
  name: "other",
  stream: STREAM,
  description: "Events of types that no other data stream is about.",
  fieldAliases: {},
  columns: {
    ...requestColumns(USUAL_FIELDS),
    DB_BLOCKS: REST_COLUMNS.DB_BLOCKS as Column,
    DB_CPU_TIME: REST_COLUMNS.DB_CPU_TIME as Column,
    EXEC_TIME: {
      field: "exec_time",
      kind: "milliseconds",
      description: "Time that the event itself took, within its request.",
    },
    DURATION: {
      field: "duration",
      kind: "milliseconds",
      description: "Time that the page or the interaction took.",
    },
    EXCEPTION_MESSAGE: {
      field: "exception_message",
      ecs: "error.message",
      kind: "text",
      description: "Why the request failed.",
    },
  },
};

/** Columns that a type has in another form than the others of this stream, by the type. */
export const OTHER_VARIANTS: Readonly<Record<string, Columns>> = {
  InvocableAction: {
    DURATION: {
      field: "action_duration",
      ecs: "event.duration",
      kind: "nanoseconds",
      description: "Time that the action of an InvocableAction took.",
    },
  },
};

/** Stands for every event type that has no place of its own in the catalogue. Its name is the pattern of all their names. */
export const OTHER_TYPES: LogFileType = logFileTypesOf(OTHER_HOME)({
  name: "*",
  onlyByName: true,
  tells: "Each event of any further type that the org has files of, such as LightningInteraction or FlowExecution.",
  page: objectReference("eventlogfile_supportedeventtypes"),
  columns: [],
});
