/** A kind of source that no org has: bells. It is what a new room of `src/sources/` holds, in one file. */
import { z } from "zod";
import { EventBytes } from "../../../src/core/event_bytes.ts";
import { ok } from "../../../src/core/finding.ts";
import { duration, flag, setting, textList } from "../../../src/core/setting_kinds.ts";
import { Envelope } from "../../../src/sources/envelope.ts";
import { recordIdentity } from "../../../src/sources/event_identity.ts";
import type { Meanings, Tell } from "../../../src/sources/fact.ts";
import type { KindSettings, KnownType, SourceKind } from "../../../src/sources/kind.ts";

type BellFact = { readonly fact: "bell_rung"; readonly bell: string; readonly times: number };

const BELL_FACTS: Meanings<BellFact> = {
  bell_rung: {
    line: ({ bell, times }) => ({ level: "info", message: `${bell} has rung ${times} times.` }),
    report: (report, { times }) => ({ ...report, rowsRejected: report.rowsRejected + times }),
    work: ({ times }) => ({ rows: times }),
    event: {
      code: "bell_rung",
      of: ({ bell }, { stream, now }) => ({ identity: [stream, bell, now], values: { event_type: bell } }),
    },
  },
};

interface BellSettings extends KindSettings {
  readonly loudness: "low" | "high";
  readonly pollInterval: number;
}

const SETTINGS = z.strictObject({
  enabled: setting("flag", flag.prefault(false), "Collect bells", "Hears the bells.", { shown: true }),
  bells: setting("list", textList.prefault([]), "Bells", "The bells to hear."),
  loudness: setting("choice", z.enum(["low", "high"]).prefault("low"), "Loudness", "How loud it must be."),
  poll_interval: setting("duration", duration(1_000).prefault("3m"), "Poll interval of bells", "How often to listen."),
});

const failure = { attempts: 2, retryAt: Date.UTC(2026, 6, 21), code: "server_error", text: "It is cracked." } as const;
const types: readonly KnownType[] = [
  { name: "Big", stream: "login" },
  { name: "Small", stream: "login", onlyByName: true },
];

export const BELLS: SourceKind<BellSettings> = {
  group: "bells",
  title: "bells",
  settings: { beside: SETTINGS, alone: SETTINGS },
  list: "bells",
  types,
  facts: BELL_FACTS,
  sources: ({ names, pollInterval, loudness }, { context }) =>
    names.map((bell) => ({
      part: bell,
      interval: pollInterval,
      open: ({ id, client, tell }) => ({
        id,
        async *read(from, signal) {
          const { organizationId, instanceUrl } = await client.identity(signal);
          const organization = { id: organizationId, name: context.organizationName };
          const envelope = new Envelope(
            { ...context, organization, instanceUrl },
            { code: bell, provider: "Bell", collection: { primary: true } },
          );
          const rung = Number(from.get("rung") ?? 0) + 1;
          const identity = recordIdentity(organizationId, bell, String(rung));
          const document = new EventBytes();
          const idAt = envelope.open(document, { id: identity, time: Date.parse("2026-07-20T11:00:00.000Z") });
          document.text(`"login":{"application":"${loudness}"},`);
          envelope.close(document, {});
          (tell as Tell<BellFact>)({ fact: "bell_rung", bell, times: rung });
          yield {
            events: [document.event("logs-aquila_salesforce.login-default", 0, idAt)],
            whenDelivered: {
              changes: [
                { key: "organization", value: organizationId },
                { key: "rung", value: rung },
              ],
            },
          };
          return undefined;
        },
      }),
    })),
  nameOf: (part = "") => `the bell ${part}`,
  position: (entries) => ({
    until: Date.UTC(2026, 6, 20),
    details: { rung: entries.get("rung") },
    lines: [`rung ${entries.get("rung")} times`],
  }),
  failed: (entries, part = "") =>
    entries.has("mended") ? [] : [{ id: `${part}-crack`, name: `The crack of ${part}`, failure }],
  retry: (_, part, id) => (id === `${part}-crack` ? [{ key: "mended", value: true }] : []),
  check: async (streams, { client, signal }) => {
    const { organizationId } = await client.identity(signal);
    const heard = streams.flatMap(({ settings }) => settings.names).join(", ");
    return { findings: [ok("bells", `${heard} of ${organizationId} can be heard.`)], found: 3 };
  },
  callsADay: ({ names }, found) => names.length * (found === undefined ? 100 : Number(found)),
};
