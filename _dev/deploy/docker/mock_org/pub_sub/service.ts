import { randomUUID } from "node:crypto";
import type { Metadata, ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { RequestKind } from "../faults.ts";
import type { OrgState, User } from "../org_state.ts";
import { type Channel, channelOfTopic } from "./channels.ts";
import type { FetchRequest, SchemaInfo, SchemaRequest, TopicInfo, TopicRequest } from "./protocol.ts";
import type { PubSub, PubSubCall } from "./pub_sub.ts";
import { type ErrorCode, PubSubRefusal, RST_STREAM } from "./refusals.ts";
import { type SubscribeCall, Subscription } from "./subscription.ts";

/** What the calls need to know of the network. */
export interface Surroundings {
  /** The addresses by which a client may name the org, without a slash at their end. */
  readonly ownUrls: () => readonly string[];
  /** Number of the connection with this remote address. */
  readonly connectionOf: (peer: string) => number;
}

interface Call {
  readonly metadata: Metadata;
  getPeer(): string;
}

/** GetTopic, GetSchema and Subscribe over one org, with every check of the real ones that a client can run into. */
export function serviceOf(org: OrgState, bus: PubSub, around: Surroundings): UntypedServiceImplementation {
  /** Answers a call, or refuses it, and logs which. Undefined where a fault leaves it without an answer. */
  const answered = async <T>(
    kind: RequestKind,
    method: PubSubCall["method"],
    subject: string,
    call: Call,
    answer: (user: User) => T,
  ): Promise<T | undefined> => {
    const log = (errorCode?: ErrorCode) =>
      bus.called({
        at: org.now(),
        method,
        subject,
        connection: around.connectionOf(call.getPeer()),
        metadata: textsOf(call.metadata),
        errorCode,
      });
    try {
      const fault = org.faults.strike(kind, subject);
      if (fault !== undefined) {
        org.counters.faults++;
      }
      if (fault?.killToken === true) {
        org.tokens.kill();
      }
      if (fault?.delayMs !== undefined) {
        await new Promise((resolve) => setTimeout(resolve, fault.delayMs).unref());
      }
      if (fault?.errorCode !== undefined) {
        throw new PubSubRefusal(fault.errorCode);
      }
      if (fault?.hang === true) {
        log();
        return undefined;
      }
      if (fault?.resetConnection === true) {
        log();
        throw RST_STREAM;
      }
      const result = answer(authenticated(org, call.metadata, around.ownUrls()));
      log();
      return result;
    } catch (error) {
      if (error instanceof PubSubRefusal) {
        log(error.errorCode);
      }
      throw error;
    }
  };

  const unary = <Request, Answer>(handle: (call: ServerUnaryCall<Request, Answer>) => Promise<Answer | undefined>) => {
    return (call: ServerUnaryCall<Request, Answer>, callback: sendUnaryData<Answer>) => {
      handle(call).then(
        (answer) => {
          if (answer !== undefined) {
            callback(null, answer);
          }
        },
        (error) => callback(error as Error),
      );
    };
  };

  return {
    getTopic: unary<TopicRequest, TopicInfo>((call) =>
      answered("topic", "GetTopic", call.request.topicName, call, (user) => {
        const channel = visibleChannel(org, call.request.topicName);
        return {
          topicName: call.request.topicName,
          tenantGuid: `core/prod/${org.orgId}`,
          canPublish: false,
          canSubscribe: user.permissions.includes(channel.permission),
          schemaId: bus.schemaOf(channel).id,
          rpcId: randomUUID(),
        };
      }),
    ),
    getSchema: unary<SchemaRequest, SchemaInfo>((call) =>
      answered("schema", "GetSchema", call.request.schemaId, call, () => {
        const { schemaId } = call.request;
        const schema = bus.schema(schemaId);
        if (schemaId === "" || schema === undefined) {
          throw new PubSubRefusal(schemaId === "" ? "schema.validation.failed" : "schema.meta.permission");
        }
        return { schemaJson: schema.json, schemaId, rpcId: randomUUID() };
      }),
    ),
    subscribe: (call: SubscribeCall) => {
      let subscription: Subscription | undefined;
      let before: Promise<void> = Promise.resolve();
      const receive = async (request: FetchRequest) => {
        if (subscription !== undefined) {
          subscription.request(request);
          return;
        }
        subscription = await answered("subscribe", "Subscribe", request.topicName, call, (user) => {
          const channel = visibleChannel(org, request.topicName);
          if (!user.permissions.includes(channel.permission)) {
            throw new PubSubRefusal("subscription.topic.cannot.subscribe");
          }
          if (bus.openStreams.length >= org.settings.streamsMax) {
            throw new PubSubRefusal("concurrent.client.limit.exceeded");
          }
          const identity = { rpcId: randomUUID(), connection: around.connectionOf(call.getPeer()) };
          return new Subscription(call, org, bus.log(channel), request, identity);
        });
        if (subscription !== undefined) {
          bus.opened(subscription);
          subscription.request(request);
        }
      };
      call.on("error", () => {});
      call.on("data", (request: FetchRequest) => {
        const { roundTripMs } = org.settings;
        const arrived =
          roundTripMs === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, roundTripMs).unref());
        before = before
          .then(() => arrived)
          .then(() => receive(request))
          .catch((error: unknown) => void call.emit("error", error));
      });
    },
  };
}

function textsOf(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata.getMap()).map(([name, value]) => [name, String(value)]));
}

/** The user of a call's headers. Throws a `PubSubRefusal`. */
function authenticated(org: OrgState, metadata: Metadata, ownUrls: readonly string[]): User {
  const header = (name: string) => {
    const [value, ...more] = metadata.get(name);
    return more.length === 0 && typeof value === "string" ? value : "";
  };
  const [token, instance, tenant] = [header("accesstoken"), header("instanceurl"), header("tenantid")];
  if (token === "" || !ownUrls.includes(instance.replace(/\/$/, "")) || tenant !== org.orgId) {
    throw new PubSubRefusal("service.auth.headers.invalid");
  }
  // The API takes opaque tokens only.
  const username = token.startsWith("eyJ") ? undefined : usernameOf(org, token);
  const user = org.users.get(username?.toLowerCase() ?? "");
  if (user === undefined || !user.active || user.frozen || user.ipRestricted) {
    throw new PubSubRefusal("service.auth.error");
  }
  if (!org.settings.pubSubLicence) {
    throw new PubSubRefusal("service.tenant.license");
  }
  return user;
}

function usernameOf(org: OrgState, token: string): string | undefined {
  try {
    return org.tokens.check(`Bearer ${token}`).username;
  } catch {
    return undefined;
  }
}

function visibleChannel(org: OrgState, topic: string): Channel {
  if (topic === "") {
    throw new PubSubRefusal("topic.validation.empty");
  }
  const channel = channelOfTopic(topic);
  if (channel === undefined || (channel.needsEventMonitoring && !org.settings.eventMonitoring)) {
    throw new PubSubRefusal("topic.not.found");
  }
  return channel;
}
