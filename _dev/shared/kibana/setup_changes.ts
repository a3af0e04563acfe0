import { DEFENCES_CHANGED, RIGHTS_GIVEN, RIGHTS_WIDENED, TRUST_CHANGED } from "./setup_actions.ts";
import {
  COLOURS,
  count,
  type DashboardSpec,
  equalRow,
  type Measure,
  marked,
  type Subject,
  trouble,
} from "./vocabulary.ts";

const { success, failure, warning, neutral } = COLOURS;

function oneOf(actions: readonly string[]): string {
  return `event.action : (${actions.map((action) => `"${action}"`).join(" or ")})`;
}

const MATTERS = oneOf([...RIGHTS_WIDENED, ...RIGHTS_GIVEN, ...DEFENCES_CHANGED, ...TRUST_CHANGED]);

const changes: Subject = { streams: ["setup_audit_trail"] };
const mattering: Subject = { ...changes, where: MATTERS };
const delegated: Subject = { ...changes, where: "salesforce.setup_audit_trail.delegate_user : *" };
const ofPeople: Subject = { streams: ["setup_audit_trail", "login"], where: "user.name : *" };

const people: Measure = { of: "unique_count", field: "user.name", label: "People" };
const firstSeen: Measure = { of: "min", field: "@timestamp", label: "First" };
const lastSeen: Measure = { of: "max", field: "@timestamp", label: "Last" };
const section: Measure = { of: "last_value", field: "salesforce.setup_audit_trail.section", label: "Section" };

export const SETUP_CHANGES: DashboardSpec = {
  key: "setup-changes",
  title: "Setup changes",
  description:
    "Who changed rights, defences, connected apps and everything else in Setup, beside that person's logins.",
  opensWith: "7d",
  rows: [
    equalRow(
      6,
      {
        kind: "metric",
        key: "changes",
        title: "Changes in Setup",
        subject: changes,
        measure: count("changes"),
      },
      {
        kind: "metric",
        key: "people",
        title: "People who change Setup",
        subject: changes,
        measure: { ...people, label: "people" },
      },
      {
        kind: "metric",
        key: "rights-widened",
        title: "Permission sets and profiles widened",
        subject: { ...changes, where: oneOf(RIGHTS_WIDENED) },
        measure: count("changes", { levels: trouble(20) }),
      },
      {
        kind: "metric",
        key: "defences",
        title: "Defences changed",
        subject: { ...changes, where: oneOf(DEFENCES_CHANGED) },
        measure: count("login, session, password and log settings", { levels: trouble(5) }),
      },
      {
        kind: "metric",
        key: "trust",
        title: "Apps, certificates and SSO changed",
        subject: { ...changes, where: oneOf(TRUST_CHANGED) },
        measure: count("changes", { levels: trouble(10) }),
      },
      {
        kind: "metric",
        key: "delegated",
        title: "Changes made as another user",
        subject: delegated,
        measure: count("by administrators who were logged in as somebody", { levels: trouble(20) }),
      },
    ),
    {
      height: 12,
      panels: [
        [
          28,
          {
            kind: "table",
            key: "who-changed",
            title: "Who changed what matters to security?",
            subject: mattering,
            groups: [
              { by: "terms", field: "user.name", label: "Who", size: 20 },
              { by: "terms", field: "event.action", label: "What", size: 10 },
            ],
            measures: [count("Changes"), section, firstSeen, lastSeen],
          },
        ],
        [
          20,
          {
            kind: "series",
            key: "mattering-trend",
            title: "When was it changed?",
            subject: mattering,
            shape: "bar_stacked",
            measures: [
              count("Rights widened", { where: oneOf(RIGHTS_WIDENED), colour: failure }),
              count("Rights given", { where: oneOf(RIGHTS_GIVEN), colour: neutral }),
              count("Defences changed", { where: oneOf(DEFENCES_CHANGED), colour: warning }),
              count("Apps, certificates, SSO", { where: oneOf(TRUST_CHANGED), colour: success }),
            ],
            axis: "Changes",
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
            key: "logins-of-people",
            title: "From where do those log in who change Setup?",
            description: "Those with most changes first. A new address just before a change is worth a question.",
            subject: ofPeople,
            groups: [{ by: "terms", field: "user.name", label: "Who", size: 20 }],
            measures: [
              count("Changes that matter", { where: MATTERS, levels: marked(10, 50) }),
              count("Changes", { where: 'event.code : "SetupAuditTrail"' }),
              count("Logins", { where: 'event.action : "login" and event.outcome : "success"' }),
              count("Failed logins", { where: 'event.action : "login" and event.outcome : "failure"' }),
              { of: "unique_count", field: "source.ip", label: "Addresses" },
              { of: "last_value", field: "source.ip", label: "Last address" },
            ],
          },
        ],
        [
          20,
          {
            kind: "table",
            key: "as-another",
            title: "Who changed Setup as another user?",
            subject: delegated,
            groups: [
              { by: "terms", field: "user.name", label: "Administrator" },
              { by: "terms", field: "user.effective.name", label: "Acted as" },
            ],
            measures: [count("Changes"), lastSeen],
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
            kind: "top",
            key: "sections",
            title: "Which sections of Setup are changed?",
            subject: changes,
            groups: {
              by: "terms",
              field: "salesforce.setup_audit_trail.section",
              label: "Section",
              size: 10,
              other: true,
            },
            measures: [count("Changes", { colour: neutral })],
            axis: "Changes",
          },
        ],
        [
          24,
          {
            kind: "top",
            key: "actions",
            title: "Which changes are most frequent?",
            subject: changes,
            groups: { by: "terms", field: "event.action", label: "What", size: 10, other: true },
            measures: [count("Changes", { colour: neutral })],
            axis: "Changes",
          },
        ],
      ],
    },
    {
      height: 14,
      panels: [
        [
          48,
          { kind: "events", key: "events", title: "The newest changes, in Salesforce's words", search: "setup-events" },
        ],
      ],
    },
  ],
};
