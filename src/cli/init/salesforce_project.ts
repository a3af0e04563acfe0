/**
 * The Salesforce side as metadata in source format, to be deployed by Salesforce's command line: a permission set with the
 * least that collection needs, and an app with the JWT bearer flow that only its holders may use. Pure.
 * Source: Metadata API Developer Guide, the types named in the files.
 */

import { findObjectType } from "../../catalog/catalog.ts";

/** Names of the metadata components. */
export const PERMISSION_SET = "AQUILA_Event_Log_Integration";
const APP = "AQUILA_Event_Logs";
export const LABEL = "AQUILA Event Log Integration";

/** Folders of the project, for the commands that deploy them. */
export const PERMISSION_SET_FOLDER = "force-app/main/default/permissionsets";
export const APP_FOLDER = "force-app/main/default";
export const CERTIFICATE_FOLDER = "force-app/main/default/extlClntAppGlobalOauthSets";
export const CONNECTED_APP_FOLDER = "connected-app/main/default";
export const EVENT_MANAGER_FOLDER = "event-manager/main/default";

const GLOBAL_OAUTH_FILE = `${CERTIFICATE_FOLDER}/${APP}_glbloauth.ecaGlblOauth-meta.xml`;
const CONNECTED_APP_FILE = `${CONNECTED_APP_FOLDER}/connectedApps/${APP}.connectedApp-meta.xml`;

/** Unused by the JWT bearer flow; every app must have one. */
const CALLBACK_URL = "https://login.salesforce.com/services/oauth2/success";

export interface ProjectOptions {
  /** Consumer key of the app. */
  readonly clientId: string;
  /** PEM. */
  readonly certificate: string;
  readonly contactEmail: string;
  /** The event objects that the policy collects. */
  readonly objects: readonly string[];
  /** Also View All Data. */
  readonly viewAllData: boolean;
}

/** The files of the project by their path in it. */
export function salesforceProject(options: ProjectOptions): ReadonlyMap<string, string> {
  const events = eventManager(options);
  const packageDirectories = [
    { path: "force-app", default: true },
    { path: "connected-app" },
    ...(events.length === 0 ? [] : [{ path: "event-manager" }]),
  ];
  const project = { packageDirectories, namespace: "", sourceApiVersion: "66.0" };
  return new Map([
    ["sfdx-project.json", `${JSON.stringify(project, undefined, 2)}\n`],
    [`${PERMISSION_SET_FOLDER}/${PERMISSION_SET}.permissionset-meta.xml`, permissionSet(options)],
    ...externalClientApp(options),
    [CONNECTED_APP_FILE, connectedApp(options)],
    ...events,
  ]);
}

/** The files that hold the certificate, by their path in the project. */
export const CERTIFICATE_FILES = [GLOBAL_OAUTH_FILE, CONNECTED_APP_FILE] as const;

/** The same file with another certificate; as it is if it holds none. */
export function withCertificate(metadata: string, certificate: string): string {
  return metadata.replace(
    /<certificate>[^<]*<\/certificate>/,
    () => `<certificate>${escaped(certificate)}</certificate>`,
  );
}

type Value = string | boolean | readonly Element[];
type Element = readonly [name: string, value: Value];

/** A user permission of the permission set. */
export interface Permission {
  /** As metadata has it. */
  readonly name: string;
  /** As Setup shows it. */
  readonly label: string;
  /** What it is for. */
  readonly why: string;
}

/** The permissions that a policy with these event objects needs, and no more (Object Reference, the objects' special access rules). */
export function neededPermissions(objects: readonly string[], viewAllData: boolean): readonly Permission[] {
  const types = Map.groupBy(
    objects.flatMap((name) => findObjectType(name) ?? []),
    ({ permission }) => permission,
  );
  return [
    { name: "ApiEnabled", label: "API Enabled", why: "the runner uses nothing but the REST API" },
    { name: "ViewEventLogFiles", label: "View Event Log Files", why: "reads event log files, and no other data" },
    {
      name: "ViewAllUsers",
      label: "View All Users",
      why: "looks up the names of the users that events name by their ids; without it events have ids alone",
    },
    ...[...types].map(([{ name, label, without }, read]) => ({
      name,
      label,
      why: [
        `reads ${read.map((type) => type.name).join(", ")}`,
        ...(without === undefined ? [] : [`without it ${without}`]),
        ...(read.every(({ free }) => !free) ? ["it exists only with Event Monitoring"] : []),
      ].join("; "),
    })),
    ...(viewAllData
      ? [
          {
            name: "ViewAllData",
            label: "View All Data",
            why: "reads every record of the org; collection does not need it",
          },
        ]
      : []),
  ];
}

function permissionSet({ objects, viewAllData }: ProjectOptions): string {
  const permissions = neededPermissions(objects, viewAllData).map(({ name }) => name);
  return document("PermissionSet", [
    ["description", "What AQUILA for Salesforce needs to read events. Assign it to the integration user."],
    ["hasActivationRequired", false],
    ["label", LABEL],
    ...permissions.map(
      (name): Element => [
        "userPermissions",
        [
          ["enabled", true],
          ["name", name],
        ],
      ],
    ),
  ]);
}

function externalClientApp({ clientId, certificate, contactEmail }: ProjectOptions): [string, string][] {
  const app: Element = ["externalClientApplication", APP];
  return [
    [
      `${APP_FOLDER}/externalClientApps/${APP}.eca-meta.xml`,
      document("ExternalClientApplication", [
        ["contactEmail", contactEmail],
        ["description", "AQUILA for Salesforce logs in by this app, with a certificate and without a password."],
        ["distributionState", "Local"],
        ["isProtected", false],
        ["label", LABEL],
      ]),
    ],
    [
      GLOBAL_OAUTH_FILE,
      document("ExtlClntAppGlobalOauthSettings", [
        ["callbackUrl", CALLBACK_URL],
        ["certificate", certificate],
        ["consumerKey", clientId],
        app,
        ["isConsumerSecretOptional", false],
        ["isIntrospectAllTokens", false],
        ["isPkceRequired", true],
        ["isSecretRequiredForRefreshToken", true],
        ["label", `${LABEL} global OAuth settings`],
        ["shouldRotateConsumerKey", false],
        ["shouldRotateConsumerSecret", false],
      ]),
    ],
    [
      `${APP_FOLDER}/extlClntAppOauthSettings/${APP}_oauth.ecaOauth-meta.xml`,
      document("ExtlClntAppOauthSettings", [
        ["commaSeparatedOauthScopes", "Api,RefreshToken"],
        app,
        ["label", `${LABEL} OAuth settings`],
      ]),
    ],
    [
      `${APP_FOLDER}/extlClntAppOauthPolicies/${APP}_oauthPlcy.ecaOauthPlcy-meta.xml`,
      document("ExtlClntAppOauthConfigurablePolicies", [
        ["commaSeparatedPermissionSet", PERMISSION_SET],
        app,
        ["ipRelaxationPolicyType", "Enforce"],
        ["label", `${LABEL} OAuth policies`],
        ["permittedUsersPolicyType", "AdminApprovedPreAuthorized"],
      ]),
    ],
    [
      `${APP_FOLDER}/extlClntAppPolicies/${APP}_plcy.ecaPlcy-meta.xml`,
      document("ExtlClntAppConfigurablePolicies", [
        app,
        ["isEnabled", true],
        ["isOauthPluginEnabled", true],
        ["label", `${LABEL} policies`],
      ]),
    ],
  ];
}

/** For orgs without external client apps. New connected apps can't be made any more since Spring '26. */
function connectedApp({ clientId, certificate, contactEmail }: ProjectOptions): string {
  return document("ConnectedApp", [
    ["contactEmail", contactEmail],
    ["label", LABEL],
    [
      "oauthConfig",
      [
        ["callbackUrl", CALLBACK_URL],
        ["certificate", certificate],
        ["consumerKey", clientId],
        ["isAdminApproved", true],
        ["scopes", "Api"],
        ["scopes", "RefreshToken"],
      ],
    ],
    ["permissionSetName", PERMISSION_SET],
  ]);
}

/** The real-time events that are collected, each stored and streamed: what Event Manager shows as two switches (RealTimeEventSettings). */
export function switchedOnEvents(objects: readonly string[]): readonly string[] {
  return objects.flatMap((name) => {
    const topic = findObjectType(name)?.topic;
    return topic === undefined ? [] : [name, ...(topic.onlyByName === true ? [] : [topic.name])];
  });
}

/** None where nothing of it is collected. */
function eventManager({ objects }: ProjectOptions): [string, string][] {
  const switches = switchedOnEvents(objects).map(
    (name): Element => [
      "realTimeEvents",
      [
        ["entityName", name],
        ["isEnabled", true],
      ],
    ],
  );
  return switches.length === 0
    ? []
    : [
        [
          `${EVENT_MANAGER_FOLDER}/settings/RealTimeEvent.settings-meta.xml`,
          document("RealTimeEventSettings", switches),
        ],
      ];
}

function document(type: string, elements: readonly Element[]): string {
  const root = `<${type} xmlns="http://soap.sforce.com/2006/04/metadata">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n${lines(elements, "    ")}</${type}>\n`;
}

function lines(elements: readonly Element[], indent: string): string {
  return elements
    .map(([name, value]) =>
      typeof value === "object"
        ? `${indent}<${name}>\n${lines(value, `${indent}    `)}${indent}</${name}>\n`
        : `${indent}<${name}>${escaped(String(value))}</${name}>\n`,
    )
    .join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
