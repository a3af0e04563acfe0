import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createSecureContext, createServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import { Server, ServerCredentials, type ServerDuplexStream, status } from "@grpc/grpc-js";
import type { Authority } from "../testing/certificates.ts";
import { decoded, encoded } from "./control_messages.ts";

/** One of the two streams of the protocol, as the agent sees it. */
export interface Stream<Received, Sent> {
  onMessage: (message: Received) => void;
  onEnd: () => void;
  send(message: Sent): void;
  /** Ends the stream with an error of this status. */
  fail(code: status, details: string): void;
}

export interface ControlServerOptions {
  readonly authority: Authority;
  readonly serverName: string;
  readonly onCheckins: (stream: Stream<unknown, object>) => void;
  readonly onActions: (stream: Stream<unknown, object>) => void;
}

export interface ControlServer {
  readonly port: number;
  /** Server names that clients asked for. */
  readonly names: readonly string[];
  /** Cuts every connection; clients may connect again. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * A gRPC server behind mutual TLS that, as the agent's own, has no certificate but the one for its server name: a client that
 * does not name it, or shows no certificate of the authority, does not get through the handshake.
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { authority, serverName } = options;
  const own = await authority.issue(serverName);
  const context = createSecureContext({ cert: own.certificate, key: own.key, ca: authority.certificate });
  const names: string[] = [];
  const sockets = new Set<TLSSocket>();

  const grpc = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  grpc.addService(
    {
      checkin: method("CheckinV2", "CheckinObserved", "CheckinExpected"),
      actions: method("Actions", "ActionResponse", "ActionRequest"),
    },
    {
      checkin: (call: ServerDuplexStream<unknown, object>) => options.onCheckins(streamOf(call)),
      actions: (call: ServerDuplexStream<unknown, object>) => options.onActions(streamOf(call)),
    },
  );
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());

  const tls: TlsServer = createServer(
    {
      ALPNProtocols: ["h2"],
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      SNICallback: (name, found) => {
        names.push(name);
        if (name === serverName) {
          found(null, context);
        } else {
          found(new Error(`no certificate for ${name}`));
        }
      },
    },
    (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => {});
      injector.injectConnection(socket);
    },
  );
  tls.on("tlsClientError", () => {});
  tls.listen(0, "127.0.0.1");
  await once(tls, "listening");

  const cut = () => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  return {
    port: (tls.address() as AddressInfo).port,
    names,
    cut,
    async close() {
      cut();
      grpc.forceShutdown();
      tls.close();
      await once(tls, "close");
    },
  };
}

function method(name: string, received: string, sent: string) {
  return {
    path: `/proto.ElasticAgent/${name}`,
    requestStream: true,
    responseStream: true,
    requestDeserialize: (data: Buffer) => decoded(received, data),
    responseSerialize: (value: object) => encoded(sent, value),
    requestSerialize: (value: object) => encoded(received, value),
    responseDeserialize: (data: Buffer) => decoded(sent, data),
  };
}

function streamOf(call: ServerDuplexStream<unknown, object>): Stream<unknown, object> {
  const stream: Stream<unknown, object> = {
    onMessage: () => {},
    onEnd: () => {},
    send: (message) => {
      call.write(message);
    },
    fail: (code, details) => {
      call.emit("error", { code, details });
    },
  };
  call.on("data", (message) => stream.onMessage(message));
  let over = false;
  const end = () => {
    if (!over) {
      over = true;
      stream.onEnd();
    }
  };
  call.on("end", () => {
    call.end();
    end();
  });
  call.on("cancelled", end);
  call.on("error", end);
  return stream;
}

export { status };
