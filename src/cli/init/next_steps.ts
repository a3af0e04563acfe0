import { isoDay } from "../../core/clock.ts";
import { API_KEY_BODY, API_KEY_PATH } from "./api_key.ts";
import {
  APP_FOLDER,
  CERTIFICATE_FOLDER,
  CONNECTED_APP_FOLDER,
  EVENT_MANAGER_FOLDER,
  LABEL,
  neededPermissions,
  PERMISSION_SET,
  PERMISSION_SET_FOLDER,
  switchedOnEvents,
} from "./salesforce_project.ts";
import { quoted } from "./shell_quote.ts";

export interface NextStepsOptions {
  readonly organizationName: string;
  readonly username: string;
  readonly loginUrl: string;
  /** Paths of the files made, from the folder of this text. */
  readonly files: {
    readonly privateKey: string;
    readonly certificate: string;
    readonly policy: string;
    readonly apiKey: string;
  };
  /** Milliseconds since the epoch. */
  readonly certificateEnds: number;
  readonly passphraseVariable: string | undefined;
  /** The event objects that the policy collects. */
  readonly objects: readonly string[];
  readonly viewAllData: boolean;
}

/** What is to be done in Salesforce after `init`, by command line and by hand. Markdown. Pure. */
export function nextSteps(options: NextStepsOptions): string {
  const { organizationName, username, loginUrl, files, passphraseVariable } = options;
  return `# ${organizationName}: from here to events

All commands are run in this folder. The certificate is valid until ${isoDay(options.certificateEnds)}.

## 1. The user

The runner logs in as \`${username}\`. If there is no such user yet, make one under Setup > Users > New User:

- licence **Salesforce Integration** with the profile **Minimum Access - API Only Integrations**, or another licence with a profile cloned from **Standard User**;
- with the Salesforce Integration licence, also assign the permission set licence **Salesforce API Integration**: the user > Permission Set License Assignments.

Salesforce freezes users that come from an anonymizing VPN, proxy or other high-risk address. Let the runner out by an address of your own.

## 2. The permission set and the app

Whoever does this needs the permissions **Create, edit, and delete External Client Apps**, **View all External Client Apps, view their settings, and edit
their policies** and **View External Client Apps Consumer Secrets in Metadata**. Administrators may have to give them to themselves, by a permission set.

### By the Salesforce CLI

First switch on **Allow Access to OAuth Consumer Secrets via Metadata API** under Setup > External Client App Manager > Settings; without it Salesforce refuses the
app's OAuth settings. It can be switched off again afterwards.

\`\`\`sh
sf org login web --alias aquila-setup --instance-url ${loginUrl}
sf project deploy start --source-dir ${PERMISSION_SET_FOLDER} --target-org aquila-setup
sf project deploy start --source-dir ${APP_FOLDER} --target-org aquila-setup
sf org assign permset --name ${PERMISSION_SET} --on-behalf-of ${quoted(username)} --target-org aquila-setup
\`\`\`

An org that still makes connected apps and has no external client apps takes this in place of the third command:

\`\`\`sh
sf project deploy start --source-dir ${CONNECTED_APP_FOLDER} --target-org aquila-setup
\`\`\`

### By hand

1. Setup > Permission Sets > New: **${LABEL}**, licence None. Under System Permissions switch on:
${permissions(options)}
2. Manage Assignments: add \`${username}\`.
3. Setup > External Client App Manager > New External Client App, named **${LABEL}**, distribution state **Local**. Under API (Enable OAuth Settings): scopes **Manage user data via APIs (api)**
   and **Perform requests at any time (refresh_token, offline_access)**; switch on **Enable JWT Bearer Flow** and upload \`${files.certificate}\`.
4. The app > Policies > Edit: **Permitted Users** = "Admin approved users are pre-authorized"; under App Policies add the permission set.
5. The app > Settings > OAuth Settings > Consumer Key and Secret: confirm the code that Salesforce sends by email, and copy the consumer key into \`client_id\` of \`${files.policy}\`. An app that the
   Salesforce CLI deployed has the key that is already there.

A new app is known to Salesforce after up to 10 minutes.
${realTimeSteps(options)}
## 3. Elasticsearch, and the first events

Install the package AQUILA for Salesforce in Kibana. The runner needs an API key that may write events, read there what is stored (only for what it has to
send again), and ask how the cluster is. Make it in Kibana > Dev Tools, and put \`id\` and \`api_key\` of the answer together with a colon between them:

\`\`\`json
POST ${API_KEY_PATH}
${JSON.stringify(API_KEY_BODY, undefined, 2)}
\`\`\`

Or let the runner make it, with a user's login to Elasticsearch (or to Kibana: \`KIBANA_URL\`, \`KIBANA_USERNAME\`, \`KIBANA_PASSWORD\`); it is kept in \`${files.apiKey}\`:

\`\`\`sh
export ELASTICSEARCH_URL=https://my-cluster.example:9200 ELASTICSEARCH_USERNAME=elastic
read -rs ELASTICSEARCH_PASSWORD && export ELASTICSEARCH_PASSWORD
aquila-salesforce init --create-api-key --out .
. ./${files.apiKey}
\`\`\`

Then (\`aquila-salesforce\` is the runner; in a copy of its repository, call it there as \`npm run aquila-salesforce --\`, with the paths of these files):

\`\`\`sh
${passphraseVariable === undefined ? "" : `read -rs ${passphraseVariable} && export ${passphraseVariable}\n`}aquila-salesforce check --policy ${files.policy} --certificate ${files.certificate}
aquila-salesforce run --policy ${files.policy}
\`\`\`

With a key of your own, set \`ELASTICSEARCH_URL\` and \`ELASTICSEARCH_API_KEY\` before.

For Fleet, add the integration to an agent policy and paste consumer key, user name and the content of \`${files.privateKey}\`.

\`${files.privateKey}\` is the only secret here: whoever has it can log in as \`${username}\`. Keep it from version control, and delete it here once
it lies where the runner reads it. Before ${isoDay(options.certificateEnds)}, \`aquila-salesforce init --rotate --out .\` makes the next key.
`;
}

/** How real-time events are switched on; nothing where none are collected. */
function realTimeSteps({ objects, files }: NextStepsOptions): string {
  const events = switchedOnEvents(objects);
  return events.length === 0
    ? ""
    : `
### Real-time events

Each event has two switches under Setup > Event Manager: **Storage**, for the event objects, and **Streaming**, for live events. Switch them on there, with the permissions **Customize
Application** and **View Setup and Configuration**, or deploy them:

\`\`\`sh
sf project deploy start --source-dir ${EVENT_MANAGER_FOLDER} --target-org aquila-setup
\`\`\`

The file names these, and no others; Salesforce does not say whether the others stay as they are, so compare first with
\`sf project retrieve start --metadata Settings:RealTimeEvent --target-org aquila-setup\`: ${events.join(", ")}.

Then live events come within seconds with \`live: {enabled: true}\` in a stream of \`${files.policy}\`; the runner needs a way to \`api.pubsub.salesforce.com\`, port 7443.
`;
}

function permissions({ objects, viewAllData }: NextStepsOptions): string {
  return neededPermissions(objects, viewAllData)
    .map(({ label, why }) => `   - **${label}**: ${why}.`)
    .join("\n");
}

export interface RotationStepsOptions {
  /** When the certificate that is in use ends, and the next one. Milliseconds since the epoch. */
  readonly presentEnds: number;
  readonly nextEnds: number;
  /** Where the keys are, from where the commands are typed. */
  readonly folder: string;
  readonly files: { readonly privateKey: string; readonly certificate: string };
  readonly nextFiles: { readonly privateKey: string; readonly certificate: string };
}

const DAY_MS = 86_400_000;
/** Time for what goes wrong at the switch. */
const RESERVE_MS = 14 * DAY_MS;

/** How to go over to the next key, and when. An app has one certificate, so key and certificate change together. Pure. */
export function rotationSteps({ presentEnds, nextEnds, folder, files, nextFiles }: RotationStepsOptions): string[] {
  return [
    `The next key is in ${nextFiles.privateKey}; its certificate is valid until ${isoDay(nextEnds)}.`,
    `The present certificate ends on ${isoDay(presentEnds)}: switch by ${isoDay(presentEnds - RESERVE_MS)}, at any time of the day.`,
    "The commands are run in the folder of the keys:",
    `     cd ${quoted(folder)}`,
    "1. Give the app the next certificate:",
    `     sf project deploy start --source-dir ${CERTIFICATE_FOLDER} --target-org aquila-setup`,
    `   or upload ${nextFiles.certificate} under Setup > External Client App Manager > ${LABEL} > Settings > OAuth Settings.`,
    "2. At once after it, put the next key in the place of the present one:",
    `     mv ${nextFiles.privateKey} ${files.privateKey} && mv ${nextFiles.certificate} ${files.certificate}`,
    "   A running runner reads the key file at each login, so it need not be restarted; in Fleet, paste the next key into the policy.",
    "3. Try the next key, with the variables of the environment that the policy names:",
    "     aquila-salesforce check --policy policy.yml --certificate certificate.crt",
    "Between 1 and 2 sessions that are open go on and new logins are refused; the runner tries again, and no event is lost.",
  ];
}
