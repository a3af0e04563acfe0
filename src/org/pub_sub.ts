import type { Session, Token } from "../auth/session_token.ts";
import { RunnerError } from "../core/errors.ts";
import { orAborted } from "../core/or_aborted.ts";
import type { Call, PubSubChannel, PubSubChannelOptions, Start, TopicStream } from "./pub_sub_channel.ts";
import type { TopicInfo } from "./pub_sub_protocol.ts";

/** The events of one topic as they come, and the session by which they do. */
export interface Subscription extends TopicStream {
  /** After `next` has rejected with `refresh`: replaces the session's token that the subscription had. */
  renew(): Promise<void>;
}

/**
 * The Pub/Sub API of one org: all its topics share one connection, which is opened with the first call, and the session of its
 * REST API. A refused session is renewed once and the call repeated once; nothing else is repeated here. Its calls do not count
 * as API calls (Pub/Sub API Guide, "Allocations").
 */
export interface PubSub {
  /** `name` without `/event/`. */
  topic(name: string, signal: AbortSignal): Promise<TopicInfo>;
  /** Avro, as JSON text. */
  schema(id: string, signal: AbortSignal): Promise<string>;
  /** Ends with the signal. */
  subscribe(name: string, start: Start, signal: AbortSignal): Promise<Subscription>;
  close(): void;
}

export interface PubSubOptions extends PubSubChannelOptions {
  readonly session: Session;
}

/** Nothing is imported or sent before the first call: whoever has no live events has no gRPC in memory. */
export function createPubSub(options: PubSubOptions): PubSub {
  const { session } = options;
  let opening: Promise<PubSubChannel> | undefined;
  const open = async () => {
    const { openPubSubChannel } = await import("./pub_sub_channel.ts");
    return openPubSubChannel(options);
  };
  const opened = async () => {
    opening ??= open();
    return await opening;
  };

  const authorised = async <T>(signal: AbortSignal, ask: (channel: PubSubChannel, call: Call) => Promise<T>) => {
    const channel = await opened();
    const token = await session.token(signal);
    try {
      return await ask(channel, callOf(token, signal));
    } catch (error) {
      if (error instanceof RunnerError && error.next.do === "refresh") {
        return await ask(channel, callOf(await session.renew(token, signal), signal));
      }
      throw error;
    }
  };

  return {
    topic: (name, signal) => authorised(signal, (channel, call) => channel.topic(name, call)),
    schema: (id, signal) => authorised(signal, (channel, call) => channel.schema(id, call)),
    async subscribe(name, start, signal) {
      const channel = await opened();
      const token = await orAborted(session.token(signal), signal);
      const subscription = channel.subscribe(name, start, callOf(token, signal));
      return {
        ...subscription,
        renew: async () => {
          await session.renew(token, signal);
        },
      };
    },
    close() {
      opening?.then((channel) => channel.close()).catch(() => {});
    },
  };
}

function callOf(token: Token, signal: AbortSignal): Call {
  return { token, signal };
}
