import { RunnerError } from "../core/errors.ts";
import type { OrgClient } from "./org_client.ts";
import { queryPages, type SObjectRecord } from "./query_pages.ts";
import { soqlText } from "./soql.ts";

/** What an id is of, and with that where its name is asked for. */
export type NamedKind = "user" | "app";

/** What Salesforce says of a record; what is not readable, or was not asked for, is left out. */
export interface RecordName {
  /** Of a user the username. */
  readonly name: string;
  readonly fullName?: string;
  readonly email?: string;
  readonly profile?: string;
  readonly role?: string;
}

/** Ids of one query: with their quotes they take a third of what an address may have. */
export const IDS_A_QUERY = 200;

/** Characters; a username has at most 80, everything else at most 255 (Object Reference, User). */
const LONGEST_NAME = 255;

const OBJECTS = { user: "User", app: "ConnectedApplication" } as const;
const COLUMNS = { user: ["Id", "Username"], app: ["Id", "Name"] } as const;
const ALL_COLUMNS = { user: [...COLUMNS.user, "Name", "Email", "Profile.Name", "UserRole.Name"], app: COLUMNS.app };

/**
 * The names of up to IDS_A_QUERY ids of one kind; ids for which Salesforce shows nothing are left out. With `everything` also a user's
 * full name, e-mail address, profile and role, as far as they are readable. One API call, or two where they are not.
 */
export async function queryNames(
  client: OrgClient,
  kind: NamedKind,
  ids: readonly string[],
  everything: boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, RecordName>> {
  const ask = async (columns: readonly string[]) => {
    const object = OBJECTS[kind];
    const soql = `SELECT ${columns.join(", ")} FROM ${object} WHERE Id IN (${ids.map(soqlText).join(",")})`;
    const names = new Map<string, RecordName>();
    for await (const page of queryPages(client, soql, `names of ${object}`, signal)) {
      for (const record of page) {
        const name = nameOf(kind, record);
        if (name !== undefined && typeof record.Id === "string" && ids.includes(record.Id)) {
          names.set(record.Id, name);
        }
      }
      if (names.size === ids.length) {
        break;
      }
    }
    return names;
  };
  try {
    return await ask(everything ? ALL_COLUMNS[kind] : COLUMNS[kind]);
  } catch (error) {
    if (everything && kind === "user" && error instanceof RunnerError && error.code === "column_unknown") {
      return await ask(COLUMNS.user);
    }
    throw error;
  }
}

function nameOf(kind: NamedKind, record: SObjectRecord): RecordName | undefined {
  const name = textOf(kind === "user" ? record.Username : record.Name);
  if (name === undefined || kind === "app") {
    return name === undefined ? undefined : { name };
  }
  const more = {
    fullName: textOf(record.Name),
    email: textOf(record.Email),
    profile: nameIn(record.Profile),
    role: nameIn(record.UserRole),
  };
  return { name, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)) };
}

function nameIn(related: unknown): string | undefined {
  return textOf(((related ?? {}) as { readonly Name?: unknown }).Name);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_NAME ? value : undefined;
}
