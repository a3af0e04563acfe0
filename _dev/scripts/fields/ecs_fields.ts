import { EcsFlat } from "@elastic/ecs";
import type { FieldType, PackageField } from "./package_field.ts";

/*
 * The ECS fields that the documents have, by data stream. A pipeline that fills another one gets it here; its type and
 * description come from ECS itself.
 */

const EVERY_STREAM = [
  "agent.ephemeral_id",
  "agent.id",
  "agent.name",
  "agent.type",
  "agent.version",
  "ecs.version",
  "error.message",
  "event.agent_id_status",
  "event.code",
  "event.created",
  "event.id",
  "event.ingested",
  "event.kind",
  "event.original",
  "event.outcome",
  "event.provider",
  "message",
  "organization.id",
  "organization.name",
  "tags",
] as const;

/** What somebody did in Salesforce, and from where. */
const ACTIVITY = [
  "event.action",
  "event.category",
  "event.duration",
  "event.reason",
  "event.type",
  "http.request.method",
  "related.hosts",
  "related.ip",
  "related.user",
  "source.address",
  "source.as.number",
  "source.as.organization.name",
  "source.geo.city_name",
  "source.geo.continent_name",
  "source.geo.country_iso_code",
  "source.geo.country_name",
  "source.geo.location",
  "source.geo.region_iso_code",
  "source.geo.region_name",
  "source.ip",
  "source.port",
  "transaction.id",
  "url.domain",
  "url.fragment",
  "url.full",
  "url.original",
  "url.path",
  "url.port",
  "url.query",
  "url.scheme",
  "user.domain",
  "user.email",
  "user.full_name",
  "user.id",
  "user.name",
] as const;

const USER_AGENT = [
  "user_agent.device.name",
  "user_agent.name",
  "user_agent.original",
  "user_agent.os.full",
  "user_agent.os.name",
  "user_agent.os.version",
  "user_agent.version",
] as const;

const LOGIN = [
  "error.code",
  "http.request.referrer",
  "source.geo.postal_code",
  "tls.cipher",
  "tls.version",
  "tls.version_protocol",
  "user.effective.domain",
  "user.effective.email",
  "user.effective.full_name",
  "user.effective.id",
  "user.effective.name",
] as const;

/** Requests that Salesforce got or made. */
const REQUEST = [
  "http.request.body.bytes",
  "http.response.body.bytes",
  "http.response.status_code",
  "trace.id",
] as const;

/** Callouts and exceptions. */
const APEX = [
  "client.address",
  "client.ip",
  "client.port",
  "destination.address",
  "destination.domain",
  "destination.ip",
  "destination.port",
  "error.stack_trace",
  "error.type",
] as const;

/** Who changed what in Setup; Salesforce does not say from where. */
const SETUP = [
  "event.action",
  "event.category",
  "event.type",
  "related.user",
  "user.domain",
  "user.effective.domain",
  "user.effective.email",
  "user.effective.full_name",
  "user.effective.id",
  "user.effective.name",
  "user.email",
  "user.full_name",
  "user.id",
  "user.name",
  "user.target.id",
] as const;

/** Files, pages that led to others, and who got permissions. */
const DATA_ACCESS = ["file.mime_type", "file.name", "file.size", "http.request.referrer", "user.target.id"] as const;
/** What Salesforce detects, and what it is to MITRE ATT&CK. */
const THREAT = [
  "event.risk_score",
  "event.risk_score_norm",
  "event.start",
  "rule.name",
  "threat.framework",
  "threat.tactic.id",
  "threat.tactic.name",
  "threat.tactic.reference",
  "threat.technique.id",
  "threat.technique.name",
  "threat.technique.reference",
  "threat.technique.subtechnique.id",
  "threat.technique.subtechnique.name",
  "threat.technique.subtechnique.reference",
] as const;

const COLLECTOR = [
  "error.code",
  "event.action",
  "event.category",
  "event.duration",
  "event.end",
  "event.reason",
  "event.start",
  "event.type",
] as const;

export const ECS_FIELDS: Readonly<Record<string, readonly EcsName[]>> = {
  login: [...EVERY_STREAM, ...ACTIVITY, ...USER_AGENT, ...LOGIN],
  apex: [...EVERY_STREAM, ...ACTIVITY, ...REQUEST, ...APEX],
  api: [...EVERY_STREAM, ...ACTIVITY, ...USER_AGENT, ...REQUEST],
  setup_audit_trail: [...EVERY_STREAM, ...SETUP],
  other: [...EVERY_STREAM, ...ACTIVITY],
  data_access: [...EVERY_STREAM, ...ACTIVITY, ...USER_AGENT, ...DATA_ACCESS],
  threat: [...EVERY_STREAM, ...ACTIVITY, ...USER_AGENT, ...THREAT],
  collector: [...EVERY_STREAM, ...COLLECTOR],
};

/** Lucene takes terms of up to 32,766 bytes; a wildcard field has no such limit. */
const LONG_KEYWORD = 8_191;
const LONG_WILDCARD = 32_766;

/** Fields whose values may be longer than the 1,024 characters that Fleet has indexed where nothing is said. */
const LONGEST: Readonly<Partial<Record<EcsName, number>>> = {
  "error.stack_trace": LONG_WILDCARD,
  "file.name": LONG_KEYWORD,
  "http.request.referrer": LONG_KEYWORD,
  "url.fragment": LONG_KEYWORD,
  "url.full": LONG_KEYWORD,
  "url.original": LONG_KEYWORD,
  "url.path": LONG_KEYWORD,
  "url.query": LONG_KEYWORD,
  "user_agent.original": LONG_KEYWORD,
};

/** Summed and compared, hardly ever looked up: doc values do for that. */
const MEASURES: ReadonlySet<EcsName> = new Set([
  "destination.port",
  "event.duration",
  "file.size",
  "http.request.body.bytes",
  "http.response.body.bytes",
  "source.port",
  "url.port",
]);

/**
 * `wildcard` to ECS, which keeps each event's value and its n-grams. The URLs of an org recur: as keywords each is kept once, and
 * queries with wildcards, which see both types as one, look through few values.
 */
const RECURRING: ReadonlySet<EcsName> = new Set(["url.full", "url.original", "url.path"]);

export type EcsName = keyof typeof EcsFlat;

/** A type of ECS that the mappings of a package take as it is. */
const TYPES: Readonly<Record<string, FieldType>> = {
  boolean: "boolean",
  constant_keyword: "constant_keyword",
  date: "date",
  float: "float",
  geo_point: "geo_point",
  ip: "ip",
  keyword: "keyword",
  long: "long",
  match_only_text: "match_only_text",
  wildcard: "wildcard",
};

/**
 * The fields of that name as ECS defines them, in the order of their names. Without its fields for full text beside keywords, which
 * nothing here searches and which took 9 bytes an event for user_agent.original alone.
 */
export function ecsFields(names: readonly EcsName[]): readonly PackageField[] {
  return names.toSorted().map(ecsField);
}

function ecsField(name: EcsName): PackageField {
  const definition: EcsDefinition = EcsFlat[name];
  const type = RECURRING.has(name) ? "keyword" : TYPES[definition.type];
  if (type === undefined) {
    throw new TypeError(`${name} has type ${definition.type}, for which there is no mapping yet.`);
  }
  const longest = LONGEST[name];
  return {
    name,
    type,
    ...(longest === undefined ? {} : { ignore_above: longest }),
    description: definition.short,
    ...(definition.index === false || MEASURES.has(name) ? { index: false } : {}),
    ...(definition.doc_values === false ? { doc_values: false } : {}),
  };
}

interface EcsDefinition {
  readonly type: string;
  readonly short: string;
  readonly index?: boolean;
  readonly doc_values?: boolean;
}
