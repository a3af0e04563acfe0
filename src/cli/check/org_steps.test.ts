import { afterEach, beforeEach, expect, test } from "vitest";
import { CheckedOrg, type WrongSetUp } from "./checked_org.fixture.ts";

/** What event log files and names need. */
const PERMISSIONS = ["ApiEnabled", "ViewEventLogFiles", "ViewAllUsers"] as const;

const WAYS: ReadonlyArray<WrongSetUp & { way: string }> = [
  {
    way: "an API version that is too new",
    set: (at) => (at.input.api.version = "99.0"),
    step: "API version",
    verdict: "failed",
    cause: /^The org does not offer API version 99\.0, only 31\.0 to 68\.0\.$/,
    cure: 'Set api.version to "68.0".',
  },
  {
    way: "an API version that is about to be retired",
    set: (at) => {
      const body = ["65.0", "66.0", "67.0", "68.0"].map((version) => ({ version }));
      return at.org.given.fault({ on: "versions", body });
    },
    step: "API version",
    verdict: "warning",
    cause: /^66\.0 is among the oldest that the org offers \(65\.0 to 68\.0\)\.$/,
    cure: 'Set api.version to "68.0".',
  },
  {
    way: "the user lacks API Enabled",
    set: (at) => at.org.given.user({ username: at.org.username, permissions: ["ViewEventLogFiles"] }),
    step: "organization",
    verdict: "failed",
    cause: /has the API switched off for this user or org .*API is disabled for this User/,
    cure: "Assign the integration user a permission set with 'API Enabled'; a user of the Salesforce Integration licence needs the permission set licence 'Salesforce API Integration' too. The org's edition must include API access.",
  },
  {
    way: "the API calls of the day are used up",
    set: (at) => at.org.given.org({ apiRequestsUsed: 100_000 }),
    step: "organization",
    verdict: "failed",
    cause: /has no API calls left for this org .*REQUEST_LIMIT_EXCEEDED/,
    cure: "Collection goes on when the 24-hour allocation allows it; see Setup > Company Information > API Requests.",
  },
  {
    way: "the user does not see the org's own record",
    set: (at) => {
      const body = [{ errorCode: "INVALID_TYPE", message: "sObject type 'Organization' is not supported." }];
      return at.org.given.fault({ on: "query", match: "FROM Organization", status: 400, body });
    },
    step: "organization",
    verdict: "warning",
    cause: /^00D\w{15}\. The user does not see the org's own record\.$/,
  },
  {
    way: "the user lacks View Event Log Files",
    set: (at) => at.org.given.user({ username: at.org.username, permissions: ["ApiEnabled", "ViewAllUsers"] }),
    step: "event log files",
    verdict: "failed",
    cause: /does not show this object to the integration user .*INVALID_TYPE/,
    cure: "Event log files need 'View Event Log Files'; real-time objects need Event Monitoring, 'View Real-Time Event Monitoring Data' and storage enabled in Event Manager.",
  },
  {
    way: "the org has no hourly files",
    set: (at) => at.org.given.org({ hourlyFiles: false }),
    step: "hourly files",
    verdict: "warning",
    cause:
      /^This org makes no hourly event log files, so daily ones are collected\. .*Setup > Event Monitoring Settings\.$/,
  },
  {
    way: "an org without Event Monitoring is to give what needs it",
    set: async (at) => {
      at.input.stream = { event_log_files: { event_types: ["Login", "LoginAs", "Logout"], interval: "daily" } };
      for (const file of await at.org.given.logFiles()) {
        if (file.eventType === "LoginAs" || file.interval === "Hourly") {
          await at.org.given.deletedLogFile(file.id);
        }
      }
    },
    step: "event log files",
    verdict: "warning",
    cause: /^aquila_salesforce\.login: LoginAs will stay empty: the org has no file of any event type that needs Event/,
    cure: "They come with Salesforce Shield or the Event Monitoring add-on; without it, take them out of event_log_files.event_types.",
  },
  {
    way: "the user sees no other users",
    set: (at) => at.org.given.user({ username: at.org.username, permissions: ["ApiEnabled", "ViewEventLogFiles"] }),
    step: "names",
    verdict: "warning",
    cause: /^Names of other users are not visible: events have the ids alone\.$/,
    cure: "Assign the integration user a permission set with 'View All Users', or set names to none.",
  },
  {
    way: "the user lacks View Real-Time Event Monitoring Data",
    set: async (at) => {
      at.input.stream.objects = { enabled: true, names: ["LoginEvent"] };
      await at.org.given.user({ username: at.org.username, permissions: PERMISSIONS });
    },
    step: "event objects",
    verdict: "warning",
    cause: /does not show this object to the integration user \(query of LoginEvent; INVALID_TYPE/,
    cure: "Assign the integration user a permission set with 'API Enabled' and 'View Real-Time Event Monitoring Data', and enable storage of LoginEvent in Setup > Event Manager. Both need Salesforce Shield or the Event Monitoring add-on; without it, take LoginEvent out of objects.names.",
  },
  {
    way: "LoginHistory shows just the user's own logins",
    set: async (at) => {
      at.input.stream.objects = { enabled: true, names: ["LoginHistory"] };
      const { id } = await at.org.given.user({ username: at.org.username, permissions: PERMISSIONS });
      await at.org.given.records("LoginHistory", [
        { UserId: id, LoginTime: new Date(Date.now() - 60_000).toISOString() },
      ]);
    },
    step: "event objects",
    verdict: "warning",
    cause: /^LoginHistory: only the integration user's own logins are visible\.$/,
    cure: "Assign it a permission set with 'Monitor Login History' or 'Manage Users'.",
  },
  {
    way: "the share of the API calls is too small",
    set: (at) => at.org.given.org({ apiRequestsMax: 500 }),
    step: "API calls",
    verdict: "warning",
    cause:
      /^\d+ of the org's 500 calls were used in the last 24 hours; this policy makes about 219 a day, of its share of 100\.$/,
    cure: "Beyond its share the integration waits. Raise api.daily_request_share, poll less often, or collect fewer event types.",
  },
];

let at: CheckedOrg;
beforeEach(async () => {
  at = await CheckedOrg.open();
});
afterEach(() => at.close());

test.each(WAYS)("$way", async (wrong) => {
  await at.finds(wrong);
});

test("an org that does not count its files is asked for a list of them", async () => {
  const body = [{ errorCode: "MALFORMED_QUERY", message: "Grouping is not supported" }];
  await at.org.given.fault({ on: "query", match: "COUNT(Id)", status: 400, body });
  const { exitCode, lines } = await at.checked();
  expect(lines.find(({ step }) => step === "event log files")).toMatchObject({
    verdict: "ok",
    message: expect.stringMatching(/Login \(daily since .*, hourly since .*\), LoginAs \(daily since/),
  });
  expect(exitCode).toBe(0);
});

test("objects that not every org has are told in one finding, which is no warning", async () => {
  at.input.stream = { data_stream: { dataset: "aquila_salesforce.threat" } };
  await at.org.given.user({ username: at.org.username, permissions: PERMISSIONS });
  const ofObjects = async () => {
    const { lines } = await at.checked();
    return lines.filter(({ step }) => step === "event objects").map(({ verdict, message }) => `${verdict}: ${message}`);
  };
  expect(await ofObjects()).toEqual([
    expect.stringMatching(/^ok: Not there .*: ApiAnomalyEventStore, .*, UniversalAnomalyEventStore\. .* Shield /),
  ]);
  await at.org.given.user({
    username: at.org.username,
    permissions: [...PERMISSIONS, "ViewRealTimeEventMonitoringData"],
  });
  expect(await ofObjects()).toHaveLength(7);
});

test("an org with hourly files has Event Monitoring, whatever types there are", async () => {
  for (const file of await at.org.given.logFiles()) {
    if (file.eventType === "LoginAs") {
      await at.org.given.deletedLogFile(file.id);
    }
  }
  const { lines } = await at.checked();
  expect(lines.filter(({ verdict }) => verdict === "warning")).toEqual([]);
  expect(lines.map(({ message }) => message).join("\n")).toContain(
    "no file of LoginAs, as nothing of the kind happened",
  );
});

test("shows the address that Salesforce sees the user come from", async () => {
  const { id: userId } = await at.org.given.user({ username: at.org.username });
  const login = { UserId: userId, SourceIp: "203.0.113.7", LoginTime: new Date().toISOString(), Status: "Success" };
  await at.org.given.records("LoginHistory", [login]);
  const { lines } = await at.checked();
  expect(lines.find(({ step }) => step === "egress address")?.message).toMatch(/^Salesforce sees 203\.0\.113\.7\. /);
});
