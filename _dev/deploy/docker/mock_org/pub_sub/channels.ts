import type { Field, Permission, SObject } from "../sobject.ts";

/** A channel of Real-Time Event Monitoring, and the object that stores the same events. */
export interface Channel {
  /** As `LoginEventStream`; the topic is `/event/LoginEventStream`. */
  readonly name: string;
  readonly storedIn: string;
  readonly permission: Permission;
  /** LogoutEventStream is in every org. */
  readonly needsEventMonitoring: boolean;
  /** Fields that only the store has, and only the stream. */
  readonly storeOnly: readonly string[];
  readonly streamOnly: readonly string[];
}

function channel(name: string, storedIn: string, traits: Partial<Channel> = {}): Channel {
  const shield = { permission: "ViewRealTimeEventMonitoringData", needsEventMonitoring: true } as const;
  return { name, storedIn, ...shield, storeOnly: [], streamOnly: [], ...traits };
}

/** What an event of Threat Detection has in its store alone. */
const RECORD_FIELDS = ["Id", "LastModifiedDate", "LastReferencedDate", "LastViewedDate", "SystemModstamp"];

function detection(name: string): Channel {
  return channel(name, `${name}Store`, { storeOnly: [...RECORD_FIELDS, `${name}Number`] });
}

/** Source: Platform Events guide, the pages of the streams; Real-Time Event Monitoring Data Streaming, Security guide. */
const CHANNELS: ReadonlyMap<string, Channel> = new Map(
  [
    channel("LoginEventStream", "LoginEvent", {
      storeOnly: ["AuthContextClassRef", "HttpReferer"],
      streamOnly: ["RemoteIdentifier"],
    }),
    channel("LogoutEventStream", "LogoutEvent", {
      permission: "CustomizeApplication",
      needsEventMonitoring: false,
    }),
    channel("LoginAsEventStream", "LoginAsEvent"),
    channel("ApiEventStream", "ApiEvent", { streamOnly: ["ActionName", "OperationStatus"] }),
    channel("BulkApiResultEvent", "BulkApiResultEventStore"),
    channel("FileEvent", "FileEventStore"),
    channel("LightningUriEventStream", "LightningUriEvent"),
    channel("ListViewEventStream", "ListViewEvent"),
    channel("PermissionSetEvent", "PermissionSetEventStore"),
    channel("ReportEventStream", "ReportEvent"),
    channel("UriEventStream", "UriEvent"),
    detection("ApiAnomalyEvent"),
    detection("CredentialStuffingEvent"),
    detection("GuestUserAnomalyEvent"),
    detection("LoginAnomalyEvent"),
    detection("ReportAnomalyEvent"),
    detection("SessionHijackingEvent"),
    detection("UniversalAnomalyEvent"),
  ].map((each) => [each.name, each]),
);

export function knownChannel(name: string): Channel {
  const channel = CHANNELS.get(name);
  if (channel === undefined) {
    throw new Error(`no channel ${name}; there are: ${[...CHANNELS.keys()].join(", ")}`);
  }
  return channel;
}

/** Topic names are case-sensitive. */
export function channelOfTopic(topic: string): Channel | undefined {
  return CHANNELS.get(/^\/event\/(\w+)$/.exec(topic)?.[1] ?? "");
}

const AVRO_TYPES: Partial<Record<Field["type"], string>> = {
  datetime: "long",
  double: "double",
  int: "int",
  boolean: "boolean",
};

/** The channel's Avro schema over its object as it is now: what every event must have, then nullable fields by name. Pure. */
export function avroSchema({ name, storeOnly, streamOnly }: Channel, stored: SObject): object {
  const own = stored.fields
    .filter((field) => field.name !== "CreatedDate" && !storeOnly.includes(field.name))
    .map((field) => ({ name: field.name, type: AVRO_TYPES[field.type] ?? "string", salesforce: field.type }));
  const added = streamOnly.map((field) => ({ name: field, type: "string", salesforce: "string" }));
  return {
    type: "record",
    name,
    namespace: "com.sforce.eventbus",
    fields: [
      { name: "CreatedDate", type: "long", doc: "CreatedDate:DateTime" },
      { name: "CreatedById", type: "string", doc: "CreatedBy:EntityId" },
      ...[...own, ...added]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name: field, type, salesforce }) => ({
          name: field,
          type: ["null", type],
          doc: `Data:${salesforce}`,
          default: null,
        })),
    ],
  };
}
