import { request } from "node:http";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Preview, servePreview } from "./server.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

let preview: Preview;

beforeAll(async () => {
  // Nothing here searches: the address is never asked.
  preview = await servePreview({ cluster: { url: "http://127.0.0.1:9", apiKey: "" }, packageRoot: ROOT });
}, 60_000);
afterAll(() => preview.close());

function answered(path: string, host = new URL(preview.url).host): Promise<{ status: number; body: string }> {
  return new Promise((done, failed) => {
    const asked = request(new URL(path, preview.url), { headers: { host } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => done({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    asked.on("error", failed);
    asked.end();
  });
}

test("the page is served on loopback with its script and the dashboards", async () => {
  expect(new URL(preview.url).hostname).toBe("127.0.0.1");
  expect((await answered("/")).body).toContain('<div id="page">');
  expect((await answered("/page.js")).body.length).toBeGreaterThan(100_000);
  expect(preview.dashboards.map(({ id }) => id)).toEqual([
    "aquila_salesforce-overview",
    "aquila_salesforce-logins",
    "aquila_salesforce-apex",
    "aquila_salesforce-api",
    "aquila_salesforce-setup-changes",
    "aquila_salesforce-data-leaving",
    "aquila_salesforce-collection-health",
  ]);
  expect(JSON.parse((await answered("/dashboards")).body).dashboards).toEqual(preview.dashboards);
});

test.each([
  ["another page", "/secrets", undefined, 404, "no such page"],
  ["an unknown dashboard", "/dashboard?id=x&from=1&to=2", undefined, 404, "no such dashboard"],
  [
    "a time that ends before it begins",
    "/dashboard?id=aquila_salesforce-api&from=2&to=1",
    undefined,
    500,
    "from must be before to",
  ],
  ["a page under another name", "/", "events.example", 403, "for this machine"],
])("%s is refused", async (_, path, host, status, text) => {
  const answer = await answered(path, host);
  expect(answer.status).toBe(status);
  expect(answer.body).toContain(text);
});
