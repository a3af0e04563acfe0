import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

/** The network between one host and a server, which a test cuts: packets are lost then, and nobody is told. */
export class CutNetwork {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  static async open(target: string): Promise<CutNetwork> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new CutNetwork(server, new URL(target));
  }

  private constructor(server: Server, { hostname, port }: URL) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (near) => {
      const far = connect(Number(port), hostname);
      this.#carry(near, far);
      this.#carry(far, near);
    });
  }

  cut(): void {
    this.#isCut = true;
  }

  /** What was lost stays lost: connections of before are reset, as a firewall that has forgotten them does. */
  heal(): void {
    this.#isCut = false;
    this.#reset();
  }

  async close(): Promise<void> {
    this.#reset();
    this.#server.close();
    await once(this.#server, "close");
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on("data", (chunk) => {
      if (!this.#isCut) {
        to.write(chunk);
      }
    });
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }

  #reset(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }
}
