import { createSecureContext } from "node:tls";
import {
  type ChannelOptions,
  Client,
  credentials,
  logVerbosity,
  Metadata,
  type ServiceError,
  setLogVerbosity,
} from "@grpc/grpc-js";
import type { Token } from "../auth/session_token.ts";
import type { Clock } from "../core/clock.ts";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { MEGABYTE, type TlsTrust, tlsOptions } from "../core/http.ts";
import type { Message } from "../core/protobuf.ts";
import { pubSubMeaning } from "./pub_sub_meaning.ts";
import {
  FETCH_REQUEST,
  FETCH_RESPONSE,
  type FetchResponse,
  GET_SCHEMA_PATH,
  GET_TOPIC_PATH,
  REPLAY_PRESETS,
  SCHEMA_INFO,
  SCHEMA_REQUEST,
  SUBSCRIBE_PATH,
  TOPIC_INFO,
  TOPIC_REQUEST,
  type TopicInfo,
} from "./pub_sub_protocol.ts";

/** Where a subscription begins: with the oldest event that is kept, or behind the one of this replay id. */
export type Start = "earliest" | { readonly behind: Uint8Array };

/** The events of one topic as they come. */
export interface TopicStream {
  /** Asks for so many events more; at most 100 may be owed over all requests. Does nothing once the subscription has ended. */
  ask(events: number): void;
  /**
   * The next answer, which may be without events; undefined when Salesforce has ended the subscription. Nothing is read ahead of
   * it but what has been asked for. Rejects with a RunnerError of pub_sub_meaning.ts, or with the signal's reason.
   */
  next(): Promise<FetchResponse | undefined>;
  /** Ends it at once. */
  cancel(): void;
}

export interface PubSubChannelOptions {
  /** Scheme, host and port; plain http for a loopback host alone. */
  readonly url: string;
  readonly proxyUrl?: string | undefined;
  readonly tls?: TlsTrust;
  /** Milliseconds until an answer must be here. */
  readonly requestTimeout: number;
  readonly clock: Clock;
  /** Milliseconds between signs of life of the connection, and until one must have been answered. */
  readonly ping?: { readonly every: number; readonly timeout: number };
}

/** Whose call it is, and until when. */
export interface Call {
  readonly token: Token;
  readonly signal: AbortSignal;
}

export interface PubSubChannel {
  topic(name: string, call: Call): Promise<TopicInfo>;
  schema(id: string, call: Call): Promise<string>;
  subscribe(name: string, start: Start, call: Call): TopicStream;
  close(): void;
}

/** Salesforce sends up to 3 MB at once (Platform Events Developer Guide, "Subscribe with Pub/Sub API"). */
const LONGEST_MESSAGE = 8 * MEGABYTE;
const LONGEST_SCHEMA = MEGABYTE;

/** With these a connection that is dead without a word is known as such within 55 s. */
const PING = { every: 40_000, timeout: 15_000 };

/** One HTTP/2 connection, made when it is first needed and again when it has been lost. */
export function openPubSubChannel(options: PubSubChannelOptions): PubSubChannel {
  setLogVerbosity(logVerbosity.NONE);
  const { url, proxyUrl, requestTimeout, clock } = options;
  const { host, protocol } = new URL(url);
  const way = { plain: protocol === "http:", proxyUrl };
  const client = new Client(...destination(options));

  const meaning = (asked: string, error: unknown, signal: AbortSignal): unknown => {
    signal.throwIfAborted();
    const { code: status, details, metadata } = error as Partial<ServiceError>;
    if (status === undefined) {
      return error;
    }
    const [errorCode] = metadata?.get("error-code") ?? [];
    const failed = { status, details: details ?? "", errorCode: errorCode?.toString(), asked, host, way };
    return pubSubMeaning(failed, clock.now());
  };

  const ask = async <Sent, Received>(
    path: string,
    [sent, value]: readonly [Message<Sent>, Partial<Sent>],
    received: Message<Received>,
    asked: string,
    { token, signal }: Call,
  ): Promise<Received> => {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Received>();
    const call = client.makeUnaryRequest(
      path,
      (message: Partial<Sent>) => Buffer.from(sent.encode(message)),
      (bytes) => received.decode(bytes),
      value,
      metadataOf(token),
      { deadline: Date.now() + requestTimeout },
      (error, answer) => {
        if (error === null && answer !== undefined) {
          resolve(answer);
        } else {
          reject(error);
        }
      },
    );
    const cancel = () => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await promise;
    } catch (error) {
      throw meaning(asked, error, signal);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  };

  return {
    topic: (name, call) =>
      ask(GET_TOPIC_PATH, [TOPIC_REQUEST, { topicName: topicName(name) }], TOPIC_INFO, `the topic ${name}`, call),
    async schema(id, call) {
      const asked = "the schema of an event";
      const info = await ask(GET_SCHEMA_PATH, [SCHEMA_REQUEST, { schemaId: id }], SCHEMA_INFO, asked, call);
      if (info.schemaJson.length > LONGEST_SCHEMA) {
        throw pubSubMeaning(
          { status: 8, details: "message larger than max", errorCode: undefined, asked, host, way },
          0,
        );
      }
      return info.schemaJson;
    },
    subscribe(name, start, { token, signal }) {
      const stream = client.makeBidiStreamRequest(
        SUBSCRIBE_PATH,
        (message: Parameters<typeof FETCH_REQUEST.encode>[0]) => Buffer.from(FETCH_REQUEST.encode(message)),
        (bytes) => FETCH_RESPONSE.decode(bytes),
        metadataOf(token),
      );
      const answers = stream[Symbol.asyncIterator]();
      const cancel = () => stream.cancel();
      signal.addEventListener("abort", cancel, { once: true });
      let isFirst = true;
      let isOpen = true;
      const over = () => {
        isOpen = false;
        signal.removeEventListener("abort", cancel);
      };
      return {
        ask(events) {
          if (!isOpen) {
            return;
          }
          stream.write({
            numRequested: events,
            ...(isFirst ? { topicName: topicName(name), ...replayFrom(start) } : {}),
          });
          isFirst = false;
        },
        async next() {
          try {
            const step = await answers.next();
            if (step.done !== true) {
              return step.value;
            }
          } catch (error) {
            over();
            throw meaning(`live events of ${name}`, error, signal);
          }
          over();
          signal.throwIfAborted();
          return undefined;
        },
        cancel() {
          over();
          // What still comes of it is for nobody.
          stream.on("error", () => {});
          stream.cancel();
        },
      };
    },
    close: () => client.close(),
  };
}

function destination(options: PubSubChannelOptions): ConstructorParameters<typeof Client> {
  const { url, proxyUrl, tls, ping = PING } = options;
  const { hostname, port, protocol } = new URL(url);
  const isPlain = protocol === "http:";
  const address = `${hostname}:${port || (isPlain ? "80" : "443")}`;
  const { rejectUnauthorized, checkServerIdentity, ca, cert, key } = tlsOptions(tls);
  const trust = isPlain
    ? credentials.createInsecure()
    : credentials.createFromSecureContext(createSecureContext({ ca, cert, key }), {
        ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
        ...(checkServerIdentity === undefined ? {} : { checkServerIdentity }),
      });
  const common: ChannelOptions = {
    "grpc.max_receive_message_length": LONGEST_MESSAGE,
    "grpc.keepalive_time_ms": ping.every,
    "grpc.keepalive_timeout_ms": ping.timeout,
    // The waiting between attempts is the caller's, and so is the choice of the proxy.
    "grpc.enable_retries": 0,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_http_proxy": 0,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1_000,
    "grpc.service_config_disable_resolution": 1,
    "grpc.primary_user_agent": "aquila-salesforce",
  };
  if (proxyUrl === undefined || proxyUrl === "") {
    return [address, trust, common];
  }
  const proxy = new URL(proxyUrl);
  if (proxy.protocol !== "http:") {
    throw new RunnerError(
      "host_unreachable",
      `Live events can't go through the proxy ${proxy.host}, which is spoken to by ${proxy.protocol.slice(0, -1)}.`,
      { next: GIVE_UP, cure: "Name a proxy that is spoken to by http in api.proxy_url, or set live.enabled to false." },
    );
  }
  const user = decodeURIComponent(`${proxy.username}:${proxy.password}`);
  return [
    `${proxy.hostname}:${proxy.port || "80"}`,
    trust,
    {
      ...common,
      "grpc.default_authority": address,
      "grpc.http_connect_target": `dns:${address}`,
      ...(user === ":" ? {} : { "grpc.http_connect_creds": user }),
    },
  ];
}

/** Pub/Sub API Guide, "Supported Authentication". */
function metadataOf({ accessToken, instanceUrl, organizationId }: Token): Metadata {
  const metadata = new Metadata();
  metadata.set("accesstoken", accessToken.reveal());
  metadata.set("instanceurl", instanceUrl);
  metadata.set("tenantid", organizationId);
  return metadata;
}

function topicName(name: string): string {
  return `/event/${name}`;
}

function replayFrom(start: Start) {
  return start === "earliest"
    ? { replayPreset: REPLAY_PRESETS.earliest }
    : { replayPreset: REPLAY_PRESETS.custom, replayId: start.behind };
}
