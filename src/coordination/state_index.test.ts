import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createStateIndex, type StateIndex } from "./state_index.ts";

const INDEX = "aquila-salesforce-state";
const MEGABYTE = 1_024 * 1_024;

let server: Server;
let documents: StateIndex;
/** Megabytes of each document. */
let sizes: Readonly<Record<string, number>>;
let asked: string[][];

beforeEach(async () => {
  asked = [];
  server = createServer(async (request, response) => {
    const { ids } = JSON.parse(await text(request)) as { ids: string[] };
    asked.push(ids);
    const docs = ids.map((id) => {
      const noise = "x".repeat((sizes[id] ?? 0) * MEGABYTE);
      return { _id: id, found: true, _seq_no: 1, _primary_term: 1, _source: { id, noise } };
    });
    const body = JSON.stringify({ docs });
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": body.length,
      "x-elastic-product": "Elasticsearch",
    });
    response.on("error", () => {});
    response.end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const hosts = [`http://127.0.0.1:${(server.address() as AddressInfo).port}`];
  documents = createStateIndex(INDEX, { hosts, compressionLevel: 0, workers: 1, requestTimeout: 0 }, 60_000);
});
afterEach(async () => {
  await documents.close();
  server.closeAllConnections();
  server.close();
});

test("documents that are too long for one answer are read in several", async () => {
  sizes = { a: 7, b: 7, c: 7 };
  expect([...(await documents.read(["a", "b", "c"])).keys()]).toEqual(["a", "b", "c"]);
  expect(asked).toEqual([["a", "b", "c"], ["a", "b"], ["c"]]);
});

test("one that no host has written is named as too long, not called unreachable", async () => {
  sizes = { members: 17 };
  await expect(documents.read(["members", "00D|lease"])).rejects.toMatchObject({
    code: "state_unusable",
    next: { do: "retry" },
    message: "The document members of the shared state in aquila-salesforce-state is too long to be the runner's.",
    cure: "Something else has written to the index: delete the document.",
  });
});
