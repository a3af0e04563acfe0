import { loginAddressProblem } from "../policy/salesforce_values.ts";
import { type CommandDeclaration, type OptionValues, textOf, usage } from "./command_declaration.ts";
import type { InitOptions } from "./init.ts";

export const INIT_COMMAND = {
  summary: "Makes a key, its certificate, what Salesforce needs to know of them, and a policy.",
  options: {
    username: {
      type: "string",
      value: "NAME",
      requiredUnless: ["rotate", "create-api-key"],
      help: "The Salesforce user that the runner is to log in as.",
    },
    "org-name": {
      type: "string",
      value: "NAME",
      default: "Salesforce",
      help: "How the org is called in the events.",
    },
    out: { type: "string", value: "DIR", default: "./salesforce", help: "The folder to write into." },
    "login-url": {
      type: "string",
      value: "URL",
      default: "https://login.salesforce.com",
      help: "https://test.salesforce.com for a sandbox, or the org's My Domain.",
    },
    "contact-email": {
      type: "string",
      value: "EMAIL",
      help: "Contact that Salesforce shows for the app. By default the user name.",
    },
    "real-time": {
      type: "boolean",
      help: "Also real-time event objects, and what live events need; both need Event Monitoring.",
    },
    "view-all-data": {
      type: "boolean",
      help: "Also the permission View All Data. Only where a company's rules ask for it.",
    },
    bits: { type: "string", value: "NUMBER", default: "3072", help: "Length of the RSA key: 2048, 3072 or 4096." },
    days: { type: "string", value: "NUMBER", default: "730", help: "Days that the certificate is valid." },
    "common-name": {
      type: "string",
      value: "NAME",
      default: "aquila-salesforce",
      help: "Common name of the certificate.",
    },
    "passphrase-env": {
      type: "string",
      value: "VARIABLE",
      help: "Encrypts the key with the passphrase in this environment variable.",
    },
    rotate: { type: "boolean", help: "Makes the next key in the folder of --out, and says how to switch." },
    "create-api-key": {
      type: "boolean",
      help: "Makes the API key that the runner needs in Elasticsearch, and keeps it in the folder of --out. ELASTICSEARCH_URL is its address; the login is ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, or KIBANA_URL, KIBANA_USERNAME and KIBANA_PASSWORD.",
    },
    force: { type: "boolean", help: "Overwrites what is there." },
  },
  examples: [
    "aquila-salesforce init --username elastic@acme.example",
    "aquila-salesforce init --username elastic@acme.example --login-url https://test.salesforce.com --out acme-sandbox",
    "aquila-salesforce init --rotate --out salesforce",
    "aquila-salesforce init --create-api-key --out salesforce",
  ],
} as const satisfies CommandDeclaration;

/** Setup > Users, "Username": up to 80 characters in the form of an email address. */
const USERNAME = /^(?=.{5,80}$)[^\s@]+@[^\s@]+\.[^\s@]+$/;
const BITS = ["2048", "3072", "4096"];
/** Salesforce sets no limit; a key of longer than ten years is none that is looked after. */
const LONGEST_DAYS = 3_650;
const HELP = "See aquila-salesforce init --help.";

/** Throws `usage`. */
export function initOptions(values: OptionValues): InitOptions {
  const bits = textOf(values, "bits") ?? "";
  if (!BITS.includes(bits)) {
    throw usage(`The value of --bits must be one of ${BITS.join(", ")}.`, HELP);
  }
  const days = Number(values.days);
  if (!Number.isInteger(days) || days < 1 || days > LONGEST_DAYS) {
    throw usage(`The value of --days must be a whole number from 1 to ${LONGEST_DAYS}.`, HELP);
  }
  const key = {
    out: String(values.out),
    bits: Number(bits),
    days,
    commonName: String(values["common-name"]),
    passphraseVariable: textOf(values, "passphrase-env"),
    force: values.force === true,
  };
  if (values.rotate === true) {
    return { ...key, rotate: true };
  }
  if (values["create-api-key"] === true) {
    return { createApiKey: true, out: key.out, force: key.force };
  }
  const username = textOf(values, "username") ?? "";
  if (!USERNAME.test(username)) {
    throw usage(
      `${username === "" ? "An empty text" : username} is no user name of Salesforce.`,
      "It has the form of an email address, such as elastic@acme.example; see Setup > Users.",
    );
  }
  return {
    ...key,
    rotate: false,
    username,
    organizationName: String(values["org-name"]),
    loginUrl: originOf(String(values["login-url"])),
    contactEmail: textOf(values, "contact-email") ?? username,
    realTime: values["real-time"] === true,
    viewAllData: values["view-all-data"] === true,
  };
}

function originOf(address: string): string {
  const problem = loginAddressProblem(address);
  if (problem !== undefined) {
    throw usage(`The value of --login-url: ${problem}.`, HELP);
  }
  const url = new URL(address);
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw usage("The value of --login-url must be an address without a path or query.", `Did you mean ${url.origin}?`);
  }
  return url.origin;
}
