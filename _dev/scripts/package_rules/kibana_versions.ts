/** Which versions of Kibana a package may be installed on, by the condition of its manifest. Pure. */

import { isMapping } from "../../../src/core/block.ts";
import type { PackageView } from "./package_view.ts";

/** A version up to its minor: 9.4 is [9, 4]. */
export type KibanaVersion = readonly [major: number, minor: number];

/** The versions from one on: that minor alone, or every later one of its major too. */
export interface KibanaRange {
  /** As the condition has it. */
  readonly text: string;
  readonly first: KibanaVersion;
  readonly onlyMinor: boolean;
}

/** The parts of the manifest's condition, such as `^8.19.0 || ~9.1.0`; `undefined` for one that is written otherwise. */
export function kibanaRanges(view: PackageView): readonly KibanaRange[] | undefined {
  const manifest = view.value("manifest.yml");
  const conditions = isMapping(manifest) && isMapping(manifest.conditions) ? manifest.conditions : {};
  const condition = isMapping(conditions.kibana) ? conditions.kibana.version : undefined;
  return typeof condition === "string" ? rangesOf(condition) : undefined;
}

export function rangesOf(condition: string): readonly KibanaRange[] | undefined {
  const ranges = condition.split("||").map((part): KibanaRange | undefined => {
    const text = part.trim();
    const [, kind, major, minor] = /^([\^~])(\d+)\.(\d+)\.\d+$/.exec(text) ?? [];
    return kind === undefined ? undefined : { text, first: [Number(major), Number(minor)], onlyMinor: kind === "~" };
  });
  return ranges.some((range) => range === undefined) ? undefined : ranges.filter((range) => range !== undefined);
}

/** The ranges for people: `8.19, 9.1, and 9.4 or later`. */
export function inWords(ranges: readonly KibanaRange[]): string {
  const newest = Math.max(...ranges.map(({ first: [major] }) => major));
  const names = ranges.map(({ first: [major, minor], onlyMinor }) =>
    onlyMinor || major < newest ? `${major}.${minor}` : `${major}.${minor} or later`,
  );
  return names.length < 3 ? names.join(" and ") : `${names.slice(0, -1).join(", ")}, and ${names.at(-1)}`;
}

export function isBefore([major, minor]: KibanaVersion, [otherMajor, otherMinor]: KibanaVersion): boolean {
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
