import type { PackageField } from "./package_field.ts";

const PACKAGE = "aquila_salesforce";

/** Fields that every data stream of the package has, whatever it is about. */
export function baseFields(stream: string): readonly PackageField[] {
  return [
    { name: "data_stream.type", type: "constant_keyword", description: "Data stream type." },
    { name: "data_stream.dataset", type: "constant_keyword", description: "Data stream dataset." },
    { name: "data_stream.namespace", type: "constant_keyword", description: "Data stream namespace." },
    { name: "@timestamp", type: "date", description: "When it happened." },
    { name: "event.module", type: "constant_keyword", value: PACKAGE, description: "Event module." },
    { name: "event.dataset", type: "constant_keyword", value: `${PACKAGE}.${stream}`, description: "Event dataset." },
    { name: "input.type", type: "keyword", description: "Kind of input that brought the event." },
    { name: "elastic_agent.id", type: "keyword", description: "Id of the Elastic Agent." },
    { name: "elastic_agent.version", type: "keyword", description: "Version of the Elastic Agent." },
    { name: "elastic_agent.snapshot", type: "boolean", description: "Whether the Elastic Agent is a snapshot build." },
  ];
}

/** What ties the events of one session together, whatever their type. */
export const SESSION_FIELDS: readonly PackageField[] = [
  {
    name: "salesforce.login_key",
    type: "keyword",
    description: "Hash that ties all events of a user's session together, from login to logout.",
  },
  {
    name: "salesforce.session_key",
    type: "keyword",
    description: "Hash that is the same for all events of one session.",
  },
];

/** Who did it by what app; names of ids are looked up. */
export const NAME_FIELDS: readonly PackageField[] = [
  { name: "salesforce.connected_app.id", type: "keyword", description: "Id of the connected app, 18 characters." },
  { name: "salesforce.connected_app.name", type: "keyword", description: "Name of the connected app." },
  {
    name: "salesforce.user.profile",
    type: "keyword",
    description: "Name of the user's profile; only with full names.",
  },
  { name: "salesforce.user.role", type: "keyword", description: "Name of the user's role; only with full names." },
];

/** Where an event of Salesforce comes from. */
export const COLLECTION_FIELDS: readonly PackageField[] = [
  { name: "salesforce.instance_url", type: "keyword", description: "Address of the org's instance." },
  {
    name: "salesforce.collection.primary",
    type: "boolean",
    description:
      "Whether to count the event: false for those of the second source where a stream has the same events from log files and from objects or live.",
  },
  {
    name: "salesforce.collection.interval",
    type: "keyword",
    description: "Interval of the event log file, hourly or daily; live for an event that was pushed.",
  },
  { name: "salesforce.collection.file.id", type: "keyword", description: "Id of the event log file." },
  { name: "salesforce.collection.file.log_date", type: "date", description: "Day or hour that the file is about." },
  { name: "salesforce.collection.file.created", type: "date", description: "When Salesforce made the file." },
  {
    name: "salesforce.collection.file.sequence",
    type: "long",
    description: "Number of the file within its hour; 0 for a daily file.",
  },
  {
    name: "salesforce.collection.estimated_time",
    type: "boolean",
    description:
      "True for a row without a readable time of its own: @timestamp is the beginning of its file's hour or day.",
  },
];

/** Of the row that could not become an event; stored events are without it. */
export const ROW_FIELD: PackageField = {
  name: "salesforce.collection.row",
  type: "long",
  index: false,
  description: "Number of the row in the file, from 1.",
};
