/** The traffic that previews and their tests look at: two orgs, some days, and an incident of each kind. */
import { DAY_MS, HOUR_MS } from "../../deploy/docker/mock_org/datetime.ts";
import type { TrafficSpec } from "../../deploy/docker/mock_org/traffic/plan.ts";
import type { TimeRange } from "./time_range.ts";

const DAYS = 2;

/** Rows a day of each event type in the production org; the sandbox has a tenth. */
const ROWS_PER_DAY: Readonly<Record<string, number>> = {
  Login: 2_500,
  LoginAs: 20,
  Logout: 600,
  SalesforceLoginAs: 4,
  ApexExecution: 3_000,
  ApexCallout: 500,
  ApexRestApi: 300,
  ApexSoap: 60,
  ApexTrigger: 1_200,
  ApexUnexpectedException: 60,
  ConcurrentLongRunningApexLimit: 12,
  QueuedExecution: 200,
  ContinuationCalloutSummary: 60,
  ExternalCustomApexCallout: 60,
  API: 300,
  RestApi: 2_500,
  ApiTotalUsage: 4_000,
  BulkApi: 60,
  BulkApiRequest: 60,
  BulkApi2: 80,
  CompositeApi: 100,
  MetadataApiOperation: 20,
  ReportExport: 40,
  Report: 600,
  ContentTransfer: 300,
  ContentDistribution: 30,
  DocumentAttachmentDownloads: 40,
};

/** Records a day of the sandbox, which collects logins from objects. */
const RECORDS_PER_DAY: Readonly<Record<string, number>> = { LoginEvent: 200, LogoutEvent: 60, LoginAsEvent: 4 };
const SETUP_CHANGES_PER_DAY = 60;
/** Records a day that only a person's view has: nobody counts them. */
const REAL_TIME = {
  BulkApiResultEventStore: 12,
  SessionHijackingEventStore: 1,
  ReportAnomalyEventStore: 2,
  ApiAnomalyEventStore: 2,
};

export interface DemoTraffic {
  /** When the traffic begins. */
  readonly start: number;
  /** What is looked at. */
  readonly time: TimeRange;
  readonly production: TrafficSpec;
  readonly sandbox: TrafficSpec;
}

/** Traffic of the last two days of which daily files exist at `now`, milliseconds since the epoch. Pure. */
export function wholeDays(now: number): DemoTraffic {
  // A day's file is made 27 hours after the day's start.
  const to = now - ((now - 27 * HOUR_MS) % DAY_MS) - 3 * HOUR_MS;
  return trafficOf(DAYS, to, { from: to - DAYS * DAY_MS, to: to - 1 }, to - DAY_MS);
}

/**
 * Traffic as a person sees it at `now` who looks at yesterday, the day of the incidents, and today; and of two days before, which
 * they are compared with. Pure.
 */
export function untilNow(now: number): DemoTraffic {
  const yesterday = now - (now % DAY_MS) - DAY_MS;
  const { production, ...traffic } = trafficOf(3, now, { from: yesterday, to: now }, yesterday);
  return { ...traffic, production: { ...production, recordsPerDay: { ...production.recordsPerDay, ...REAL_TIME } } };
}

function trafficOf(days: number, until: number, time: TimeRange, incidentDay: number): DemoTraffic {
  const at = (hour: number) => new Date(incidentDay + hour * HOUR_MS).toISOString();
  const common = { days, until: new Date(until).toISOString() };
  const tenth = Object.entries(ROWS_PER_DAY).map(([type, rows]) => [type, Math.ceil(rows / 10)] as const);
  return {
    start: until - (until % DAY_MS) - days * DAY_MS,
    time,
    production: {
      ...common,
      rowsPerDay: ROWS_PER_DAY,
      recordsPerDay: { SetupAuditTrail: SETUP_CHANGES_PER_DAY },
      lacking: 0.02,
      incidents: [
        { kind: "apiExport", at: at(3) },
        { kind: "appTheft", at: at(5) },
        { kind: "calloutOutage", at: at(9) },
        { kind: "limitRefusals", at: at(10) },
        { kind: "exceptionSurge", at: at(11) },
        { kind: "oldClient", at: at(12) },
        { kind: "passwordSpraying", at: at(14) },
        { kind: "massExport", at: at(19) },
        { kind: "adminImpersonation", at: at(20) },
        { kind: "firstExport", at: at(22) },
      ],
    },
    sandbox: {
      ...common,
      rowsPerDay: Object.fromEntries(tenth),
      recordsPerDay: { ...RECORDS_PER_DAY, SetupAuditTrail: SETUP_CHANGES_PER_DAY },
      seed: "sandbox",
    },
  };
}
