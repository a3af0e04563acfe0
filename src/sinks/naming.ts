import type { Clock } from "../core/clock.ts";
import type { NamedIds, SourceEvent } from "../core/event.ts";
import { EventBytes } from "../core/event_bytes.ts";
import type { NamedKind, RecordName } from "../org/name_query.ts";
import type { OrgNames, TellMissing } from "../org/org_names.ts";
import type { Sink } from "./sink.ts";

/** What of the names is known to the events of the same ids. */
interface Ending {
  /** In the place of the document's last two bytes. */
  readonly bytes: Buffer;
  /** Milliseconds since the epoch. */
  readonly goodUntil: number;
}

/**
 * A sink whose events get the names of the ids that they hold, before anything else is done with them: `user.name` and the like,
 * in the same place for all event types. An event whose names can't be had in time goes with its ids alone. The inner sink is
 * shared: `close` leaves it open.
 */
export function createNamingSink(inner: Sink, names: OrgNames, tell: TellMissing, clock: Clock): Sink {
  const endings = new WeakMap<NamedIds, Ending>();

  async function learn(unknown: ReadonlySet<NamedIds>, signal: AbortSignal): Promise<void> {
    await names.learn(byKind(unknown), tell, signal);
    for (const ids of unknown) {
      endings.set(ids, { bytes: endingOf(ids, names), goodUntil: names.goodUntil(idsOf(ids)) });
    }
  }

  return {
    async deliver(events, signal, sentBefore) {
      const now = clock.now();
      const unknown = new Set<NamedIds>();
      for (const { ids } of events) {
        if (ids !== undefined && !((endings.get(ids)?.goodUntil ?? 0) > now)) {
          unknown.add(ids);
        }
      }
      if (unknown.size > 0) {
        await learn(unknown, signal);
      }
      const named = events.map((event): SourceEvent => {
        const bytes = event.ids === undefined ? undefined : endings.get(event.ids)?.bytes;
        return bytes === undefined ? event : EventBytes.ending(event, bytes);
      });
      return await inner.deliver(named, signal, sentBefore);
    },
    async close() {},
  };
}

function idsOf({ user, effective, app }: NamedIds): readonly string[] {
  return [user, effective, app].filter((id) => id !== "");
}

function byKind(wanted: ReadonlySet<NamedIds>): ReadonlyMap<NamedKind, readonly string[]> {
  const users = new Set<string>();
  const apps = new Set<string>();
  for (const { user, effective, app } of wanted) {
    users.add(user).add(effective);
    apps.add(app);
  }
  users.delete("");
  apps.delete("");
  const kinds: readonly (readonly [NamedKind, ReadonlySet<string>])[] = [
    ["user", users],
    ["app", apps],
  ];
  return new Map(kinds.filter(([, ids]) => ids.size > 0).map(([kind, ids]) => [kind, [...ids]]));
}

/** The end of `salesforce` and of the document, with the names that are known; see SourceEvent. */
function endingOf({ user, effective, app }: NamedIds, names: OrgNames): Buffer {
  const [who, asWhom, connectedApp] = [user, effective, app].map((id) => names.nameOf(id));
  const inSalesforce = [
    connectedApp === undefined ? undefined : `"connected_app":{${member("name", connectedApp.name)}}`,
    who?.profile === undefined && who?.role === undefined
      ? undefined
      : `"user":{${members([
          ["profile", who.profile],
          ["role", who.role],
        ])}}`,
  ].filter((text) => text !== undefined);
  const inUser = [
    ...(who === undefined ? [] : [identityMembers(who)]),
    ...(asWhom === undefined ? [] : [`"effective":{${identityMembers(asWhom)}}`]),
  ];
  const salesforce = inSalesforce.map((text) => `,${text}`).join("");
  const userMember = inUser.length === 0 ? "" : `,"user":{${inUser.join(",")}}`;
  return Buffer.from(`${salesforce}}${userMember}}`);
}

function identityMembers({ name, fullName, email }: RecordName): string {
  return members([
    ["name", name],
    ["full_name", fullName],
    ["email", email],
  ]);
}

function members(values: readonly (readonly [string, string | undefined])[]): string {
  return values.flatMap(([name, value]) => (value === undefined ? [] : [member(name, value)])).join(",");
}

function member(name: string, value: string): string {
  return `"${name}":${JSON.stringify(value)}`;
}
