/**
 * What each version of Kibana takes. One that knows a type of saved object refuses a key that it does not know, and with the
 * object the whole package; one that does not know the type leaves its folder out.
 */

import { isMapping, type Mapping } from "../../../src/core/block.ts";
import { inWords, isBefore, type KibanaRange, type KibanaVersion, kibanaRanges } from "./kibana_versions.ts";
import type { PackageRule, PackageView } from "./package_view.ts";

/** The first version of each major of the stack that takes a package of this format; Elastic's "Package specification" how-to. */
const FIRST_STACKS: Readonly<Record<string, readonly KibanaVersion[]>> = {
  "3.3": [
    [8, 16],
    [9, 0],
  ],
  "3.4": [
    [8, 19],
    [9, 1],
  ],
  "3.5": [[9, 2]],
  "3.6": [[9, 4]],
};

interface AssetType {
  /** The first version that imports this type. */
  readonly since: KibanaVersion;
  /** The newest stored form (major, minor) that the oldest Kibana of the condition reads. */
  readonly newestForm?: readonly [number, number];
  /** For a type whose attributes are a closed set: the first version that takes each. */
  readonly attributes?: Readonly<Record<string, KibanaVersion>>;
}

const OLD: KibanaVersion = [8, 0];
/** Older ones leave alert templates out. */
export const ALERT_TEMPLATES_SINCE: KibanaVersion = [9, 2];

/**
 * By folder. Of alerting_rule_template: model versions 2 to 4 in Kibana's sources; version 1 needed `consumer`, which later ones
 * refuse.
 */
const ASSET_TYPES: Readonly<Record<string, AssetType>> = {
  dashboard: { since: OLD, newestForm: [10, 2] },
  search: { since: OLD },
  visualization: { since: OLD },
  map: { since: OLD },
  lens: { since: OLD },
  tag: { since: OLD },
  ml_module: { since: OLD },
  security_rule: { since: OLD },
  alerting_rule_template: {
    since: ALERT_TEMPLATES_SINCE,
    attributes: {
      name: [9, 2],
      tags: [9, 2],
      ruleTypeId: [9, 2],
      schedule: [9, 2],
      flapping: [9, 2],
      alertDelay: [9, 2],
      params: [9, 2],
      description: [9, 4],
      artifacts: [9, 4],
      engine: [9, 6],
      rule: [9, 6],
    },
  },
};

export const stackProblems: PackageRule = (view) => {
  const ranges = kibanaRanges(view);
  if (ranges === undefined) {
    return ["manifest.yml: conditions.kibana.version must be parts such as ^9.4.0 or ~9.1.0 with || between them"];
  }
  return [...formatProblems(view, ranges), ...assetProblems(view, ranges)];
};

/** An older Kibana than the format needs would offer a package that it can't read. */
function formatProblems(view: PackageView, ranges: readonly KibanaRange[]): string[] {
  const manifest = view.value("manifest.yml");
  const format = isMapping(manifest) ? String(manifest.format_version).split(".").slice(0, 2).join(".") : "";
  const stacks = FIRST_STACKS[format];
  if (stacks === undefined) {
    return [`manifest.yml: format_version ${format} is not known here; add the stacks that take it`];
  }
  return ranges
    .filter(({ first }) => !stacks.some((needed) => needed[0] === first[0] && !isBefore(first, needed)))
    .map(({ text }) => `manifest.yml: conditions.kibana.version: ${text} takes no packages of format ${format}`);
}

function assetProblems(view: PackageView, ranges: readonly KibanaRange[]): string[] {
  return view.paths(/^kibana\/[^/]+\/[^/]+\.json$/).flatMap((path) => {
    const type = ASSET_TYPES[path.split("/")[1] ?? ""];
    const content = view.value(path);
    if (type === undefined) {
      return [`${path} is of a type that is not known here; add the versions of Kibana that import it`];
    }
    return isMapping(content)
      ? [...formProblems(type, content), ...attributeProblems(type, content, ranges)].map(
          (problem) => `${path} ${problem}`,
        )
      : [];
  });
}

function formProblems({ newestForm }: AssetType, { typeMigrationVersion: form }: Mapping): string[] {
  if (newestForm === undefined) {
    return [];
  }
  const [, major, minor] = /^(\d+)\.(\d+)\.\d+$/.exec(String(form)) ?? [];
  if (major === undefined) {
    return ["does not say in which form it is stored (typeMigrationVersion)"];
  }
  return isBefore(newestForm, [Number(major), Number(minor)])
    ? [
        `is stored in the form ${String(form)}; the oldest Kibana of the condition reads ${newestForm.join(".")} at most`,
      ]
    : [];
}

function attributeProblems(
  { since, attributes: known }: AssetType,
  { attributes }: Mapping,
  ranges: readonly KibanaRange[],
): string[] {
  if (known === undefined || !isMapping(attributes)) {
    return [];
  }
  return Object.keys(attributes).flatMap((key) => {
    const needed = Object.hasOwn(known, key) ? known[key] : undefined;
    if (needed === undefined) {
      return [`has the attribute ${key}, which no Kibana takes`];
    }
    const refusing = ranges.flatMap((range) => versionsWithin(range, since, needed));
    return refusing.length === 0
      ? []
      : [`has the attribute ${key}, which Kibana ${inWords(refusing)} refuses, and with it the whole package`];
  });
}

/** The versions of a range from `since` on and before `end`, each by itself. */
function versionsWithin({ first, onlyMinor }: KibanaRange, since: KibanaVersion, end: KibanaVersion): KibanaRange[] {
  const [major, minor] = first;
  const last = onlyMinor ? minor : Math.max(minor, end[0] === major ? end[1] - 1 : minor);
  return Array.from({ length: last - minor + 1 }, (_, at): KibanaVersion => [major, minor + at])
    .filter((version) => !isBefore(version, since) && isBefore(version, end))
    .map((version) => ({ text: version.join("."), first: version, onlyMinor: true }));
}
