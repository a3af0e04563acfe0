import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { THREAT_TYPES } from "../../catalog/threat.ts";
import { InitializedFolder } from "./initialized_folder.fixture.ts";

interface StreamBlock {
  readonly data_stream: { readonly dataset: string };
  readonly objects?: object;
}

let at: InitializedFolder;
beforeEach(() => {
  at = new InitializedFolder();
});
afterEach(() => at.close());

/** The elements of an XML text by name, in order; throws if its tags are not balanced. */
function elements(xml: string): [name: string, value: string][] {
  const open: string[] = [];
  const found: [string, string][] = [];
  for (const [, closing, name = "", inner = ""] of xml.matchAll(/<(\/?)([A-Za-z]+)[^>]*>([^<]*)/g)) {
    if (closing !== "/") {
      open.push(name);
      found.push([name, inner.trim()]);
    } else if (open.pop() !== name) {
      throw new Error(`</${name}> closes nothing`);
    }
  }
  if (open.length > 0) {
    throw new Error(`${open.join(", ")} is not closed`);
  }
  return found;
}

test("the Salesforce project gives the least that is needed, to nobody else", async () => {
  await at.setUp();
  const metadata = new Map(
    at
      .files()
      .filter((path) => path.endsWith(".xml"))
      .map((path) => [path.slice(at.out.length + 1), elements(readFileSync(path, "utf8"))]),
  );
  expect([...metadata.keys()].sort()).toEqual([
    "connected-app/main/default/connectedApps/AQUILA_Event_Logs.connectedApp-meta.xml",
    "force-app/main/default/externalClientApps/AQUILA_Event_Logs.eca-meta.xml",
    "force-app/main/default/extlClntAppGlobalOauthSets/AQUILA_Event_Logs_glbloauth.ecaGlblOauth-meta.xml",
    "force-app/main/default/extlClntAppOauthPolicies/AQUILA_Event_Logs_oauthPlcy.ecaOauthPlcy-meta.xml",
    "force-app/main/default/extlClntAppOauthSettings/AQUILA_Event_Logs_oauth.ecaOauth-meta.xml",
    "force-app/main/default/extlClntAppPolicies/AQUILA_Event_Logs_plcy.ecaPlcy-meta.xml",
    "force-app/main/default/permissionsets/AQUILA_Event_Log_Integration.permissionset-meta.xml",
  ]);
  const valuesOf = (file: string, name: string) =>
    [...metadata]
      .find(([path]) => path.includes(file))?.[1]
      .flatMap(([element, value]) => (element === name ? [value] : []));
  expect(valuesOf("permissionset-meta", "name")).toEqual([
    "ApiEnabled",
    "ViewEventLogFiles",
    "ViewAllUsers",
    "ViewSetup",
  ]);
  expect(valuesOf("ecaOauthPlcy", "permittedUsersPolicyType")).toEqual(["AdminApprovedPreAuthorized"]);
  expect(valuesOf("ecaOauthPlcy", "commaSeparatedPermissionSet")).toEqual(["AQUILA_Event_Log_Integration"]);
  expect(valuesOf("ecaOauth-meta", "commaSeparatedOauthScopes")).toEqual(["Api,RefreshToken"]);
  const { auth } = parse(at.text("policy.yml")).inputs[0];
  for (const file of ["ecaGlblOauth", "connectedApp-meta"]) {
    expect(valuesOf(file, "consumerKey")).toEqual([auth.client_id]);
    expect(valuesOf(file, "certificate")).toEqual([at.text("certificate.crt").trim()]);
  }
  expect(JSON.parse(at.text("sfdx-project.json")).packageDirectories).toContainEqual({
    path: "force-app",
    default: true,
  });
});

test("real-time events and all data only where they are asked for", async () => {
  await at.setUp({ realTime: true, viewAllData: true });
  const permissionSet = at.text(
    "force-app/main/default/permissionsets/AQUILA_Event_Log_Integration.permissionset-meta.xml",
  );
  expect(elements(permissionSet).flatMap(([name, value]) => (name === "name" ? [value] : []))).toEqual([
    "ApiEnabled",
    "ViewEventLogFiles",
    "ViewAllUsers",
    "ViewRealTimeEventMonitoringData",
    "MonitorLoginHistory",
    "ViewSetup",
    "ViewAllData",
  ]);
  const { streams } = parse(at.text("policy.yml")).inputs[0];
  expect(streams.map(({ data_stream, objects }: StreamBlock) => [data_stream.dataset, objects])).toEqual([
    [
      "aquila_salesforce.login",
      { enabled: true, names: ["LoginEvent", "LogoutEvent", "LoginAsEvent", "LoginHistory"] },
    ],
    ["aquila_salesforce.apex", undefined],
    ["aquila_salesforce.api", { enabled: true, names: ["ApiEvent", "BulkApiResultEventStore"] }],
    [
      "aquila_salesforce.data_access",
      { enabled: true, names: ["ReportEvent", "ListViewEvent", "FileEventStore", "PermissionSetEventStore"] },
    ],
    ["aquila_salesforce.setup_audit_trail", { enabled: true, names: ["SetupAuditTrail"] }],
    ["aquila_salesforce.threat", { enabled: true, names: THREAT_TYPES.map(({ name }) => name) }],
  ]);
});

test("real-time events are switched on apart from the rest, and live ones said how", async () => {
  await at.setUp({ realTime: true });
  const settings = at.text("event-manager/main/default/settings/RealTimeEvent.settings-meta.xml");
  const named = elements(settings).flatMap(([name, value]) => (name === "entityName" ? [value] : []));
  expect(named.slice(0, 5)).toEqual([
    "LoginEvent",
    "LoginEventStream",
    "LogoutEvent",
    "LoginAsEvent",
    "LoginAsEventStream",
  ]);
  expect(named).toContain("ApiAnomalyEvent");
  expect(named).not.toContain("LoginHistory");
  expect(settings).toContain("<RealTimeEventSettings");
  expect(JSON.parse(at.text("sfdx-project.json")).packageDirectories).toContainEqual({ path: "event-manager" });
  expect(at.text("NEXT_STEPS.md")).toContain("--source-dir event-manager/main/default");
  expect(at.text("NEXT_STEPS.md")).toContain("`live: {enabled: true}`");
});

test("without them there is nothing of Event Manager", async () => {
  await at.setUp();
  expect(existsSync(join(at.out, "event-manager"))).toBe(false);
  expect(at.text("NEXT_STEPS.md")).not.toContain("Event Manager");
});
