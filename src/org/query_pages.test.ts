import { describe, expect, test } from "vitest";
import type { Http, HttpAnswer } from "../core/http.ts";
import { Secret } from "../core/secret.ts";
import { ApiBudget } from "./api_budget.ts";
import { OrgClient } from "./org_client.ts";
import { queryPages } from "./query_pages.ts";

const HOST = "https://acme.my.salesforce.com";
const never = new AbortController().signal;

/** A client whose org answers these bodies one after the other, and the addresses that were asked. */
function setUp(bodies: readonly unknown[]) {
  const asked: string[] = [];
  const answers = bodies.map((body): HttpAnswer => ({ status: 200, headers: {}, body: JSON.stringify(body) }));
  const http: Http = {
    async send({ url }) {
      asked.push(url.replace(HOST, ""));
      const answer = answers.shift();
      if (answer === undefined) {
        throw new Error("one request too many");
      }
      return answer;
    },
    open: () => Promise.reject(new Error("no download expected")),
    close() {},
  };
  const token = {
    accessToken: new Secret("token"),
    instanceUrl: HOST,
    organizationId: "00D000000000001AAA",
    userId: "005000000000001AAA",
    expiresAt: undefined,
  };
  const session = { token: async () => token, renew: async () => token, state: { is: "signedOut" } } as const;
  const client = new OrgClient({ http, session, budget: new ApiBudget(20), apiVersion: "66.0", requestTimeout: 1_000 });
  return { asked, pages: queryPages(client, "SELECT Id FROM A WHERE B = '+&?'", "records of A", never) };
}

const NEXT = "/services/data/v66.0/query/01g000000000001AAA-2000";
const FIRST = "/services/data/v66.0/query?q=SELECT%20Id%20FROM%20A%20WHERE%20B%20%3D%20'%2B%26%3F'";

describe("the pages of a query", () => {
  test("come in order, each asked for when it is pulled", async () => {
    const { pages, asked } = setUp([
      { totalSize: 3, done: false, nextRecordsUrl: NEXT, records: [{ Id: "1" }, { Id: "2" }] },
      { totalSize: 3, done: true, records: [{ Id: "3" }] },
    ]);
    expect(asked).toEqual([]);
    expect((await pages.next()).value).toEqual([{ Id: "1" }, { Id: "2" }]);
    expect(asked).toEqual([FIRST]);
    expect((await pages.next()).value).toEqual([{ Id: "3" }]);
    expect(asked).toEqual([FIRST, NEXT]);
    expect((await pages.next()).done).toBe(true);
  });

  test("a query that finds nothing has one page without records", async () => {
    const { pages } = setUp([{ totalSize: 0, done: true, records: [] }]);
    expect(await Array.fromAsync(pages)).toEqual([[]]);
  });

  test("a page that says it is the last one is, whatever address it names", async () => {
    const { pages } = setUp([{ done: true, nextRecordsUrl: NEXT, records: [{ Id: "1" }] }]);
    expect(await Array.fromAsync(pages)).toEqual([[{ Id: "1" }]]);
  });

  test.each<[string, unknown]>([
    ["nothing", null],
    ["no object", "text"],
    ["no records", { done: true }],
    ["records that are no list", { done: true, records: {} }],
    ["neither an end nor a next page", { done: false, records: [] }],
    ["a next page that is no address of the org", { done: false, nextRecordsUrl: "https://elsewhere/", records: [] }],
    ["an error in the place of an answer", [{ errorCode: "X" }]],
  ])("%s is no query result", async (_, body) => {
    const { pages } = setUp([body]);
    await expect(pages.next()).rejects.toMatchObject({
      code: "answer_unreadable",
      message: "Salesforce's answer is no query result (records of A).",
      next: { do: "retry" },
    });
  });
});
