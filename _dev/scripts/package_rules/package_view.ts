import { parse } from "yaml";
import { isMapping, type Mapping } from "../../../src/core/block.ts";
import type { PackageFiles } from "../package/files_by_path.ts";

/** The files of a package, read as what they are. Whatever can't be read has been reported before, and counts as empty. */
export interface PackageView {
  readonly files: PackageFiles;
  /** Folders below `data_stream`. */
  readonly streams: readonly string[];
  text(path: string): string | undefined;
  /** The content of a YAML or JSON file; `undefined` if there is none. */
  value(path: string): unknown;
  /** Paths that match. */
  paths(pattern: RegExp): string[];
}

/** One sentence for each breach, with the path of the file first. */
export type PackageRule = (view: PackageView) => string[];

/** Packages that have most of their files in common are read in a fraction of the time. */
const READ = new WeakMap<Buffer, unknown>();

export function packageView(files: PackageFiles): { readonly view: PackageView; readonly problems: readonly string[] } {
  const values = new Map<string, unknown>();
  const problems: string[] = [];
  for (const [path, content] of files) {
    const [kind, read] = readerOf(path);
    try {
      const value = READ.has(content) ? READ.get(content) : read?.(content.toString("utf8"));
      READ.set(content, value);
      values.set(path, value);
    } catch {
      problems.push(`${path} is no valid ${kind}`);
    }
  }
  const paths = [...files.keys()];
  const streams = [...new Set(paths.flatMap((path) => /^data_stream\/([^/]+)\//.exec(path)?.[1] ?? []))];
  const view = {
    files,
    streams,
    text: (path: string) => files.get(path)?.toString("utf8"),
    value: (path: string) => values.get(path),
    paths: (pattern: RegExp) => paths.filter((path) => pattern.test(path)),
  };
  return { view, problems };
}

function readerOf(path: string): readonly [kind: string, read?: (text: string) => unknown] {
  if (path.endsWith(".yml")) {
    return ["YAML", (text) => parse(text)];
  }
  return path.endsWith(".json") ? ["JSON", (text) => JSON.parse(text)] : ["text"];
}

/** A list of mappings, whatever the value is. */
export function mappings(value: unknown): Mapping[] {
  return Array.isArray(value) ? value.filter(isMapping) : [];
}

export function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
}
