/** The hosts that share the orgs, in one document: each writes its own sign of life into it. All functions are pure. */
import { type Host, membersOf, readText } from "./lease.ts";

/** The id of the document. */
export const MEMBERS_ID = "members";

export interface Member extends Host {
  /** A number that changes with each sign of life. */
  readonly beat: number;
  /** Orgs of others that it is to have, so that each has its share. */
  readonly asks: readonly string[];
  /** It gives up what it has, and is to have nothing more. */
  readonly isLeaving: boolean;
}

export type Members = ReadonlyMap<string, Member>;

/** Hosts that the document may hold; nobody runs nearly as many. */
export const MOST_MEMBERS = 100;
/** Orgs that a host asks for at once. */
export const MOST_ASKED = 100;
const LONGEST_ORG = 512;

/** By their ids. What can't be a member is left out. */
export function readMembers(value: unknown): Members {
  const members = Object.entries(membersOf(membersOf(value).hosts)).flatMap(([id, entry]): Member[] => {
    const { name, beat, asks, leaving } = membersOf(entry);
    const isMember = readText(id) !== undefined && Number.isSafeInteger(beat);
    return isMember
      ? [{ id, name: readText(name) ?? id, beat: Number(beat), asks: readAsks(asks), isLeaving: leaving === true }]
      : [];
  });
  return new Map(members.slice(0, MOST_MEMBERS).map((member) => [member.id, member]));
}

export function membersDocument(members: Iterable<Member>): object {
  const entries = [...members].map(({ id, name, beat, asks, isLeaving }) => {
    return [id, { name, beat, asks, ...(isLeaving ? { leaving: true } : {}) }] as const;
  });
  return { hosts: Object.fromEntries(entries) };
}

function readAsks(value: unknown): string[] {
  const asks: readonly unknown[] = Array.isArray(value) ? value : [];
  return asks.slice(0, MOST_ASKED).filter((org) => typeof org === "string" && org.length <= LONGEST_ORG) as string[];
}
