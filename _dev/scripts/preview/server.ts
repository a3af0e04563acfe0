/** The preview as a page on loopback: dashboards with time range and controls, drawn without Kibana. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Client } from "@elastic/elasticsearch";
import { adminClientOptions, type ClusterAccess } from "../../shared/elasticsearch/cluster.ts";
import { readStoredObjects } from "../dashboards/stored_dashboard.ts";
import { bundlePage, type PageFiles } from "./bundle.ts";
import { dashboardView } from "./dashboard_view.ts";
import { DashboardSearches } from "./panel_data.ts";
import type { TimeRange } from "./time_range.ts";

export interface PreviewOptions {
  readonly cluster: ClusterAccess;
  /** Folder whose `kibana/` holds the dashboards. */
  readonly packageRoot: string;
  /** What the page shows first. By default the last 24 hours. */
  readonly time?: TimeRange;
  /** Values that controls have chosen first, by field. */
  readonly controls?: Readonly<Record<string, readonly string[]>>;
  /** 0, the default, takes a free port. */
  readonly port?: number;
}

export interface Preview {
  /** Address of the page, on loopback. */
  readonly url: string;
  readonly dashboards: readonly { readonly id: string; readonly title: string }[];
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;

/** Serves the page on loopback until it is closed. Throws if the dashboards can't be read or the page can't be bundled. */
export async function servePreview(options: PreviewOptions): Promise<Preview> {
  const { cluster, packageRoot, port = 0, controls = {} } = options;
  const objects = readStoredObjects(packageRoot);
  const files = await bundlePage();
  const client = new Client(adminClientOptions(cluster));
  const searches = new DashboardSearches(client, objects);
  const dashboards = objects.dashboards.map(({ id, attributes }) => ({ id, title: attributes.title }));
  const first = () => ({ time: options.time ?? { from: Date.now() - DAY_MS, to: Date.now() }, controls });

  const answer = async (url: URL): Promise<Answer> => {
    switch (url.pathname) {
      case "/":
        return { type: "text/html", body: pageOf(files) };
      case "/page.js":
        return { type: "text/javascript", body: files.script };
      case "/dashboards":
        return json({ dashboards, first: first() });
      case "/dashboard": {
        const dashboard = objects.dashboards.find(({ id }) => id === url.searchParams.get("id"));
        return dashboard === undefined
          ? { status: 404, type: "text/plain", body: "There is no such dashboard." }
          : json(await dashboardView(searches, dashboard, selectionOf(url.searchParams)));
      }
      default:
        return { status: 404, type: "text/plain", body: "There is no such page." };
    }
  };

  const server = createServer((request, response) => {
    respond(request, response, answer).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      send(response, { status: 500, type: "text/plain", body: text });
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}/`,
    dashboards,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await client.close();
    },
  };
}

interface Answer {
  readonly status?: number;
  readonly type: string;
  readonly body: string;
}

async function respond(request: IncomingMessage, response: ServerResponse, answer: (url: URL) => Promise<Answer>) {
  // A page of another site must not read events through the address that its own name resolves to.
  const host = request.headers.host ?? "";
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)) {
    send(response, { status: 403, type: "text/plain", body: "This page is for this machine." });
    return;
  }
  send(response, await answer(new URL(request.url ?? "/", `http://${host}`)));
}

function send(response: ServerResponse, { status = 200, type, body }: Answer): void {
  response.writeHead(status, { "content-type": `${type}; charset=utf-8`, "cache-control": "no-store" });
  response.end(body);
}

function json(value: unknown): Answer {
  return { type: "application/json", body: JSON.stringify(value) };
}

function selectionOf(params: URLSearchParams) {
  const [from, to] = [Number(params.get("from")), Number(params.get("to"))];
  if (!(from < to)) {
    throw new Error("from must be before to, in milliseconds since the epoch");
  }
  const chosen = [...params].filter(([name]) => name.startsWith("control."));
  const controls = Map.groupBy(chosen, ([name]) => name.slice("control.".length));
  return {
    time: { from, to },
    controls: Object.fromEntries([...controls].map(([field, pairs]) => [field, pairs.map(([, value]) => value)])),
  };
}

function pageOf({ style }: PageFiles): string {
  const head = `<meta charset="utf-8"><title>Dashboards</title><style>${style}</style>`;
  return `<!doctype html><html lang="en"><head>${head}</head><body><div id="page"></div><script src="/page.js"></script></body></html>`;
}
