import { Client, type ClientDuplexStream, credentials, logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import type { Message } from "../core/protobuf.ts";
import {
  ACTION_REQUEST,
  ACTION_RESPONSE,
  ACTIONS_PATH,
  type ActionRequest,
  type ActionResponse,
  CHECKIN_EXPECTED,
  CHECKIN_OBSERVED,
  CHECKIN_PATH,
  type CheckinExpected,
  type CheckinObserved,
} from "./control_protocol.ts";
import type { StartUpInfo } from "./start_up_info.ts";

/** One connection to Elastic Agent with the two streams of the protocol. */
export interface ControlChannel {
  checkin(message: Partial<CheckinObserved>): void;
  respond(response: Partial<ActionResponse>): void;
  /** Resolves with the reason, as a phrase, when either stream has ended, by whomever; it never rejects. */
  readonly ended: Promise<string>;
  /** Ends both streams after what has been written. */
  close(): void;
}

export interface ControlChannelHandlers {
  readonly expected: (message: CheckinExpected) => void;
  readonly action: (request: ActionRequest) => void;
}

export type OpenChannel = (startUp: StartUpInfo, handlers: ControlChannelHandlers) => ControlChannel;

/** How long the streams may take to end after a close, before they are cut. */
const CLOSING_MS = 2_000;

/** gRPC with mutual TLS. The server's certificate is found, and checked, by the server name of the start-up information. */
export const openGrpcChannel: OpenChannel = (startUp, handlers) => {
  setLogVerbosity(logVerbosity.NONE);
  const { address, serverName, certificateAuthority, key, certificate, maxMessageSize } = startUp;
  const client = new Client(
    address,
    credentials.createSsl(Buffer.from(certificateAuthority), Buffer.from(key.reveal()), Buffer.from(certificate), {
      rejectUnauthorized: true,
    }),
    {
      "grpc.ssl_target_name_override": serverName,
      "grpc.default_authority": serverName,
      "grpc.max_receive_message_length": maxMessageSize,
      "grpc.max_send_message_length": maxMessageSize,
      // A channel of its own each time: the waiting between attempts is the caller's.
      "grpc.use_local_subchannel_pool": 1,
      "grpc.enable_http_proxy": 0,
    },
  );
  const checkins = open(client, CHECKIN_PATH, CHECKIN_OBSERVED, CHECKIN_EXPECTED);
  const actions = open(client, ACTIONS_PATH, ACTION_RESPONSE, ACTION_REQUEST);
  checkins.on("data", handlers.expected);
  actions.on("data", handlers.action);
  const ended = Promise.race([endOf(checkins), endOf(actions)]).then((reason) => {
    checkins.cancel();
    actions.cancel();
    client.close();
    return reason;
  });

  return {
    checkin: (message) => {
      checkins.write(message);
    },
    respond: (response) => {
      actions.write(response);
    },
    ended,
    close() {
      checkins.end();
      actions.end();
      setTimeout(() => checkins.cancel(), CLOSING_MS).unref();
    },
  };
};

function open<Sent, Received>(
  client: Client,
  path: string,
  sent: Message<Sent>,
  received: Message<Received>,
): ClientDuplexStream<Partial<Sent>, Received> {
  return client.makeBidiStreamRequest(
    path,
    (value: Partial<Sent>) => Buffer.from(sent.encode(value)),
    (bytes) => received.decode(bytes),
  );
}

function endOf(stream: ClientDuplexStream<never, unknown>): Promise<string> {
  return new Promise((resolve) => {
    stream.on("error", (error) => resolve(error.message));
    stream.on("end", () => resolve("the agent has ended the stream"));
  });
}
