import { describe, expect, test } from "vitest";
import { DEFAULT_USERNAME } from "./mock_org.ts";
import { loggedIn, queried, startedOrg } from "./test_client.ts";

const username = DEFAULT_USERNAME;

describe("REST resources", () => {
  test("the list of versions needs no token and is not counted", async () => {
    await using org = await startedOrg();
    const response = await fetch(`${org.url}/services/data`);
    const versions = (await response.json()) as { version: string; label: string; url: string }[];
    expect(versions.at(-1)).toEqual({ label: "Winter '27", url: "/services/data/v68.0", version: "68.0" });
    expect(versions.find(({ version }) => version === "60.0")?.label).toBe("Spring '24");
    expect(response.headers.get("sforce-limit-info")).toBeNull();
  });

  test.each([
    ["/services/data/v66.0/limits", { authorization: "" }, 401, "INVALID_SESSION_ID"],
    ["/services/data/v66.0/limits", { authorization: "Bearer 00Dx!nothing" }, 401, "INVALID_SESSION_ID"],
    ["/services/data/v99.0/limits", {}, 404, "NOT_FOUND"],
    ["/services/data/v20.0/limits", {}, 410, "UNSUPPORTED_API_VERSION"],
    ["/services/data/v66.0/nothing", {}, 404, "NOT_FOUND"],
    ["/services/data/v66.0/sobjects/EventLogFile/0AT000000000000AAA/LogFile", {}, 404, "NOT_FOUND"],
    ["/services/data/v66.0/query", {}, 400, "MALFORMED_QUERY"],
  ])("%s %j answers %i %s", async (path, headers, status, errorCode) => {
    await using org = await startedOrg();
    const get = await loggedIn(org);
    const response = await get(path, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject([{ errorCode }]);
  });

  test("counts requests against the org's allocation and refuses when it is used up", async () => {
    await using org = await startedOrg({ apiRequestsMax: 12, apiRequestsUsed: 10 });
    const get = await loggedIn(org);
    const limits = await get("/services/data/v66.0/limits");
    expect(limits.headers.get("sforce-limit-info")).toBe("api-usage=11/12");
    expect(await limits.json()).toMatchObject({ DailyApiRequests: { Max: 12, Remaining: 1 } });
    const query = await get("/services/data/v66.0/query?q=SELECT+Nothing+FROM+EventLogFile");
    expect(query.headers.get("sforce-limit-info")).toBe("api-usage=12/12");
    const refused = await get("/services/data/v66.0/limits");
    expect(refused.status).toBe(403);
    expect(refused.headers.get("sforce-limit-info")).toBe("api-usage=12/12");
    expect(await refused.json()).toEqual([
      { message: "TotalRequests Limit exceeded.", errorCode: "REQUEST_LIMIT_EXCEEDED" },
    ]);
  });

  test("describes the columns that the org has", async () => {
    await using org = await startedOrg({ hourlyFiles: false });
    const get = await loggedIn(org);
    const names = async () => {
      const response = await get("/services/data/v66.0/sobjects/EventLogFile/describe");
      const { fields } = (await response.json()) as { fields: { name: string }[] };
      return fields.map(({ name }) => name);
    };
    expect(await names()).not.toContain("Interval");
    await org.given.org({ hourlyFiles: true });
    expect(await names()).toContain("Interval");
  });

  test("describes, and answers, an object's fields as the user sees them", async () => {
    await using org = await startedOrg();
    const get = await loggedIn(org);
    const names = async () => {
      const response = await get("/services/data/v66.0/sobjects/LoginEvent/describe");
      const { fields } = (await response.json()) as { fields: { name: string }[] };
      return fields.map(({ name }) => name);
    };
    expect(await names()).not.toContain("DeviceTrust");
    await org.given.field("LoginEvent", { name: "DeviceTrust" });
    await org.given.field("LoginEvent", { name: "Place", type: "address" });
    expect(await names()).toEqual(expect.arrayContaining(["City", "DeviceTrust", "Place"]));
    await org.given.user({ username, hiddenFields: ["LoginEvent.City"] });
    expect(await names()).not.toContain("City");
    expect((await queried(org, "SELECT DeviceTrust FROM LoginEvent")).status).toBe(200);
    expect(await queried(org, "SELECT City FROM LoginEvent")).toMatchObject({
      status: 400,
      body: [{ errorCode: "INVALID_FIELD" }],
    });
    expect(await queried(org, "SELECT Place FROM LoginEvent")).toMatchObject({
      status: 400,
      body: [{ errorCode: "BIG_OBJECT_UNSUPPORTED_OPERATION" }],
    });
  });

  test.each([
    ["EventLogFile", "ViewEventLogFiles"],
    ["LoginEvent", "ViewRealTimeEventMonitoringData"],
    ["ApiEvent", "ViewRealTimeEventMonitoringData"],
  ])("%s does not exist for a user without %s", async (object) => {
    await using org = await startedOrg();
    await org.given.user({ username, permissions: ["ApiEnabled"] });
    const { status, body } = await queried(org, `SELECT EventIdentifier FROM ${object}`);
    expect(status).toBe(400);
    expect(body[0]).toMatchObject({ errorCode: "INVALID_TYPE" });
    expect(body[0]?.message).toContain(`sObject type '${object}' is not supported.`);
  });

  test("a user without API Enabled is refused", async () => {
    await using org = await startedOrg();
    await org.given.user({ username, permissions: [] });
    const { status, body } = await queried(org, "SELECT Id FROM Organization");
    expect([status, body[0]?.errorCode]).toEqual([403, "API_CURRENTLY_DISABLED"]);
  });

  test("tells the org and its users", async () => {
    await using org = await startedOrg({ name: "Acme sandbox", edition: "Unlimited Edition" });
    const { body } = await queried(org, "SELECT Id, Name, OrganizationType, IsSandbox, InstanceName FROM Organization");
    expect(body.records).toMatchObject([
      { Id: org.orgId, Name: "Acme sandbox", OrganizationType: "Unlimited Edition", IsSandbox: false },
    ]);
    await org.given.user({ username: "bob@acme.example", name: "Bob" });
    const users = await queried(org, "SELECT Name FROM User WHERE Username LIKE 'bob%' AND IsActive = true");
    expect(users.body.records).toMatchObject([{ Name: "Bob" }]);
  });

  test("tells what users are related to, and takes addresses of 16,384 bytes at most", async () => {
    await using org = await startedOrg();
    await org.given.records("User", [{ Username: "amy@acme.example", "Profile.Name": "Admin" }]);
    const soql = "SELECT Username, Profile.Name, UserRole.Name FROM User WHERE Username = 'amy@acme.example'";
    expect((await queried(org, soql)).body.records).toMatchObject([
      { Username: "amy@acme.example", Profile: { Name: "Admin" }, UserRole: null },
    ]);
    expect(await queried(org, "SELECT Owner.Name FROM User")).toMatchObject({
      status: 400,
      body: [
        { errorCode: "INVALID_FIELD", message: expect.stringContaining("Didn't understand relationship 'Owner'") },
      ],
    });
    const ids = (count: number) => Array(count).fill("'005300000000001AAA'").join(",");
    expect((await queried(org, `SELECT Id FROM User WHERE Id IN (${ids(200)})`)).status).toBe(200);
    expect((await queried(org, `SELECT Id FROM User WHERE Id IN (${ids(800)})`)).status).toBe(414);
  });
});
