/**
 * Every setting of an `aquila-salesforce` input, once: name, default, secrecy, title and help. The policy is read with these
 * schemas; the package's manifests, templates and tables of settings are made from the same declarations.
 */
import { z } from "zod";
import { LONGEST_LEASE_MS } from "../coordination/lease.ts";
import type { CamelKeys } from "../core/camel_keys.ts";
import {
  duration,
  flag,
  proxyUrl,
  SETTING_TEXTS,
  type SettingText,
  secretText,
  setting,
  text,
  textList,
  wholeNumber,
} from "../core/setting_kinds.ts";
import type { SourceKind } from "../sources/kind.ts";
import { KINDS } from "../sources/kinds.ts";
import { apiKey, hosts } from "./elasticsearch_values.ts";
import { apiVersion, loginUrl, serviceUrl } from "./salesforce_values.ts";

const SECOND = 1_000;

const organization = z.strictObject({
  name: setting(
    "text",
    text.optional(),
    "Organization name",
    "How this org is called in the events and dashboards. By default the name of the integration policy.",
    { shown: true },
  ),
});

const auth = z
  .strictObject({
    login_url: setting(
      "url",
      loginUrl.prefault("https://login.salesforce.com"),
      "Login URL",
      "Where the runner logs in: https://login.salesforce.com, https://test.salesforce.com for a sandbox, or the org's My Domain.",
      { shown: true },
    ),
    audience: setting(
      "url",
      text.optional(),
      "Audience",
      "The aud claim of the login, if Salesforce expects another one than https://test.salesforce.com for a sandbox and https://login.salesforce.com otherwise.",
    ),
    client_id: setting(
      "text",
      text,
      "Consumer key",
      "The consumer key of the external client app (or connected app) that holds the certificate.",
      { shown: true },
    ),
    username: setting("text", text, "User name", "The Salesforce user that the runner logs in as.", { shown: true }),
    private_key: setting(
      "secret",
      secretText.optional(),
      "Private key",
      "The RSA private key of the certificate, as PEM text. Either this or the path of the key file.",
      { shown: true },
    ),
    private_key_path: setting(
      "text",
      text.optional(),
      "Path of the private key",
      "A PEM file on the machine where the runner runs, readable by the runner's user only.",
    ),
    private_key_passphrase: setting(
      "secret",
      secretText.optional(),
      "Passphrase of the private key",
      "Only if the private key is encrypted.",
    ),
  })
  .refine((value) => (value.private_key === undefined) !== (value.private_key_path === undefined), {
    message: "needs either private_key or private_key_path",
    when: ({ value }) => typeof value === "object" && value !== null,
  });

const ssl = z.strictObject({
  enabled: setting("flag", flag.optional(), "TLS", "Without effect: the scheme of the address decides."),
  certificate_authorities: setting(
    "list",
    textList.prefault([]),
    "Certificate authorities",
    "The certificate authorities to trust in place of the usual ones, as PEM text or paths of PEM files.",
  ),
  verification_mode: setting(
    "choice",
    z.enum(["full", "strict", "certificate", "none"]).prefault("full"),
    "Verification mode",
    "full checks the certificate and the host name, certificate only the certificate, none nothing.",
  ),
  certificate: setting("text", text.optional(), "Client certificate", "PEM text or the path of a PEM file."),
  key: setting("secret", secretText.optional(), "Key of the client certificate", "PEM text or the path of a PEM file."),
  key_passphrase: setting(
    "secret",
    secretText.optional(),
    "Passphrase of the client key",
    "Only if the key is encrypted.",
  ),
});

const api = z.strictObject({
  version: setting(
    "text",
    apiVersion.prefault("66.0"),
    "API version",
    "The version of the Salesforce REST API. Change it only if Salesforce has retired this one.",
  ),
  daily_request_share: setting(
    "number",
    wholeNumber(1, 100).prefault(20),
    "Share of the daily API requests",
    "The per cent of the org's 24-hour API request allocation that this integration may use. Beyond it the streams slow down.",
  ),
  request_timeout: setting(
    "duration",
    duration(SECOND, 600 * SECOND).prefault("60s"),
    "Request timeout",
    "How long an answer of Salesforce may take, such as 60s; for downloads, the longest silence.",
  ),
  pub_sub_url: setting(
    "url",
    serviceUrl.prefault("https://api.pubsub.salesforce.com:7443"),
    "Pub/Sub API URL",
    "Where live events come from. For data residency in Germany: https://api.deu.pubsub.salesforce.com:7443.",
  ),
  proxy_url: setting(
    "secret",
    proxyUrl.optional(),
    "Proxy URL",
    "The HTTP proxy on the way to Salesforce, if there is one, such as http://proxy:3128. Live events alone can't go through one that is itself spoken to by https. A secret, because it may hold a password.",
  ),
  ssl: setting(
    "yaml",
    ssl.prefault({}),
    "TLS",
    "TLS settings of the connection to Salesforce: certificate_authorities, verification_mode, certificate, key. Give the key as the path of a file: this text is not kept as a secret.",
  ),
});

/** A name that Elasticsearch takes for an index and that needs no quoting in an address. */
const INDEX_NAME = /^[a-z0-9][a-z0-9._-]{0,200}$/;

const state = z.strictObject({
  store: setting(
    "choice",
    z.enum(["local", "elasticsearch"]).prefault("local"),
    "State",
    "Where it is kept how far each stream is. With local, one host collects the org. With elasticsearch, all hosts that have this policy share the orgs: one at a time collects an org, and another goes on when it is gone.",
    { choices: { local: "On this host", elasticsearch: "In Elasticsearch, shared by several hosts" } },
  ),
  hosts: setting(
    "list",
    hosts.optional(),
    "Hosts of the shared state",
    "Addresses of Elasticsearch, such as https://elasticsearch.example:9200. By default those of the output.",
  ),
  index: setting(
    "text",
    text
      .refine((value) => INDEX_NAME.test(value), {
        message:
          "must be the name of an index: lower case letters, digits, dots, - and _, beginning with a letter or digit",
      })
      .prefault("aquila-salesforce-state"),
    "Index of the shared state",
    "The runner makes it. It is a plain index, no data stream.",
  ),
  api_key: setting(
    "secret",
    apiKey.optional(),
    "API key of the shared state",
    "A key of its own as id:key, with the privileges create_index, read and write on that index and no others; the output's key can't do this.",
  ),
  lease: setting(
    "duration",
    duration(5 * SECOND, LONGEST_LEASE_MS).prefault("15s"),
    "Lease",
    "After so long without a sign of life of the host that collects an org, another one goes on. Of hosts with different settings the longer counts.",
  ),
  ssl: setting(
    "yaml",
    ssl.optional(),
    "TLS of the shared state",
    "TLS settings of the connection to these addresses, as those of the connection to Salesforce. By default those of the output.",
  ),
});

/** As Fleet allows them, so that the name of the data stream is valid in Elasticsearch. */
const FLEET_NAMESPACE = /^[^A-Z\\/*?"<>| ,#:-]{1,100}$/;
const namespace = text.refine((value) => FLEET_NAMESPACE.test(value), {
  message: 'must be in lower case, at most 100 characters, without - \\ / * ? " < > | , # : or spaces',
});
const processors = z.array(z.unknown());

/** One org's connection: what an input of the policy says besides its streams. */
export const INPUT_SETTINGS = z.strictObject({
  id: text.prefault("aquila-salesforce"),
  name: text.optional(),
  type: z.literal("aquila-salesforce"),
  use_output: text.prefault("default"),
  data_stream: z.strictObject({ namespace: namespace.prefault("default") }).prefault({}),
  organization: organization.prefault({}),
  auth,
  api: api.prefault({}),
  state: state.prefault({}),
  names: setting(
    "choice",
    z.enum(["none", "usernames", "full"]).prefault("usernames"),
    "Names of users",
    "Log files name users and connected apps by their ids. usernames adds the username and the app's name to each event, full also full name, e-mail address, profile and role, none nothing.",
  ),
  processors: setting(
    "yaml",
    processors.prefault([]),
    "Processors",
    "Processors for the events of every stream, such as the global data tags that Fleet adds.",
  ),
  streams: z.array(z.unknown()).min(1, "must name at least one stream"),
});

/** What every data stream of an org says, whatever it collects. */
const STREAM = {
  id: text.optional(),
  data_stream: z.strictObject({
    type: z.literal("logs", 'must be "logs"').prefault("logs"),
    dataset: text,
    namespace: namespace.optional(),
    elasticsearch: z.unknown().optional(),
  }),
};
const STREAM_EVENTS = {
  tags: setting("list", textList.prefault([]), "Tags", "Tags of every event of this data stream."),
  preserve_original_event: setting(
    "flag",
    flag.prefault(false),
    "Preserve original event",
    "Keeps the row or record as Salesforce sent it, but for secrets in addresses, in the field event.original.",
    { shown: true },
  ),
  processors: setting("yaml", processors.prefault([]), "Processors", "Processors for the events of this data stream."),
};

/** The names that a data stream may collect of each kind of source, by the kind's group of settings; empty where it has none. */
export type KnownNames = Readonly<Record<string, readonly string[]>>;

/** A stream's block as it has been checked: each kind's group beside what every stream has. */
export type StreamBlock = z.output<z.ZodObject<typeof STREAM & typeof STREAM_EVENTS>> &
  Readonly<Record<string, unknown>>;

/** The settings of a data stream that may collect these names; of any one without. */
export function settingsOfStream(known?: KnownNames): z.ZodObject {
  const groups = KINDS.map((kind) => [kind.group, groupOf(kind, known).prefault({})] as const);
  return z.strictObject({ ...STREAM, ...Object.fromEntries(groups), ...STREAM_EVENTS });
}

/** A kind that the stream has no names of is off unless it is switched on, which is refused later with its reason. */
function groupOf({ group, settings, isRepeating }: SourceKind, known: KnownNames | undefined): z.ZodObject {
  if (known === undefined) {
    return settings.beside;
  }
  if ((known[group] ?? []).length === 0) {
    return settings.beside.extend({ enabled: flag.prefault(false) });
  }
  const isAlone = KINDS.every(
    (other) => other.group === group || other.isRepeating === true || (known[other.group] ?? []).length === 0,
  );
  return isAlone && isRepeating !== true ? settings.alone : settings.beside;
}

/** One data stream of an org. */
export const STREAM_SETTINGS = settingsOfStream();

export const SSL_SETTINGS = ssl;

/** As `auth` in the policy, with the audience decided. Exactly one of `privateKey` and `privateKeyPath` is there. */
export type AuthSettings = CamelKeys<Omit<z.output<typeof auth>, "audience"> & { audience: string }>;
/** What is looked up of the users that events name by their ids. */
export type NamesSetting = z.output<typeof INPUT_SETTINGS>["names"];
export type SslSettings = CamelKeys<z.output<typeof ssl>>;
/** `requestTimeout` in milliseconds, `dailyRequestShare` in per cent. */
export type ApiSettings = CamelKeys<Omit<z.output<typeof api>, "ssl"> & { ssl: SslSettings }>;

export interface DeclaredSetting extends SettingText {
  /** Where it stands in the block, such as `auth.client_id`. */
  readonly path: string;
  readonly required: boolean;
  /** As it is written in a policy; `undefined` if there is none. */
  readonly default: unknown;
  /** What a `choice` may be. */
  readonly options: readonly string[];
}

/** The settings of an input (`INPUT_SETTINGS`) or a stream (`STREAM_SETTINGS`) in the order of their declaration. */
export function declaredSettings(block: z.ZodObject): DeclaredSetting[] {
  return settingsUnder(block, "");
}

function settingsUnder(block: z.ZodObject, prefix: string): DeclaredSetting[] {
  return Object.entries(block.shape).flatMap(([key, declared]): DeclaredSetting[] => {
    const schema = declared as z.ZodType;
    const { inner, required, fallback } = unwrapped(schema);
    const known = SETTING_TEXTS.get(schema);
    if (known === undefined) {
      return inner instanceof z.ZodObject ? settingsUnder(inner, `${prefix}${key}.`) : [];
    }
    const options = inner instanceof z.ZodEnum ? inner.options.map(String) : [];
    return [{ ...known, path: `${prefix}${key}`, required, default: fallback, options }];
  });
}

/** A schema without its wrappers, and what they said. */
export function unwrapped(schema: z.ZodType): { inner: z.ZodType; required: boolean; fallback: unknown } {
  if (schema instanceof z.ZodPrefault) {
    return { inner: schema.def.innerType as z.ZodType, required: false, fallback: schema.def.defaultValue };
  }
  if (schema instanceof z.ZodOptional) {
    return { inner: schema.def.innerType as z.ZodType, required: false, fallback: undefined };
  }
  return { inner: schema, required: true, fallback: undefined };
}
