import type { AlertTemplateSpec } from "./alert_condition.ts";

/** What Salesforce itself takes for an attack. */
export const THREAT_DETECTED: AlertTemplateSpec = {
  key: "threat-detected",
  name: "[AQUILA for Salesforce] Threat detected by Salesforce",
  description:
    "Within one hour of the last three days, Salesforce's Threat Detection reported somebody with a score of 80 or more of 100. Models " +
    "report some hours after what happened.",
  guide:
    "Salesforce's own models rate the activity as very unusual, or as an attack.\n\n" +
    "1. **What has Salesforce itself detected?** on the Threats and data leaving dashboard shows kind, person, score and address; the " +
    "event's `salesforce.threat.evidence` says what it rests on.\n" +
    "2. Session hijacking and credential stuffing: freeze the user, end the sessions, reset the password, and ask over another channel.\n" +
    "3. Anomalies of reports, API calls and guests: who exports and downloads most on the same dashboard, and the API dashboard by the " +
    "user, show what was taken. A job that is new is a usual reason.",
  tags: ["Salesforce", "Security"],
  dashboard: "data-leaving",
  interval: "15m",
  window: { size: 3, unit: "d" },
  condition: {
    hourly: true,
    stream: "threat",
    where: [],
    by: ["organization.name", "rule.name", "user.name"],
    measures: { score: { of: "max", field: "event.risk_score_norm" }, detections: { of: "count" } },
    having: [{ measure: "score", is: ">=", than: 80 }],
  },
};
