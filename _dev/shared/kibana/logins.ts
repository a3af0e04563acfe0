import {
  COLOURS,
  count,
  type DashboardSpec,
  equalRow,
  type Measure,
  marked,
  type Subject,
  share,
  trouble,
} from "./vocabulary.ts";

const { success, failure, neutral, warning } = COLOURS;

const SUCCEEDED = 'event.outcome : "success"';
const FAILED = 'event.outcome : "failure"';

const logins: Subject = { streams: ["login"], where: 'event.action : "login"' };
const failedLogins: Subject = { streams: ["login"], where: `event.action : "login" and ${FAILED}` };
const impersonations: Subject = { streams: ["login"], where: 'event.action : "login-as"' };
/** A login to an API with a username and a password. OAuth never tells how the password was given. */
const passwordLogins: Subject = {
  streams: ["login"],
  where: 'event.action : "login" and salesforce.login.api.type : * and salesforce.login.credential : *',
};

const succeededCount = count("Succeeded", { where: SUCCEEDED, colour: success });
const failedCount = count("Failed", { where: FAILED, colour: failure });
const firstSeen: Measure = { of: "min", field: "@timestamp", label: "First seen" };
const lastSeen: Measure = { of: "max", field: "@timestamp", label: "Last seen" };
const users: Measure = { of: "unique_count", field: "user.name", label: "Users" };
const addresses: Measure = { of: "unique_count", field: "source.ip", label: "Addresses" };

export const LOGINS: DashboardSpec = {
  key: "logins",
  title: "Logins",
  description: "Who logs in, from where and how; what fails and why; who acts as another user.",
  opensWith: "7d",
  rows: [
    equalRow(
      6,
      {
        kind: "metric",
        key: "success-rate",
        title: "Logins that succeed",
        subject: logins,
        measure: share("of all logins", SUCCEEDED, {
          levels: [
            { from: 0, colour: failure },
            { from: 0.8, colour: warning },
            { from: 0.95, colour: success },
          ],
        }),
      },
      {
        kind: "metric",
        key: "failures",
        title: "Failed logins",
        subject: failedLogins,
        measure: count("failures", { levels: trouble(300, 100) }),
      },
      {
        kind: "metric",
        key: "users-failing",
        title: "Users with failed logins",
        subject: failedLogins,
        measure: { ...users, label: "usernames", levels: trouble(50, 10) },
      },
      {
        kind: "metric",
        key: "addresses",
        title: "Addresses that log in",
        subject: logins,
        measure: { ...addresses, label: "addresses" },
      },
      {
        kind: "metric",
        key: "impersonations",
        title: "Logins as another user",
        subject: impersonations,
        measure: count("by administrators and support", { levels: trouble(200) }),
      },
      {
        kind: "metric",
        key: "password-logins",
        title: "API logins with a password",
        subject: passwordLogins,
        measure: count("instead of OAuth", { levels: trouble(1_000) }),
      },
    ),
    {
      height: 12,
      panels: [
        [
          24,
          {
            kind: "table",
            key: "failing-addresses",
            title: "Does one address try many users?",
            description: "Many users tried and few logins from one address is the mark of password spraying.",
            subject: logins,
            groups: [{ by: "terms", field: "source.ip", label: "Address" }],
            measures: [
              { ...failedCount, levels: marked(50, 100) },
              { ...users, where: FAILED, label: "Users tried", levels: marked(5, 10) },
              succeededCount,
              { of: "last_value", field: "source.geo.country_iso_code", label: "Country" },
              lastSeen,
            ],
          },
        ],
        [
          24,
          {
            kind: "table",
            key: "failing-users",
            title: "Which users fail most?",
            subject: logins,
            groups: [{ by: "terms", field: "user.name", label: "User" }],
            measures: [
              { ...failedCount, levels: marked(20, 50) },
              succeededCount,
              addresses,
              { of: "last_value", field: "event.reason", label: "Last reason" },
            ],
          },
        ],
      ],
    },
    {
      height: 12,
      panels: [
        [
          28,
          {
            kind: "series",
            key: "outcomes",
            title: "Do more logins fail than usual?",
            subject: logins,
            shape: "bar_stacked",
            measures: [failedCount, succeededCount],
            axis: "Logins",
          },
        ],
        [
          20,
          {
            kind: "top",
            key: "reasons",
            title: "Why do logins fail?",
            subject: failedLogins,
            groups: { by: "terms", field: "event.reason", label: "Reason", size: 8, other: true },
            measures: [count("Failed logins", { colour: failure })],
            axis: "Failed logins",
          },
        ],
      ],
    },
    {
      height: 12,
      panels: [
        [
          24,
          {
            kind: "map",
            key: "map",
            title: "Where do logins come from?",
            subject: logins,
            field: "source.geo.location",
            colour: neutral,
          },
        ],
        [
          12,
          {
            kind: "top",
            key: "countries",
            title: "From which countries?",
            subject: logins,
            groups: { by: "terms", field: "source.geo.country_iso_code", label: "Country", rankedBy: 1 },
            measures: [failedCount, succeededCount],
            axis: "Logins",
          },
        ],
        [
          12,
          {
            kind: "top",
            key: "networks",
            title: "From which networks?",
            subject: logins,
            groups: { by: "terms", field: "source.as.organization.name", label: "Network", rankedBy: 1 },
            measures: [failedCount, succeededCount],
            axis: "Logins",
          },
        ],
      ],
    },
    {
      height: 12,
      panels: [
        [
          24,
          {
            kind: "table",
            key: "new-countries",
            title: "Which countries came in last, within the time range?",
            description:
              "By the time of the first login in the time range, latest first. The alert compares with 30 days before.",
            subject: logins,
            groups: [{ by: "terms", field: "source.geo.country_iso_code", label: "Country", size: 20 }],
            measures: [firstSeen, succeededCount, failedCount, users],
          },
        ],
        [
          24,
          {
            kind: "table",
            key: "new-addresses",
            title: "Which addresses came in last, within the time range?",
            description:
              "By the time of the first login in the time range, latest first. Choose 30 days to tell what is new from what is rare.",
            subject: logins,
            groups: [{ by: "terms", field: "source.ip", label: "Address", size: 20 }],
            measures: [
              firstSeen,
              succeededCount,
              failedCount,
              users,
              { of: "last_value", field: "source.geo.country_iso_code", label: "Country" },
            ],
          },
        ],
      ],
    },
    {
      height: 12,
      panels: [
        [
          28,
          {
            kind: "table",
            key: "login-as",
            title: "Which administrator acted as whom?",
            subject: impersonations,
            groups: [
              { by: "terms", field: "user.name", label: "Administrator" },
              { by: "terms", field: "user.effective.name", label: "Acted as" },
            ],
            measures: [count("Logins"), { of: "last_value", field: "source.ip", label: "From" }, lastSeen],
          },
        ],
        [
          20,
          {
            kind: "series",
            key: "login-as-trend",
            title: "When do administrators act as others?",
            subject: impersonations,
            shape: "bar_stacked",
            measures: [count("Logins as another user", { colour: warning })],
            axis: "Logins",
          },
        ],
      ],
    },
    {
      height: 10,
      panels: [
        [
          24,
          {
            kind: "top",
            key: "types",
            title: "How do users log in?",
            subject: logins,
            groups: { by: "terms", field: "salesforce.login.type", label: "Type of login", size: 6, other: true },
            measures: [count("Logins", { colour: neutral })],
            axis: "Logins",
          },
        ],
        [
          24,
          {
            kind: "top",
            key: "clients",
            title: "With which browsers and clients?",
            subject: logins,
            groups: { by: "terms", field: "user_agent.name", label: "Client", size: 8, other: true, rankedBy: 1 },
            measures: [failedCount, succeededCount],
            axis: "Logins",
          },
        ],
      ],
    },
    {
      height: 6,
      panels: [
        [
          18,
          {
            kind: "table",
            key: "applications",
            title: "To which applications?",
            description: "Told by LoginEvent and LoginHistory; event log files don't name the application.",
            pageSize: 4,
            subject: logins,
            groups: [{ by: "terms", field: "salesforce.login.application", label: "Application" }],
            measures: [count("Logins"), users, firstSeen],
          },
        ],
        [
          14,
          {
            kind: "table",
            key: "password-users",
            title: "Who still sends passwords to an API?",
            pageSize: 4,
            subject: passwordLogins,
            groups: [
              { by: "terms", field: "user.name", label: "User" },
              { by: "terms", field: "salesforce.login.api.type", label: "API", size: 3 },
            ],
            measures: [count("Logins")],
          },
        ],
        [
          16,
          {
            kind: "table",
            key: "tls",
            title: "Which TLS versions are in use?",
            pageSize: 4,
            subject: logins,
            groups: [{ by: "terms", field: "tls.version", label: "TLS", size: 5 }],
            measures: [count("Logins"), users, { of: "last_value", field: "user.name", label: "Last user" }],
          },
        ],
      ],
    },
    {
      height: 12,
      panels: [
        [48, { kind: "events", key: "last-failures", title: "The last failed logins", search: "failed-logins" }],
      ],
    },
  ],
};
