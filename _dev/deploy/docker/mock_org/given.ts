import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Body, textBody } from "./answer.ts";
import { apiDatetime, DAY_MS, HOUR_MS } from "./datetime.ts";
import type { Fault } from "./faults.ts";
import { firstRecords, folderFiles, type SkippedFile } from "./files_folder.ts";
import { csvBody, diskBody, fieldTypesOf, type Interval, type LogFile } from "./log_file.ts";
import type { App, Counters, OrgSettings, OrgState, ReceivedRequest, User } from "./org_state.ts";
import { to15 } from "./salesforce_id.ts";
import { fieldOf, type Permission, type SObjectRecord, visibleSObject } from "./sobjects.ts";

export type UserSpec = Partial<Omit<User, "id">> & { readonly username: string };
export type AppSpec = Partial<App> & { readonly clientId: string };

/** A file to be. Times are ISO texts. Give the body as `rows`, as `csv` or as the `path` of a file on disk. */
export interface LogFileSpec {
  readonly eventType: string;
  readonly logDate: string;
  /** `Daily` by default. */
  readonly interval?: Interval;
  /** By default 0 for a daily file, and one more than the newest of that hour and type for an hourly one. */
  readonly sequence?: number;
  /** By default 27 hours after a day's start and 4 hours after an hour's, but not later than now. A later time hides the file until then. */
  readonly createdDate?: string;
  readonly header?: readonly string[];
  readonly rows?: readonly Readonly<Record<string, string>>[];
  readonly csv?: string;
  readonly path?: string;
  /** LogFileLength where it is to differ from the body's length. */
  readonly length?: number;
  /** Listed, but its download answers 404. */
  readonly gone?: boolean;
}

export interface LogFileSummary {
  readonly id: string;
  readonly eventType: string;
  readonly interval: Interval;
  readonly sequence: number;
  readonly logDate: string;
  readonly createdDate: string;
  /** LogFileLength in bytes. */
  readonly length: number;
}

/**
 * Builds the org that a test or a demo needs. The same verbs work in the org's own process and over HTTP from another one, so arguments
 * and results are plain JSON.
 */
export interface Given {
  /** Adds a user, or changes the one of that username. A new user is active and has every permission. */
  user(spec: UserSpec): Promise<User>;
  /** Adds an app, or changes the one of that client id. A new app is installed, pre-authorized for everyone and needs a certificate. */
  app(spec: AppSpec): Promise<App>;
  /** Replaces the certificate (or public key, PEM) of an app. */
  certificate(clientId: string, pem: string): Promise<void>;
  /** Changes settings of the org itself, from now on. */
  org(settings: Partial<OrgSettings>): Promise<OrgSettings>;
  logFile(spec: LogFileSpec): Promise<LogFileSummary>;
  /** Puts a new file with a new id and, by default, the present time as CreatedDate in the place of an old one, as Salesforce does with late daily files. */
  replacedLogFile(id: string, spec: Omit<LogFileSpec, "eventType" | "logDate" | "interval">): Promise<LogFileSummary>;
  /** Removes a file: queries no longer list it, downloads answer 404. */
  deletedLogFile(id: string): Promise<void>;
  /** Adds a daily file for each CSV file of a folder. */
  folder(directory: string): Promise<{ files: LogFileSummary[]; skipped: readonly SkippedFile[] }>;
  /** Adds records of a big object or LoginHistory. Datetimes are ISO texts; a missing Id or EventIdentifier is made up. */
  records(sObject: string, records: readonly SObjectRecord[]): Promise<number>;
  /** Disturbs requests from now on; answers the fault's id. */
  fault(fault: Fault): Promise<string>;
  /** Withdraws one fault, or all. */
  noFault(id?: string): Promise<void>;
  /** Ends every session; answers how many there were. */
  killedTokens(): Promise<number>;
  /** The requests received, oldest first. */
  requests(): Promise<readonly ReceivedRequest[]>;
  forgottenRequests(): Promise<void>;
  counters(): Promise<Counters>;
  logFiles(): Promise<LogFileSummary[]>;
}

const ALL_PERMISSIONS: readonly Permission[] = [
  "ApiEnabled",
  "ViewEventLogFiles",
  "ViewRealTimeEventMonitoringData",
  "ManageUsers",
  "ViewAllUsers",
];

/** The builder over an org in this process. */
export function givenOf(org: OrgState): Given {
  return {
    user: async (spec) => {
      const key = spec.username.toLowerCase();
      const known = org.users.get(key) ?? {
        id: org.newId("005"),
        username: spec.username,
        name: spec.username.split("@")[0] ?? spec.username,
        active: true,
        frozen: false,
        ipRestricted: false,
        permissions: ALL_PERMISSIONS,
      };
      const user: User = { ...known, ...spec };
      org.users.set(key, user);
      return user;
    },
    app: async (spec) => {
      const known = org.apps.get(spec.clientId) ?? {
        clientId: spec.clientId,
        kind: "external",
        certificate: "",
        installed: true,
        permittedUsers: "adminApproved",
        approvedUsers: ["*"],
        jwtAccessTokens: false,
      };
      const app: App = { ...known, ...spec };
      org.apps.set(app.clientId, app);
      return app;
    },
    certificate: async (clientId, pem) => {
      const app = org.apps.get(clientId);
      if (app === undefined) {
        throw new Error(`no app ${clientId}`);
      }
      org.apps.set(clientId, { ...app, certificate: pem });
    },
    org: async (settings) => Object.assign(org.settings, settings),
    logFile: async (spec) => addLogFile(org, spec),
    replacedLogFile: async (id, spec) => {
      const old = knownFile(org, id);
      org.logFiles.delete(to15(id));
      const { eventType, interval, sequence } = old;
      const logDate = new Date(old.logDate).toISOString();
      const createdDate = new Date(org.now()).toISOString();
      return addLogFile(org, { eventType, interval, sequence, logDate, createdDate, ...spec });
    },
    deletedLogFile: async (id) => {
      org.logFiles.delete(to15(knownFile(org, id).id));
    },
    folder: async (directory) => {
      const paths = readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(directory, entry.name));
      const { files, skipped } = folderFiles(paths.sort());
      return { files: files.map((spec) => addLogFile(org, spec)), skipped };
    },
    records: async (sObject, records) => addRecords(org, sObject, records),
    fault: async (fault) => org.faults.add(fault),
    noFault: async (id) => org.faults.remove(id),
    killedTokens: async () => org.tokens.kill(),
    requests: async () => [...org.requests],
    forgottenRequests: async () => org.forgetRequests(),
    counters: async () => ({ ...org.counters }),
    logFiles: async () => [...org.logFiles.values()].map(summary),
  };
}

function knownFile(org: OrgState, id: string): LogFile {
  const file = org.logFiles.get(to15(id));
  if (file === undefined) {
    throw new Error(`no event log file ${id}`);
  }
  return file;
}

function addLogFile(org: OrgState, spec: LogFileSpec): LogFileSummary {
  const interval = spec.interval ?? "Daily";
  const logDate = instant(spec.logDate);
  const { body, fieldNames } = bodyOf(spec);
  return keepLogFile(org, {
    eventType: spec.eventType,
    interval,
    sequence: spec.sequence ?? (interval === "Daily" ? 0 : nextSequence(org, spec.eventType, logDate)),
    logDate,
    createdDate:
      spec.createdDate === undefined
        ? Math.min(usualCreation(interval, logDate), org.now())
        : instant(spec.createdDate),
    fieldNames,
    fieldTypes: fieldTypesOf(fieldNames),
    length: spec.length ?? body.length,
    body,
    gone: spec.gone ?? false,
  });
}

/** Adds a file under a new id. */
export function keepLogFile(org: OrgState, file: Omit<LogFile, "id">): LogFileSummary {
  const kept = { ...file, id: org.newId("0AT") };
  org.logFiles.set(to15(kept.id), kept);
  return summary(kept);
}

/** When Salesforce makes a file: the day's early on the next day, the hour's a few hours later. */
export function usualCreation(interval: Interval, logDate: number): number {
  return interval === "Daily" ? logDate + DAY_MS + 3 * HOUR_MS : logDate + 4 * HOUR_MS;
}

function nextSequence(org: OrgState, eventType: string, logDate: number): number {
  const same = [...org.logFiles.values()].filter(
    (file) => file.interval === "Hourly" && file.eventType === eventType && file.logDate === logDate,
  );
  return Math.max(0, ...same.map((file) => file.sequence)) + 1;
}

function bodyOf(spec: LogFileSpec): { body: Body; fieldNames: readonly string[] } {
  if (spec.path !== undefined) {
    const fieldNames = spec.header ?? firstRecords(spec.path)[0] ?? [];
    return { body: diskBody(spec.path), fieldNames };
  }
  if (spec.csv !== undefined) {
    const firstLine = spec.csv.slice(0, spec.csv.indexOf("\n"));
    const fieldNames = spec.header ?? firstLine.split(",").map((cell) => cell.replace(/^\uFEFF?"?|"?\r?$/g, ""));
    return { body: textBody(spec.csv), fieldNames };
  }
  const rows = spec.rows ?? [];
  const fieldNames = spec.header ?? Object.keys(rows[0] ?? { EVENT_TYPE: "", TIMESTAMP: "" });
  return { body: csvBody(fieldNames, rows), fieldNames };
}

function summary(file: LogFile): LogFileSummary {
  const { id, eventType, interval, sequence, length } = file;
  const [logDate, createdDate] = [new Date(file.logDate).toISOString(), new Date(file.createdDate).toISOString()];
  return { id, eventType, interval, sequence, logDate, createdDate, length };
}

function addRecords(org: OrgState, sObject: string, records: readonly SObjectRecord[]): number {
  const type = visibleSObject(sObject, { hourlyFiles: true, permissions: new Set(ALL_PERMISSIONS) });
  if (type === undefined) {
    throw new Error(`this org knows no object ${sObject}`);
  }
  const kept = org.records.get(type.name) ?? [];
  for (const record of records) {
    const full: Record<string, SObjectRecord[string]> = {};
    if (fieldOf(type, "Id") !== undefined) {
      full.Id = org.newId(type.keyPrefix);
    }
    if (fieldOf(type, "EventIdentifier") !== undefined) {
      full.EventIdentifier = eventIdentifier(org.newId("0Ev"));
    }
    for (const [name, value] of Object.entries(record)) {
      const column = fieldOf(type, name);
      if (column === undefined) {
        throw new Error(`${type.name} has no field ${name}`);
      }
      full[column.name] = column.type === "datetime" && typeof value === "string" ? apiDatetime(instant(value)) : value;
    }
    kept.push(full);
  }
  org.records.set(type.name, kept);
  return kept.length;
}

/** A text in the form of a UUID, different for each id. */
function eventIdentifier(id: string): string {
  const hex = Buffer.from(id.slice(-16).padStart(16, "0")).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

function instant(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) {
    throw new Error(`not an ISO time: ${text}`);
  }
  return ms;
}
