import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Files by their path below the package's folder. */
export type PackageFiles = Readonly<Record<string, string>>;

export const DOOR_MANIFEST = "title: Door\ntype: logs\n";

export const DOOR_FIELDS = `
- {name: "@timestamp", type: date}
- {name: data_stream.type, type: constant_keyword}
- {name: data_stream.dataset, type: constant_keyword}
- {name: data_stream.namespace, type: constant_keyword}
- {name: event.code, type: keyword}
- {name: source.ip, type: ip}
- {name: source.geo.country_iso_code, type: keyword}
- {name: door.opened_by, type: keyword, multi_fields: [{name: text, type: match_only_text}]}
- {name: door.open_time, type: long, unit: ms}
- {name: door.badge.*, type: keyword}
`;

const DOOR_PIPELINE = `---
description: Doors
processors:
  - set: {field: door.opened_by, value: "{{{user.name}}} ({{{door.badge.number}}})", if: ctx.user?.name != null}
  - pipeline: {name: '{{ IngestPipeline "address" }}', if: ctx.door?.address != null}
  - remove: {field: user, ignore_missing: true}
`;

const ADDRESS_PIPELINE = `---
processors:
  - rename: {field: door.address, target_field: source.ip}
  - geoip: {field: source.ip, target_field: source.geo, ignore_missing: true}
`;

/** A package with one data stream, `logs-building.door`, in a new temporary folder. `changes` replace or add files. */
export function makeUpPackage(changes: PackageFiles = {}): string {
  const root = mkdtempSync(join(tmpdir(), "package-"));
  const files: PackageFiles = {
    "manifest.yml": "name: building\nversion: 1.0.0\n",
    "data_stream/door/manifest.yml": DOOR_MANIFEST,
    "data_stream/door/fields/fields.yml": DOOR_FIELDS,
    "data_stream/door/elasticsearch/ingest_pipeline/default.yml": DOOR_PIPELINE,
    "data_stream/door/elasticsearch/ingest_pipeline/address.yml": ADDRESS_PIPELINE,
    ...changes,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
