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

const CLIENT = [
  "client.address",
  "client.ip",
  "destination.address",
  "destination.domain",
  "error.code",
  "error.type",
  "event.action",
  "event.category",
  "event.duration",
  "event.reason",
  "event.type",
  "network.forwarded_ip",
  "related.hosts",
  "related.ip",
  "related.user",
  "source.address",
  "source.as.number",
  "source.as.organization.name",
  "source.geo.city_name",
  "source.geo.continent_code",
  "source.geo.continent_name",
  "source.geo.country_iso_code",
  "source.geo.country_name",
  "source.geo.location",
  "source.geo.name",
  "source.geo.postal_code",
  "source.geo.region_iso_code",
  "source.geo.region_name",
  "source.geo.timezone",
  "source.ip",
  "user.domain",
  "user.email",
  "user.id",
  "user.name",
  "user_agent.device.name",
  "user_agent.name",
  "user_agent.original",
  "user_agent.os.full",
  "user_agent.os.name",
  "user_agent.os.platform",
  "user_agent.os.version",
  "user_agent.version",
] as const;

const HTTP = [
  "http.request.body.bytes",
  "http.request.bytes",
  "http.request.id",
  "http.request.method",
  "http.request.mime_type",
  "http.request.referrer",
  "http.response.body.bytes",
  "http.response.bytes",
  "http.response.mime_type",
  "http.response.status_code",
  "url.domain",
  "url.extension",
  "url.fragment",
  "url.full",
  "url.original",
  "url.path",
  "url.port",
  "url.query",
  "url.registered_domain",
  "url.scheme",
  "url.subdomain",
  "url.top_level_domain",
] as const;

const LOGIN = [
  "tls.cipher",
  "tls.version",
  "tls.version_protocol",
  "user.effective.domain",
  "user.effective.email",
  "user.effective.id",
  "user.effective.name",
  "user.roles",
  "user.target.id",
  "user.target.name",
] as const;

const TRANSACTION = ["error.stack_trace", "trace.id", "transaction.id", "service.name"] as const;

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
  login: [...EVERY_STREAM, ...CLIENT, ...HTTP, ...LOGIN],
  apex: [...EVERY_STREAM, ...CLIENT, ...HTTP, ...TRANSACTION],
  api: [...EVERY_STREAM, ...CLIENT, ...HTTP, ...TRANSACTION],
  collector: [...EVERY_STREAM, ...COLLECTOR],
};

/** Lucene takes terms of up to 32,766 bytes; a wildcard field has no such limit. */
const LONG_KEYWORD = 8_191;
const LONG_WILDCARD = 32_766;

/** Fields whose values may be longer than the 1,024 characters that Fleet has indexed where nothing is said. */
const LONGEST: Readonly<Partial<Record<EcsName, number>>> = {
  "error.stack_trace": LONG_WILDCARD,
  "http.request.referrer": LONG_KEYWORD,
  "url.fragment": LONG_KEYWORD,
  "url.full": LONG_WILDCARD,
  "url.original": LONG_WILDCARD,
  "url.path": LONG_WILDCARD,
  "url.query": LONG_KEYWORD,
  "user_agent.original": LONG_KEYWORD,
};

export type EcsName = keyof typeof EcsFlat;

/** A type of ECS that the mappings of a package take as it is. */
const TYPES: Readonly<Record<string, FieldType>> = {
  boolean: "boolean",
  constant_keyword: "constant_keyword",
  date: "date",
  geo_point: "geo_point",
  ip: "ip",
  keyword: "keyword",
  long: "long",
  match_only_text: "match_only_text",
  wildcard: "wildcard",
};

/** The fields of that name as ECS defines them, in the order of their names. */
export function ecsFields(names: readonly EcsName[]): readonly PackageField[] {
  return names.toSorted().map(ecsField);
}

function ecsField(name: EcsName): PackageField {
  const definition: EcsDefinition = EcsFlat[name];
  const type = TYPES[definition.type];
  if (type === undefined) {
    throw new TypeError(`${name} has type ${definition.type}, for which there is no mapping yet.`);
  }
  const longest = LONGEST[name];
  return {
    name,
    type,
    ...(longest === undefined ? {} : { ignore_above: longest }),
    description: definition.short,
    ...(definition.index === false ? { index: false } : {}),
    ...(definition.doc_values === false ? { doc_values: false } : {}),
    ...(definition.multi_fields === undefined
      ? {}
      : { multi_fields: definition.multi_fields.map((field) => ({ name: field.name, type: field.type })) }),
  };
}

interface EcsDefinition {
  readonly type: string;
  readonly short: string;
  readonly index?: boolean;
  readonly doc_values?: boolean;
  readonly multi_fields?: readonly { readonly name: string; readonly type: string }[];
}
