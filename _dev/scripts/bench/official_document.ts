/**
 * The document that Elastic's own `salesforce` package keeps of a row of a log file: what its ingest pipelines
 * (`eventlogfile.yml` of its logins, `default.yml` of Apex, in elastic/integrations) put into its own and into ECS fields, and the
 * members that its `sample_event.json` has from Elastic Agent. Without `event.original` and `host.*`, which its users can have and
 * need not.
 */
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import type { Pipeline } from "../install_assets/pipelines.ts";
import { cellValue, FIELDS, put, unquoted } from "./official_fields.ts";

type Cells = Readonly<Record<string, string>>;

/** What its pipelines leave to processors of Elasticsearch; `browser` is no field of its own. */
export const OFFICIAL_PIPELINE: Pipeline = {
  processors: [
    {
      user_agent: {
        field: "browser",
        properties: ["name", "os", "device"],
        ignore_missing: true,
        ignore_failure: true,
      },
    },
    { remove: { field: "browser", ignore_missing: true } },
    { geoip: { field: "source.ip", target_field: "source.geo", ignore_missing: true, ignore_failure: true } },
  ],
};

/** Since version 1.9 each document's `_id` is what the processor `fingerprint` makes of some of its columns: SHA-1 in Base64. */
export function officialId(id: string): string {
  return createHash("sha1").update(id).digest("base64");
}

/** The document that the package's pipeline would make of the row. */
export function officialDocument(stream: string, cells: Cells): object {
  const home: Record<string, unknown> = {};
  for (const [column, field] of Object.entries(FIELDS[stream] ?? {})) {
    const cell = cells[column];
    // Its pipeline moves the URI to `event.url`, but for callouts, whose URL that is.
    if (field === "uri" && cells.EVENT_TYPE !== "ApexCallout") {
      continue;
    }
    if (cell !== undefined && cell !== "" && !(field === "client.ip" && cell.includes(" "))) {
      put(home, field, cellValue(field, cell));
    }
  }
  const ecs = stream === "login" ? ecsOfLogin(cells) : ecsOfRequest(cells);
  return {
    "@timestamp": cells.TIMESTAMP_DERIVED,
    agent: {
      ephemeral_id: "b2a6a2a1-6f5c-4f0f-9c1b-3b8a0c8f2f4e",
      id: "3f1c5d3e-6a0b-4c55-9d5a-8a2f1b7f9f10",
      name: "collector",
      type: "filebeat",
      version: "9.4.0",
    },
    data_stream: { dataset: `salesforce.${stream}`, namespace: "default", type: "logs" },
    ecs: { version: "8.11.0" },
    elastic_agent: { id: "3f1c5d3e-6a0b-4c55-9d5a-8a2f1b7f9f10", snapshot: false, version: "9.4.0" },
    input: { type: "salesforce" },
    salesforce: { instance_url: "https://acme.my.salesforce.com", [stream]: home },
    tags: [`salesforce-${stream}`, "forwarded"],
    ...ecs,
    event: {
      dataset: `salesforce.${stream}`,
      kind: "event",
      provider: "EventLogFile",
      ...ecs.event,
    },
  };
}

/** The columns that the document is made of; the package drops the others. */
export function officialColumns(stream: string): ReadonlySet<string> {
  const read = new Set<string>();
  const none = (_: object, column: string | symbol) => {
    read.add(String(column));
    return "";
  };
  officialDocument(stream, new Proxy({}, { get: none }));
  return read;
}

interface Ecs {
  readonly event: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}

function ecsOfLogin(cells: Cells): Ecs {
  const [protocol, version] = (cells.TLS_PROTOCOL ?? "").split("v");
  return {
    event: {
      action: "login-attempt",
      category: ["authentication"],
      module: "salesforce",
      outcome: cells.LOGIN_STATUS === "LOGIN_NO_ERROR" ? "success" : "failure",
      type: ["info"],
      ...filled({ url: cells.URI }),
    },
    ...(isAddress(cells.SOURCE_IP) && { related: { ip: [cells.SOURCE_IP] }, source: { ip: cells.SOURCE_IP } }),
    tls: filled({ cipher: cells.CIPHER_SUITE, version, version_protocol: protocol }),
    user: filled({ email: cells.USER_NAME, id: cells.USER_ID_DERIVED, roles: cells.USER_TYPE }),
    ...filled({ browser: cells.BROWSER_TYPE }),
  };
}

const ACTIONS: Readonly<Record<string, string>> = {
  ApexCallout: "apex-callout",
  ApexExecution: "apex-execution",
  ApexRestApi: "apex-rest",
  ApexTrigger: "apex-trigger",
};

function ecsOfRequest(cells: Cells): Ecs {
  const type = cells.EVENT_TYPE ?? "";
  const duration = { ApexCallout: cells.TIME, ApexExecution: cells.EXEC_TIME, ApexTrigger: cells.EXEC_TIME }[type];
  const { METHOD: method, URI: uri, URL: url } = cells;
  return {
    event: {
      ...filled({ action: ACTIONS[type] ?? type }),
      ...(type !== "ApexExecution" && { type: ["connection"] }),
      ...(type !== "ApexExecution" && type !== "ApexTrigger" && { category: ["network"] }),
      ...numbers({ duration: duration ?? cells.RUN_TIME }),
      ...(cells.SUCCESS && { outcome: cells.SUCCESS === "1" ? "success" : "failure" }),
      ...filled({ url: unquoted((type === "ApexCallout" ? url : uri) ?? "") }),
    },
    http: {
      request: { ...filled({ method }), ...numbers({ bytes: cells.REQUEST_SIZE }) },
      response: numbers({ bytes: cells.RESPONSE_SIZE, status_code: cells.STATUS_CODE }),
    },
    ...(isAddress(cells.CLIENT_IP) && { related: { ip: [cells.CLIENT_IP] }, source: { ip: cells.CLIENT_IP } }),
    user: filled({ id: cells.USER_ID, roles: cells.USER_TYPE }),
  };
}

function filled(members: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(members).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

function numbers(members: Readonly<Record<string, string | undefined>>): Record<string, number> {
  return Object.fromEntries(Object.entries(filled(members)).map(([name, value]) => [name, Number(value)]));
}

function isAddress(cell: string | undefined): boolean {
  return cell !== undefined && isIP(cell) !== 0;
}
