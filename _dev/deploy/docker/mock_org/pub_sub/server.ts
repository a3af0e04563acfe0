import { promisify } from "node:util";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { OrgState } from "../org_state.ts";
import { SERVICE } from "./protocol.ts";
import { type BreakSpec, PubSub, type PubSubAccount } from "./pub_sub.ts";
import { Pushing } from "./pushing.ts";
import { serviceOf } from "./service.ts";
import { startWire } from "./wire.ts";

export interface PubSubServerOptions {
  /** PEM; without both the server speaks plain HTTP/2. */
  readonly certificate?: string;
  readonly key?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
}

export interface PubSubServer {
  readonly bus: PubSub;
  readonly url: string;
  /** What publishes by itself. */
  readonly pushing: Pushing;
  account(): PubSubAccount;
  /** Strikes streams or connections; answers how many. */
  break(spec: BreakSpec): number;
  close(): Promise<void>;
}

/** How often the server looks whether something is due by the org's clock. */
const TICK_MS = 1_000;

/** Between the GOAWAY of a restart and the end of the connections. */
const GOODBYE_MS = 20;

/** The Pub/Sub API of an org on a port of its own. `ownUrls`: the addresses by which a client may name the org. */
export async function startPubSubServer(
  org: OrgState,
  ownUrls: () => readonly string[],
  host: string,
  { certificate, key, port = 0 }: PubSubServerOptions,
): Promise<PubSubServer> {
  const bus = new PubSub(org);
  const tls = certificate !== undefined && key !== undefined;
  const pair = tls ? [{ cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) }] : [];
  const credentials = tls ? ServerCredentials.createSsl(null, pair) : ServerCredentials.createInsecure();
  const grpc = new Server({ "grpc.max_send_message_length": -1, "grpc.max_concurrent_streams": 1_000 });
  grpc.addService(SERVICE, serviceOf(org, bus, { ownUrls, connectionOf: (peer) => wire.connectionOf(peer) }));
  const bind = promisify<string, ServerCredentials, number>(grpc.bindAsync.bind(grpc));
  const inner = await bind("127.0.0.1:0", credentials);
  const wire = await startWire(host, port, inner);
  const pushing = new Pushing(org, bus);
  const ticking = setInterval(() => bus.tick(), TICK_MS);
  ticking.unref();

  return {
    bus,
    pushing,
    url: `${tls ? "https" : "http"}://${host === "0.0.0.0" ? "127.0.0.1" : host}:${wire.port}`,
    account: () => bus.account(wire.account()),
    break({ how, channel, downMs = 0 }) {
      switch (how) {
        case "halfOpen":
          return wire.deafen();
        case "destroyed":
          wire.refuse(downMs);
          return wire.cut();
        case "restart":
          wire.refuse(downMs);
          grpc.drain(`127.0.0.1:${inner}`, 10 * GOODBYE_MS);
          return wire.hangUp(GOODBYE_MS);
        default:
          return bus.break(how, channel);
      }
    },
    async close() {
      clearInterval(ticking);
      pushing.stop();
      await wire.close();
      grpc.forceShutdown();
    },
  };
}
