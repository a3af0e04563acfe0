/**
 * A Kibana for tests, as the documentation of Fleet's API describes it: upload of a package, and the full agent policy of a
 * standalone agent. It refuses what Kibana refuses: no `kbn-xsrf`, wrong credentials, a body that is no zip.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeKibana {
  readonly url: string;
  /** Uploaded packages. */
  readonly uploads: readonly Buffer[];
  /** Paths with their query, in the order in which they were asked for. */
  readonly asked: readonly string[];
  /** Agent policies by id. */
  readonly policies: Map<string, unknown>;
  /** The next answers, instead of the right ones. */
  readonly faults: { status: number; body: string }[];
  close(): Promise<void>;
}

export interface FakeKibanaOptions {
  /** What `Authorization` has to be. */
  readonly authorization: string;
}

export async function startFakeKibana({ authorization }: FakeKibanaOptions): Promise<FakeKibana> {
  const uploads: Buffer[] = [];
  const asked: string[] = [];
  const policies = new Map<string, unknown>();
  const faults: { status: number; body: string }[] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    asked.push(request.url ?? "");
    const fault = faults.shift();
    if (fault !== undefined) {
      response.writeHead(fault.status, { "content-type": "text/html" }).end(fault.body);
      return;
    }
    if (request.headers.authorization !== authorization) {
      refuse(response, 401, "Unauthorized", "[security_exception]: missing authentication credentials");
      return;
    }
    const { pathname } = new URL(request.url ?? "", "http://kibana");
    const policy = /\/api\/fleet\/agent_policies\/([^/]+)\/full$/.exec(pathname)?.[1];
    if (request.method === "GET" && policy !== undefined) {
      const item = policies.get(decodeURIComponent(policy));
      if (item === undefined) {
        refuse(response, 404, "Not Found", "Agent policy not found");
      } else {
        send(response, 200, { item });
      }
    } else if (request.method === "POST" && pathname.endsWith("/api/fleet/epm/packages")) {
      receivePackage(request, body, response);
    } else {
      refuse(response, 404, "Not Found", "Not Found");
    }
  }

  function receivePackage(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    if (request.headers["kbn-xsrf"] === undefined) {
      refuse(response, 400, "Bad Request", "Request must contain a kbn-xsrf header.");
    } else if (request.headers["content-type"] !== "application/zip" || body.readUInt32LE(0) !== 0x04034b50) {
      refuse(response, 400, "Bad Request", "Archive seems empty.");
    } else {
      uploads.push(body);
      send(response, 200, {
        items: [
          { id: "aquila_salesforce-logins", type: "dashboard" },
          { id: "logs-aquila_salesforce.login-0.1.0", type: "ingest_pipeline" },
          { id: "logs-aquila_salesforce.api-0.1.0", type: "ingest_pipeline" },
        ],
        _meta: { install_source: "upload", name: "aquila_salesforce" },
      });
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    uploads,
    asked,
    policies,
    faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function refuse(response: ServerResponse, statusCode: number, error: string, message: string): void {
  send(response, statusCode, { statusCode, error, message });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
