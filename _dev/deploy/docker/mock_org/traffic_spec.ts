import { HOUR_MS } from "./datetime.ts";
import { instant } from "./instant.ts";
import { fieldTypesOf } from "./log_file.ts";
import { keepLogFile } from "./log_file_spec.ts";
import type { OrgState } from "./org_state.ts";
import { addRecords } from "./record_spec.ts";
import { generatedRecords } from "./traffic/object_records.ts";
import { plannedFiles, type TrafficSpec, timeOf } from "./traffic/plan.ts";
import type { World } from "./traffic/world.ts";

export interface AddedTraffic {
  readonly files: number;
  /** Rows of the daily and of the hourly files together. */
  readonly rows: number;
  /** Sum of LogFileLength, in bytes. */
  readonly bytes: number;
  readonly records: number;
  /** Rows of the daily files, and of the hourly ones, by event type: what a collector must end up with. */
  readonly dailyRows: Readonly<Record<string, number>>;
  readonly hourlyRows: Readonly<Record<string, number>>;
}

/** The users and connected apps that the traffic names by their ids. */
function addPeople(org: OrgState, { people, integrations }: World): void {
  const known = new Set((org.records.get("User") ?? []).map(({ Id }) => Id));
  const users = [...people, ...integrations].filter(({ id }) => !known.has(id));
  addRecords(
    org,
    "User",
    users.map(({ id, username, name, userType }, n) => ({
      Id: id,
      Username: username,
      Name: name,
      Email: username,
      IsActive: true,
      UserType: userType,
      "Profile.Name": n < 4 ? "System Administrator" : "Standard User",
      "UserRole.Name": null,
    })),
  );
  addRecords(
    org,
    "ConnectedApplication",
    integrations
      .filter(({ id }) => !known.has(id))
      .map(({ connectedAppId, clientName }) => ({ Id: connectedAppId, Name: clientName })),
  );
}

/** Fills the org with the files and records that a spec describes. A file without rows isn't made, as in Salesforce. */
export function addTraffic(org: OrgState, spec: TrafficSpec): AddedTraffic {
  const incidents = (spec.incidents ?? []).map(({ kind, at }) => ({ kind, at: instant(at) }));
  const traffic = org.traffic(spec.seed, incidents);
  const added = { files: 0, rows: 0, bytes: 0, records: 0 };
  const dailyRows: Record<string, number> = {};
  const hourlyRows: Record<string, number> = {};
  for (const planned of plannedFiles(spec, org.now(), org.settings.hourlyFiles)) {
    const { body, header, rows } = traffic.file(planned);
    if (rows === 0) {
      continue;
    }
    const { eventType, interval, sequence, logDate, madeAfterHours } = planned;
    const made = logDate + madeAfterHours * HOUR_MS;
    const createdDate = spec.madeByNow === true ? Math.min(made, org.now()) : made;
    const fieldTypes = fieldTypesOf(header);
    const { length } = body;
    keepLogFile(org, {
      eventType,
      interval,
      sequence,
      logDate,
      createdDate,
      fieldNames: header,
      fieldTypes,
      length,
      body,
      gone: false,
    });
    const rowsByType = interval === "Daily" ? dailyRows : hourlyRows;
    rowsByType[eventType] = (rowsByType[eventType] ?? 0) + rows;
    added.files++;
    added.rows += rows;
    added.bytes += length;
  }
  addPeople(org, traffic.world);
  const { from, until } = timeOf(spec, org.now());
  for (const [object, perDay] of Object.entries(spec.recordsPerDay ?? {})) {
    const count = Math.round((perDay * (until - from)) / (24 * HOUR_MS));
    addRecords(org, object, generatedRecords(object, count, from, until, traffic.world));
    added.records += count;
  }
  return { ...added, dailyRows, hourlyRows };
}
