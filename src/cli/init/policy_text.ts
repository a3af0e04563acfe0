import { stringify } from "yaml";

/** A data stream to collect. */
export interface CollectedDataset {
  /** `aquila_salesforce.login` */
  readonly name: string;
  /** Whether it has event log files. */
  readonly hasFiles: boolean;
  /** The event objects that are collected too. */
  readonly objects: readonly string[];
}

export interface PolicyTextOptions {
  readonly organizationName: string;
  readonly loginUrl: string;
  readonly clientId: string;
  readonly username: string;
  /** Absolute. */
  readonly privateKeyPath: string;
  /** Environment variable that holds the passphrase of the key. */
  readonly passphraseVariable: string | undefined;
  readonly datasets: readonly CollectedDataset[];
}

const HEAD = `# What to collect from this org, and where it goes. Try it: aquila-salesforce check --policy policy.yml
# Elasticsearch's address and API key are taken from the environment.
# The key needs monitor on the cluster, and auto_configure and create_doc on logs-*; with read, nothing is stored twice after a roll-over.
`;

/** A policy that is complete but for the environment variables that it names. Pure. */
export function policyText(options: PolicyTextOptions): string {
  const { organizationName, loginUrl, clientId, username, privateKeyPath, passphraseVariable, datasets } = options;
  const id = `aquila-salesforce-${slug(organizationName)}`;
  return `${HEAD}${stringify({
    outputs: {
      default: {
        type: "elasticsearch",
        hosts: [variable("ELASTICSEARCH_URL")],
        api_key: variable("ELASTICSEARCH_API_KEY"),
      },
    },
    inputs: [
      {
        id,
        name: literal(organizationName),
        type: "aquila-salesforce",
        use_output: "default",
        organization: { name: literal(organizationName) },
        auth: {
          login_url: loginUrl,
          client_id: clientId,
          username: literal(username),
          private_key_path: literal(privateKeyPath),
          ...(passphraseVariable === undefined ? {} : { private_key_passphrase: variable(passphraseVariable) }),
        },
        streams: datasets.map(({ name, hasFiles, objects }) => ({
          id: `${id}-${name}`,
          data_stream: { type: "logs", dataset: name },
          ...(hasFiles ? { event_log_files: { enabled: true } } : {}),
          ...(objects.length === 0 ? {} : { objects: { enabled: true, names: [...objects] } }),
        })),
      },
    ],
  })}`;
}

function variable(name: string): string {
  return `\${env.${name}}`;
}

/** A text that holds no variable, whatever is in it. */
function literal(text: string): string {
  return text.replaceAll("${", "$${");
}

function slug(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}
