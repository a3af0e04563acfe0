import type { Draws } from "./draws.ts";
import type { Integration, Person, World } from "./world.ts";

/** Cells by column name; a column left out gets its usual value (see template_bank.ts) or stays empty. */
export type Cells = Readonly<Record<string, string>>;

/** Who makes a request, and from where. */
export interface Actor {
  readonly person: Person;
  /** Set where the person is an integration user. */
  readonly integration: Integration | undefined;
  readonly ip: string;
  readonly sessionKey: string;
  readonly loginKey: string;
}

/** One type of event log file: its header, and how a believable row of it comes about. */
export interface EventType {
  readonly name: string;
  /** Types of one family share requests: the n-th request of an hour has the same id, time and actor in all of them. */
  readonly family: "login" | "apex" | "api" | "data" | "incident";
  readonly header: readonly string[];
  /** Rows that one request leaves behind. */
  readonly rowsPerRequest: number;
  /** Whether the acting user is an integration rather than a person. */
  readonly byIntegration: boolean;
  /** TIMESTAMP as `2026-07-17T09:22:41.123+0000` instead of `20260717092241.123`. */
  readonly isoTimestamp: boolean;
  row(draws: Draws, actor: Actor, world: World): Cells;
}

const TRANSACTION =
  "EVENT_TYPE TIMESTAMP REQUEST_ID ORGANIZATION_ID USER_ID RUN_TIME CPU_TIME URI SESSION_KEY LOGIN_KEY";
const USER = "USER_TYPE REQUEST_STATUS DB_TOTAL_TIME";
const BOT = "BOT_ID BOT_SESSION_ID PLANNER_ID";
const ENDING = "TIMESTAMP_DERIVED USER_ID_DERIVED CLIENT_IP URI_ID_DERIVED";

const GROUPS: Readonly<Record<string, string>> = { T: TRANSACTION, U: USER, B: BOT, E: ENDING };

/**
 * An event type whose header is written in short: `T`, `U`, `B` and `E` stand for the groups of columns that Salesforce repeats
 * (transaction, user, Agentforce bot, ending), other words for themselves.
 */
export function eventType(
  name: string,
  family: EventType["family"],
  header: string,
  row: EventType["row"],
  traits: Partial<Pick<EventType, "rowsPerRequest" | "byIntegration" | "isoTimestamp">> = {},
): EventType {
  const columns = header.split(" ").flatMap((word) => (GROUPS[word] ?? word).split(" "));
  return {
    name,
    family,
    header: columns,
    row,
    rowsPerRequest: 1,
    byIntegration: false,
    isoTimestamp: false,
    ...traits,
  };
}

/** Salesforce puts quotes inside the value of some columns, which a CSV writer doubles once more. */
export function quoted(text: string): string {
  return `"${text}"`;
}

/** Nanoseconds of database time that fit a run time in milliseconds. */
export function databaseNanos(draws: Draws, runTimeMs: number): string {
  return String(Math.floor(runTimeMs * 1_000_000 * (0.1 + draws.next() * 0.6)));
}

export function bit(value: boolean): string {
  return value ? "1" : "0";
}
