import type { AlertTemplateSpec } from "./alert_condition.ts";
import { DEFENCES_CHANGED, RIGHTS_GIVEN, RIGHTS_WIDENED, TRUST_CHANGED } from "./setup_actions.ts";

/** Salesforce shows a change within minutes; the second day is for a collection that stood still over night. */
const twoDays = { size: 2, unit: "d" } as const;
const SHARED = {
  tags: ["Salesforce", "Security"],
  dashboard: "setup-changes",
  interval: "15m",
  window: twoDays,
} as const;

/** Alerts over what was changed in Setup. */
export const SETUP_ALERTS: readonly AlertTemplateSpec[] = [
  {
    ...SHARED,
    key: "permission-escalation",
    name: "[AQUILA for Salesforce] Permissions widened and given",
    description:
      "Within one hour of the last two days, one person widened a permission set, profile or app access, and gave rights to a user. " +
      "It needs the names of users (`names` of the integration is not `none`).",
    guide:
      "Somebody made a permission set or profile stronger and handed it out in the same hour: the way from an administrator's " +
      "account to all data.\n\n" +
      "1. **Who changed what matters to security?** on the Setup changes dashboard, filtered by the person, shows both. The newest " +
      "changes below say in Salesforce's words which permission (*View All Data*, *Modify All Data*, *Author Apex* and *Manage Users* " +
      "are the strong ones) and to whom.\n" +
      "2. **From where do those log in who change Setup?** shows whether the address is the person's usual one.\n" +
      "3. If there is no change request for it: take the assignment back, end the sessions of both users, and look at what the user " +
      "has read since on the API dashboard.",
    condition: {
      hourly: true,
      stream: "setup_audit_trail",
      where: [],
      by: ["organization.name", "user.name"],
      measures: {
        widened: { of: "count", where: [{ field: "event.action", is: RIGHTS_WIDENED }] },
        given: { of: "count", where: [{ field: "event.action", is: RIGHTS_GIVEN }] },
      },
      having: [
        { measure: "widened", is: ">=", than: 1 },
        { measure: "given", is: ">=", than: 1 },
      ],
    },
  },
  {
    ...SHARED,
    key: "defences-changed",
    name: "[AQUILA for Salesforce] Defences changed",
    description:
      "Within one hour of the last two days, somebody changed what protects logins, sessions, passwords or the logs themselves, such " +
      "as multi-factor authentication, login IP ranges, a transaction security policy or the generation of event logs.",
    guide:
      "A setting that protects the org was changed. Attackers do so to stay; administrators do so for good reasons.\n\n" +
      "1. **The newest changes** on the Setup changes dashboard, filtered by the action, say in Salesforce's words from what to what.\n" +
      "2. Ask the person. Was it done as another user (**Who changed Setup as another user?**), or from a new address?\n" +
      "3. Set it back, and look at the logins since: without the setting, what would not have been possible?",
    condition: {
      hourly: true,
      stream: "setup_audit_trail",
      where: [{ field: "event.action", is: DEFENCES_CHANGED }],
      by: ["organization.name", "event.action"],
      measures: { changes: { of: "count" }, people: { of: "unique_count", field: "user.name" } },
      having: [{ measure: "changes", is: ">=", than: 1 }],
    },
  },
  {
    ...SHARED,
    key: "trust-changed",
    name: "[AQUILA for Salesforce] Connected app, certificate or SSO changed",
    description:
      "Within one hour of the last two days, somebody made or changed a connected app, a certificate, a named credential's secret, a " +
      "single sign-on address or the federation id of a user.",
    guide:
      "Something that opens the org without a password is new: an app, a key, or another identity for a user.\n\n" +
      "1. **The newest changes** on the Setup changes dashboard, filtered by the action, name the app, certificate or user.\n" +
      "2. For an app: the API dashboard shows whether it calls already, from where, and how much it reads.\n" +
      "3. For a federation id: Logins dashboard, filtered by the user whose id was changed. Was there a login by single sign-on since?",
    condition: {
      hourly: true,
      stream: "setup_audit_trail",
      where: [{ field: "event.action", is: TRUST_CHANGED }],
      by: ["organization.name", "event.action"],
      measures: { changes: { of: "count" }, people: { of: "unique_count", field: "user.name" } },
      having: [{ measure: "changes", is: ">=", than: 1 }],
    },
  },
];
