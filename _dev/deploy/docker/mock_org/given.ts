import { createPublicKey } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Fault } from "./faults.ts";
import { folderFiles, type SkippedFile } from "./files_folder.ts";
import { addLogFile, knownFile, type LogFileSpec, type LogFileSummary, summary } from "./log_file_spec.ts";
import type { App, Counters, OrgSettings, OrgState, ReceivedRequest, User } from "./org_state.ts";
import type { BreakSpec, ChannelSettings, PublishedEvent, PublishOptions, PubSubAccount } from "./pub_sub/pub_sub.ts";
import type { PubSubServer } from "./pub_sub/server.ts";
import { addRecords, knownSObject } from "./record_spec.ts";
import { to15 } from "./salesforce_id.ts";
import { type FieldType, PERMISSIONS, type SObjectRecord } from "./sobject.ts";
import { field, unfiltered } from "./sobject_definitions.ts";
import type { TrafficSpec } from "./traffic/plan.ts";
import { type AddedTraffic, addTraffic } from "./traffic_spec.ts";

export type UserSpec = Partial<Omit<User, "id">> & { readonly username: string };
export interface FieldSpec {
  readonly name: string;
  readonly type?: FieldType;
  readonly length?: number;
}
export type AppSpec = Partial<App> & { readonly clientId: string };

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
  /**
   * Puts a new file in the place of an old one, as Salesforce does with late daily files: with a new id and, by default, the present
   * time as CreatedDate.
   */
  replacedLogFile(id: string, spec: Omit<LogFileSpec, "eventType" | "logDate" | "interval">): Promise<LogFileSummary>;
  /** Removes a file: queries no longer list it, downloads answer 404. */
  deletedLogFile(id: string): Promise<void>;
  /** Adds a daily file for each CSV file of a folder. */
  folder(directory: string): Promise<{ files: LogFileSummary[]; skipped: readonly SkippedFile[] }>;
  /** Adds a field to an object, as a release of Salesforce does: it can be read, but neither filtered nor sorted on. */
  field(sObject: string, spec: FieldSpec): Promise<void>;
  /** Adds records of an object whose records are events. Datetimes are ISO texts; a missing Id or EventIdentifier is made up. */
  records(sObject: string, records: readonly SObjectRecord[]): Promise<number>;
  /** Adds event log files and records of believable traffic. */
  traffic(spec: TrafficSpec): Promise<AddedTraffic>;
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
  /**
   * Publishes events on a channel such as `LoginEventStream`, and stores them in its object. Datetimes are ISO texts; EventIdentifier,
   * EventDate and what every event has are made up where they are missing.
   */
  published(channel: string, events: readonly SObjectRecord[], options?: PublishOptions): Promise<PublishedEvent[]>;
  /** From now on publishes so many believable events a minute on each channel; with {} no more. */
  pushed(perMinute: Readonly<Record<string, number>>): Promise<void>;
  /** Throws the switches of Event Manager: what is not streamed does not reach subscribers, what is not stored no query. */
  channel(name: string, settings: Partial<ChannelSettings>): Promise<ChannelSettings>;
  /** As a move of the org: the channel's kept events are gone, and every replay id of before is refused. */
  resetChannel(name: string): Promise<void>;
  /** Breaks streams or connections of the Pub/Sub API now; answers how many. */
  broken(spec: BreakSpec): Promise<number>;
  /** What has been asked of the Pub/Sub API and sent by it. */
  pubSub(): Promise<PubSubAccount>;
}

/** The builder over an org in this process, and its Pub/Sub API if it has one. */
export function givenOf(org: OrgState, pubSub: () => PubSubServer | undefined): Given {
  const server = (): PubSubServer => {
    const running = pubSub();
    if (running === undefined) {
      throw new Error("this org was started without a Pub/Sub API");
    }
    return running;
  };

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
        permissions: PERMISSIONS,
        hiddenFields: [],
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
      checkCertificate(app.certificate);
      org.apps.set(app.clientId, app);
      return app;
    },
    certificate: async (clientId, pem) => {
      const app = org.apps.get(clientId);
      if (app === undefined) {
        throw new Error(`no app ${clientId}`);
      }
      checkCertificate(pem);
      org.apps.set(clientId, { ...app, certificate: pem });
    },
    org: async (settings) => {
      const unknown = Object.keys(settings).filter((name) => !(name in org.settings));
      if (unknown.length > 0) {
        throw new Error(`an org has no setting ${unknown.join(", ")}`);
      }
      Object.assign(org.settings, settings);
      pubSub()?.bus.tick();
      return org.settings;
    },
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
    field: async (sObject, { name, type = "string", length }) => {
      const { name: object } = knownSObject(org, sObject);
      const traits = { ...unfiltered, ...(length === undefined ? {} : { length }) };
      org.addedFields.set(object, [...(org.addedFields.get(object) ?? []), field(name, type, traits)]);
    },
    records: async (sObject, records) => addRecords(org, sObject, records),
    traffic: async (spec) => addTraffic(org, spec),
    fault: async (fault) => org.faults.add(fault),
    noFault: async (id) => org.faults.remove(id),
    killedTokens: async () => org.tokens.kill(),
    requests: async () => [...org.requests],
    forgottenRequests: async () => org.forgetRequests(),
    counters: async () => ({ ...org.counters }),
    logFiles: async () => [...org.logFiles.values()].map(summary),
    published: async (channel, events, options) => server().bus.publish(channel, events, options),
    pushed: async (perMinute) => server().pushing.start(perMinute),
    channel: async (name, settings) => server().bus.changeSettings(name, settings),
    resetChannel: async (name) => server().bus.resetLog(name),
    broken: async (spec) => server().break(spec),
    pubSub: async () => server().account(),
  };
}

/** Salesforce takes RSA certificates only. */
function checkCertificate(pem: string): void {
  const { asymmetricKeyType } = createPublicKey(pem);
  if (asymmetricKeyType !== "rsa") {
    throw new Error(`an app needs an RSA certificate, not ${asymmetricKeyType}`);
  }
}
