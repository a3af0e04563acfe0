/** Which files and folders a package may hold, and how large they may be. */
import type { PackageRule } from "./package_view.ts";

const MEGABYTE = 1_048_576;

/** The files of the package specification that this package uses; any other path is refused. */
const ALLOWED: readonly RegExp[] = [
  /^(?:manifest|changelog|validation)\.yml$/,
  /^LICENSE\.txt$/,
  /^docs\/[^/]+\.md$/,
  /^img\/[^/]+\.(?:svg|png|jpg)$/,
  /^agent\/input\/[^/]+\.yml\.hbs$/,
  /^kibana\/tags\.yml$/,
  /^kibana\/(?:dashboard|visualization|search|map|lens|tag|ml_module|security_rule|alerting_rule_template|slo_template)\/[^/]+\.json$/,
  /^data_stream\/[^/]+\/(?:manifest|lifecycle|routing_rules)\.yml$/,
  /^data_stream\/[^/]+\/sample_event\.json$/,
  /^data_stream\/[^/]+\/agent\/stream\/[^/]+\.yml\.hbs$/,
  /^data_stream\/[^/]+\/elasticsearch\/ingest_pipeline\/[a-z0-9_-]+\.(?:yml|json)$/,
  /^data_stream\/[^/]+\/fields\/[^/]+$/,
];
const FIELDS_FILE = /^data_stream\/[^/]+\/fields\/[a-z0-9][a-z0-9_-]+[a-z0-9]\.yml$/;
const STREAM_NAME = /^(?:[a-z0-9]{2}|[a-z0-9][a-z0-9_]+[a-z0-9])$/;

const REQUIRED = ["manifest.yml", "changelog.yml", "LICENSE.txt", "docs/README.md"];

const LIMITS: readonly (readonly [RegExp, number])[] = [
  [/\.hbs$/, 2 * MEGABYTE],
  [/\.yml$/, 5 * MEGABYTE],
  [/^img\//, 3 * MEGABYTE],
  [/./, 150 * MEGABYTE],
];
const TOTAL_LIMIT = 250 * MEGABYTE;

export const layoutProblems: PackageRule = ({ files, streams }) => {
  const paths = [...files.keys()];
  const total = [...files.values()].reduce((sum, content) => sum + content.length, 0);
  return [
    ...REQUIRED.filter((path) => !files.has(path)).map((path) => `${path} is missing`),
    ...paths
      .filter((path) => !ALLOWED.some((pattern) => pattern.test(path)))
      .map((path) => `${path} does not belong into a package`),
    ...paths
      .filter((path) => /^data_stream\/[^/]+\/fields\//.test(path) && !FIELDS_FILE.test(path))
      .map((path) => `${path} is no name for a file of fields`),
    ...streams
      .filter((name) => !STREAM_NAME.test(name) || name === "integration")
      .map((name) => `data_stream/${name} is no name for a data stream`),
    ...streams.flatMap((name) =>
      [`data_stream/${name}/manifest.yml`, `data_stream/${name}/fields/base-fields.yml`]
        .filter((path) => !files.has(path))
        .map((path) => `${path} is missing`),
    ),
    ...[...files].flatMap(([path, { length }]) => {
      const limit = LIMITS.find(([pattern]) => pattern.test(path))?.[1] ?? TOTAL_LIMIT;
      return length > limit ? [`${path} is larger than ${limit / MEGABYTE} MB`] : [];
    }),
    ...(total > TOTAL_LIMIT ? [`The package is larger than ${TOTAL_LIMIT / MEGABYTE} MB`] : []),
  ];
};
