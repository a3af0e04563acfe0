import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface WireAccount {
  readonly opened: number;
  readonly open: number;
}

/** The network in front of a server: passes bytes on in both directions, until it is told not to. */
export interface Wire {
  readonly port: number;
  account(): WireAccount;
  /** Number of the connection that the server sees under this address, from 1 on. */
  connectionOf(peer: string): number;
  /** Lets nothing through any more on the connections that there are, which stay open: as a gateway that has forgotten them. */
  deafen(): number;
  /** Resets the connections that there are. */
  cut(): number;
  /** Closes the connections that there are after a while, in order. */
  hangUp(afterMs: number): number;
  /** Refuses new connections for so long. */
  refuse(ms: number): void;
  close(): Promise<void>;
}

export async function startWire(host: string, port: number, innerPort: number): Promise<Wire> {
  const open = new Map<Socket, Socket>();
  const numbers = new Map<string, number>();
  let opened = 0;
  let refusedUntil = 0;

  const outer = createServer((client) => {
    client.on("error", () => {});
    if (Date.now() < refusedUntil) {
      client.destroy();
      return;
    }
    const server = connect(innerPort, "127.0.0.1", () => {
      numbers.set(`${server.localAddress}:${server.localPort}`, ++opened);
      client.pipe(server);
      server.pipe(client);
    });
    open.set(client, server);
    client.setNoDelay(true);
    server.setNoDelay(true);
    server.on("error", () => {});
    client.on("close", () => {
      open.delete(client);
      server.destroy();
    });
    server.on("close", () => client.destroySoon());
  });
  outer.listen(port, host);
  await once(outer, "listening");

  const cut = () => {
    const struck = open.size;
    for (const client of open.keys()) {
      client.resetAndDestroy();
    }
    return struck;
  };
  return {
    port: (outer.address() as AddressInfo).port,
    account: () => ({ opened, open: open.size }),
    connectionOf: (peer) => numbers.get(peer) ?? 0,
    deafen() {
      for (const [client, server] of open) {
        client.unpipe(server);
        server.unpipe(client);
        client.pause();
        server.pause();
      }
      return open.size;
    },
    cut,
    hangUp(afterMs) {
      const struck = [...open.keys()];
      setTimeout(() => {
        for (const client of struck) {
          client.destroy();
        }
      }, afterMs);
      return struck.length;
    },
    refuse(ms) {
      refusedUntil = Date.now() + ms;
    },
    async close() {
      const closed = once(outer, "close");
      outer.close();
      cut();
      await closed;
    },
  };
}
