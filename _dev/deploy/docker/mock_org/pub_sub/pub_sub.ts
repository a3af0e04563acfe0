import { createHash, randomUUID } from "node:crypto";
import avro from "avsc";
import { instant } from "../instant.ts";
import type { OrgState } from "../org_state.ts";
import { addRecords } from "../record_spec.ts";
import type { SObjectRecord } from "../sobject.ts";
import { avroSchema, type Channel, knownChannel } from "./channels.ts";
import type { ErrorCode } from "./refusals.ts";
import type { StreamAccount, StreamBreak, Subscription } from "./subscription.ts";
import { TopicLog } from "./topic_log.ts";

export interface PublishOptions {
  /** Whether the object of the channel stores the events too. By default true. */
  readonly stored?: boolean;
  /** How often each event is in the stream, with the same EventUuid under different replay ids. By default once. */
  readonly copies?: number;
  /** Bytes that are missing at the end of each payload. */
  readonly cutBytes?: number;
  /** Named instead of the schema that the events were written with. */
  readonly schemaId?: string;
}

export interface PublishedEvent {
  readonly EventIdentifier: string;
  readonly EventUuid: string;
  /** Of the last copy, in hex; "" where the channel does not stream. */
  readonly replayId: string;
}

export interface ChannelSettings {
  /** Event Manager's switches. */
  readonly streaming: boolean;
  readonly storage: boolean;
}

/** One call of the API, in the order of arrival. */
export interface PubSubCall {
  readonly at: number;
  readonly method: "GetTopic" | "GetSchema" | "Subscribe";
  /** Topic name or schema id. */
  readonly subject: string;
  readonly connection: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** Undefined where the call was answered. */
  readonly errorCode: ErrorCode | undefined;
}

export interface PubSubAccount {
  readonly connections: { readonly opened: number; readonly open: number };
  readonly calls: readonly PubSubCall[];
  /** Newest last. */
  readonly streams: readonly StreamAccount[];
}

export interface BreakSpec {
  /**
   * `silent` and `ended` (with status OK), `reset` (RST_STREAM) and an error code strike streams; `halfOpen` (nothing comes or goes any
   * more, pings neither), `destroyed` (the connection is cut) and `restart` (GOAWAY, then cut) strike connections.
   */
  readonly how: StreamBreak | "halfOpen" | "destroyed" | "restart" | ErrorCode;
  /** Only streams of this channel. */
  readonly channel?: string;
  /** After `restart` and `destroyed`: connections are refused for so long. */
  readonly downMs?: number;
}

type Schema = { readonly id: string; readonly json: string; readonly type: avro.Type };

/** The automated process user, who publishes the events. */
const PUBLISHER = "0055e000001mKpCAAU";
const CALLS_KEPT = 20_000;

/** The event bus of one org, without the network: what is published, kept, subscribed to and counted. */
export class PubSub {
  readonly #org: OrgState;
  readonly #logs = new Map<string, TopicLog>();
  readonly #settings = new Map<string, ChannelSettings>();
  readonly #schemas = new Map<string, Schema>();
  readonly #subscriptions = new Set<Subscription>();
  #streams: StreamAccount[] = [];
  #calls: PubSubCall[] = [];

  constructor(org: OrgState) {
    this.#org = org;
  }

  /** Puts events on a channel, and into its object. Datetimes are ISO texts; what every event has is made up where it is missing. */
  publish(name: string, events: readonly SObjectRecord[], options: PublishOptions = {}): PublishedEvent[] {
    const channel = knownChannel(name);
    const settings = this.settingsOf(name);
    const { type } = this.schemaOf(channel);
    const now = new Date(this.#org.now()).toISOString();
    const full = events.map((event) => ({
      EventIdentifier: randomUUID(),
      EventDate: now,
      CreatedDate: now,
      CreatedById: PUBLISHER,
      ...event,
    }));
    // All are written before any is kept, so that a mistake in one leaves nothing behind.
    const payloads = full.map((event) => type.toBuffer(this.#avroValue(channel, event)));
    if (settings.storage && options.stored !== false) {
      this.#store(channel, full);
    }
    const published = full.map((event, n) => {
      const EventUuid = randomUUID();
      const replayId = settings.streaming ? this.#stream(channel, EventUuid, payloads[n] as Buffer, options) : "";
      return { EventIdentifier: String(event.EventIdentifier), EventUuid, replayId };
    });
    for (const each of this.#subscriptions) {
      if (each.account.topic === `/event/${name}`) {
        each.deliver();
      }
    }
    return published;
  }

  #stream(
    channel: Channel,
    id: string,
    payload: Buffer,
    { copies = 1, cutBytes = 0, schemaId }: PublishOptions,
  ): string {
    const log = this.log(channel);
    const event = {
      id,
      schemaId: schemaId ?? this.schemaOf(channel).id,
      payload: cutBytes === 0 ? payload : payload.subarray(0, -cutBytes),
    };
    let replayId = "";
    for (let copy = 0; copy < copies; copy++) {
      replayId = log.append(event).replayId.toString("hex");
    }
    return replayId;
  }

  /** The event's fields as Avro has them: datetimes as milliseconds. */
  #avroValue(channel: Channel, event: SObjectRecord): Record<string, unknown> {
    const { type } = this.schemaOf(channel);
    const fields = new Map((type as avro.types.RecordType).fields.map((field) => [field.name, field.type] as const));
    const value: Record<string, unknown> = {};
    for (const [name, given] of Object.entries(event)) {
      const field = fields.get(name);
      if (field === undefined) {
        throw new Error(`${channel.name} has no field ${name}`);
      }
      const isTime = typeof given === "string" && field.isValid(0) && !field.isValid("");
      value[name] = isTime ? instant(given) : given;
    }
    return value;
  }

  #store({ storedIn, streamOnly }: Channel, events: readonly SObjectRecord[]): void {
    const names = new Set(this.#org.sObject(storedIn)?.fields.map(({ name }) => name));
    addRecords(
      this.#org,
      storedIn,
      events.map((event) =>
        Object.fromEntries(Object.entries(event).filter(([name]) => names.has(name) && !streamOnly.includes(name))),
      ),
    );
  }

  log({ name }: Channel): TopicLog {
    const log = this.#logs.get(name) ?? new TopicLog(() => this.#org.now());
    this.#logs.set(name, log);
    return log;
  }

  settingsOf(name: string): ChannelSettings {
    return this.#settings.get(name) ?? { streaming: true, storage: true };
  }

  changeSettings(name: string, settings: Partial<ChannelSettings>): ChannelSettings {
    knownChannel(name);
    const changed = { ...this.settingsOf(name), ...settings };
    this.#settings.set(name, changed);
    return changed;
  }

  resetLog(name: string): void {
    this.log(knownChannel(name)).reset();
  }

  /** The schema that the channel's events are written with now. */
  schemaOf(channel: Channel): Schema {
    const stored = this.#org.sObject(channel.storedIn);
    if (stored === undefined) {
      throw new Error(`this org knows no object ${channel.storedIn}`);
    }
    const json = JSON.stringify(avroSchema(channel, stored));
    const id = createHash("md5").update(json).digest("base64url");
    const schema = this.#schemas.get(id) ?? { id, json, type: avro.Type.forSchema(JSON.parse(json) as avro.Schema) };
    this.#schemas.set(id, schema);
    return schema;
  }

  schema(id: string): Schema | undefined {
    return this.#schemas.get(id);
  }

  opened(subscription: Subscription): void {
    for (const each of this.#subscriptions) {
      if (!each.open) {
        this.#subscriptions.delete(each);
      }
    }
    this.#subscriptions.add(subscription);
    this.#streams.push(subscription.account);
  }

  called(call: PubSubCall): void {
    this.#calls.push(call);
    if (this.#calls.length > CALLS_KEPT) {
      this.#calls = this.#calls.slice(-CALLS_KEPT / 2);
    }
  }

  get openStreams(): Subscription[] {
    return [...this.#subscriptions].filter(({ open }) => open);
  }

  /** Does what is due by the org's clock: keep-alives, and the end of streams that ask for nothing. */
  tick(): void {
    for (const each of this.#subscriptions) {
      each.tick();
    }
  }

  /** Strikes open streams; answers how many. */
  break(how: StreamBreak | ErrorCode, channel?: string): number {
    const struck = this.openStreams.filter(
      ({ account }) => channel === undefined || account.topic === `/event/${channel}`,
    );
    for (const each of struck) {
      if (how === "silent" || how === "ended" || how === "reset") {
        each.break(how);
      } else {
        each.fail(how);
      }
    }
    return struck.length;
  }

  account(connections: PubSubAccount["connections"]): PubSubAccount {
    return { connections, calls: [...this.#calls], streams: this.#streams.map((each) => ({ ...each })) };
  }
}
