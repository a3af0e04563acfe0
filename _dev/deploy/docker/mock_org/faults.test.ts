import { describe, expect, test } from "vitest";
import { FaultPlan } from "./faults.ts";
import { connectMockOrg } from "./mock_org.ts";
import { assertion, loggedIn, startedOrg, type TestOrg, tokenAnswer } from "./test_client.ts";

const csv = `"EVENT_TYPE","TIMESTAMP"\n${'"Login","20260717000001.000"\n'.repeat(20_000)}`;

async function orgWithFile(): Promise<{ org: TestOrg; path: string }> {
  const org = await startedOrg();
  const { id } = await org.given.logFile({ eventType: "Login", logDate: "2026-07-17T00:00:00Z", csv });
  return { org, path: `/services/data/v66.0/sobjects/EventLogFile/${id}/LogFile` };
}

const plain = { "accept-encoding": "identity" };

describe("the plan", () => {
  test("strikes the requests it names, after and as often as it says", () => {
    const plan = new FaultPlan();
    plan.add({ on: "query", match: "ApiEvent", after: 1, times: 2, status: 500 });
    const strikes = ["query", "token", "query", "query", "query"] as const;
    const struck = strikes.map((on) => plan.strike(on, "/services/data/v66.0/query?q=SELECT Id FROM ApiEvent")?.status);
    expect(struck).toEqual([undefined, undefined, 500, 500, undefined]);
    expect(plan.strike("query", "/services/data/v66.0/query?q=SELECT Id FROM LoginEvent")).toBeUndefined();
  });

  test("a withdrawn fault strikes no more", () => {
    const plan = new FaultPlan();
    const first = plan.add({ on: "limits", status: 500 });
    plan.add({ on: "limits", status: 503 });
    plan.remove(first);
    expect(plan.strike("limits", "/")?.status).toBe(503);
    plan.remove();
    expect(plan.strike("limits", "/")).toBeUndefined();
  });
});

describe("faults on the wire", () => {
  test("a body is served whole, compressed or not", async () => {
    const { org, path } = await orgWithFile();
    await using _ = org;
    const get = await loggedIn(org);
    const identity = await get(path, plain);
    expect(identity.headers.get("content-length")).toBe(String(csv.length));
    expect(await identity.text()).toBe(csv);
    const gzip = await get(path, { "accept-encoding": "gzip" });
    expect(gzip.headers.get("content-encoding")).toBe("gzip");
    expect(gzip.headers.get("content-length")).toBeNull();
    expect(await gzip.text()).toBe(csv);
  });

  test.each([
    { name: "with Content-Length", headers: plain, fault: {} },
    { name: "in chunks", headers: plain, fault: { withoutContentLength: true } },
    { name: "compressed", headers: { "accept-encoding": "gzip" }, fault: {} },
  ])("a cut body breaks the download ($name)", async ({ headers, fault }) => {
    const { org, path } = await orgWithFile();
    await using _ = org;
    const get = await loggedIn(org);
    await org.given.fault({ on: "logFile", cutAfterBytes: 1_000, times: 1, ...fault });
    const response = await get(path, headers);
    expect(response.status).toBe(200);
    expect(response.headers.has("content-length")).toBe(headers === plain && !("withoutContentLength" in fault));
    await expect(response.text()).rejects.toThrow();
    expect(await (await get(path, headers)).text()).toBe(csv);
    expect((await org.given.counters()).faults).toBe(1);
  });

  test.each([plain, { "accept-encoding": "gzip" }])("a short body is clean HTTP (%j)", async (headers) => {
    const { org, path } = await orgWithFile();
    await using _ = org;
    const get = await loggedIn(org);
    await org.given.fault({ on: "logFile", shortBy: 50 });
    const response = await get(path, headers);
    expect(await response.text()).toBe(csv.slice(0, -50));
  });

  test("a stalled body stays open and silent", async () => {
    const { org, path } = await orgWithFile();
    await using _ = org;
    const get = await loggedIn(org);
    await org.given.fault({ on: "logFile", stallAfterBytes: 100 });
    const response = await get(path, plain);
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value).toHaveLength(100);
    const rest = reader?.read().catch(() => "ended by the close of the org");
    await org.close();
    expect(await rest).toBe("ended by the close of the org");
  });

  test("a token dies before a request, or in the middle of a download", async () => {
    const { org, path } = await orgWithFile();
    await using _ = org;
    const get = await loggedIn(org);
    await org.given.fault({ on: "logFile", killToken: true, times: 1 });
    expect((await get(path)).status).toBe(401);
    const again = await loggedIn(org);
    await org.given.fault({ on: "logFile", killToken: true, cutAfterBytes: 10, times: 1 });
    const response = await again(path, plain);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expect((await again("/services/data/v66.0/limits")).status).toBe(401);
  });

  test("status, body and headers replace the real answer", async () => {
    await using org = await startedOrg();
    const get = await loggedIn(org);
    await org.given.fault({
      on: "limits",
      status: 503,
      body: "<html>maintenance</html>",
      headers: { "retry-after": "7" },
      times: 1,
    });
    const html = await get("/services/data/v66.0/limits");
    expect([html.status, html.headers.get("retry-after"), await html.text()]).toEqual([
      503,
      "7",
      "<html>maintenance</html>",
    ]);
    await org.given.fault({
      on: "token",
      status: 400,
      body: { error: "unknown_error", error_description: "retry your request" },
    });
    expect(await tokenAnswer(org, assertion(org))).toMatchObject({ status: 400, body: { error: "unknown_error" } });
  });

  test("a reset connection and a hanging one get no answer", async () => {
    await using org = await startedOrg();
    const get = await loggedIn(org);
    await org.given.fault({ on: "versions", resetConnection: true });
    await expect(get("/services/data")).rejects.toThrow();
    await org.given.fault({ on: "limits", hang: true });
    const hanging = get("/services/data/v66.0/limits").catch(() => "no answer");
    await arrived(org, "limits");
    await org.close();
    expect(await hanging).toBe("no answer");
  });

  test("a delayed answer comes, unless the org closes before", async () => {
    await using org = await startedOrg();
    const get = await loggedIn(org);
    await org.given.fault({ on: "limits", delayMs: 1, times: 1 });
    expect((await get("/services/data/v66.0/limits")).status).toBe(200);
    await org.given.fault({ on: "describe", delayMs: 3_600_000 });
    const delayed = get("/services/data/v66.0/sobjects/EventLogFile/describe").catch(() => "no answer");
    while ((await org.given.counters()).faults < 2) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await org.close();
    expect(await delayed).toBe("no answer");
  });

  test("a builder in another process steers the same org", async () => {
    await using org = await startedOrg();
    const given = connectMockOrg(org.url);
    const { id } = await given.logFile({
      eventType: "Login",
      logDate: "2026-07-17T00:00:00Z",
      rows: [{ EVENT_TYPE: "Login" }],
    });
    expect((await org.given.logFiles()).map((file) => file.id)).toEqual([id]);
    const fault = await given.fault({ on: "versions", status: 500 });
    expect((await fetch(`${org.url}/services/data`)).status).toBe(500);
    await given.noFault(fault);
    expect((await fetch(`${org.url}/services/data`)).status).toBe(200);
    expect((await given.requests()).map(({ on, status }) => [on, status])).toEqual([
      ["versions", 500],
      ["versions", 200],
    ]);
    expect(await given.org({ apiRequestsUsed: 5 })).toMatchObject({ apiRequestsUsed: 5, name: "Acme production" });
    // What TypeScript refuses in this process, the org itself refuses from another one.
    await expect(given.fault(JSON.parse('{"on": "download"}'))).rejects.toThrow("no requests of kind download");
    await expect(given.org(JSON.parse('{"sandBox": true}'))).rejects.toThrow("an org has no setting sandBox");
    await expect(given.deletedLogFile("0ATunknown")).rejects.toThrow("mock org: no event log file 0ATunknown");
  });
});

/** Waits until the org has taken in a request of that kind. */
async function arrived(org: TestOrg, kind: string): Promise<void> {
  while (!(await org.given.requests()).some(({ on }) => on === kind)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
