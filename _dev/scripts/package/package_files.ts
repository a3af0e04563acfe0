/** What is in the package's zip, made from the repository. */
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { encodedObject } from "./encoded_object.ts";
import type { PackageFiles } from "./files_by_path.ts";
import { renderReadme } from "./readme.ts";

/** Everything else in the repository stays out, such as sources, tests and node_modules. */
const ALLOWED = [
  "manifest.yml",
  "changelog.yml",
  "LICENSE.txt",
  "validation.yml",
  "docs/*.md",
  "img/*.{svg,png,jpg}",
  "agent/input/*.yml.hbs",
  "kibana/tags.yml",
  "kibana/*/*.json",
  "data_stream/*/{manifest,lifecycle,routing_rules}.yml",
  "data_stream/*/sample_event.json",
  "data_stream/*/agent/stream/*.yml.hbs",
  "data_stream/*/elasticsearch/ingest_pipeline/*.yml",
  "data_stream/*/fields/*.yml",
];

const README = "docs/README.md";
const README_TEMPLATE = "_dev/build/docs/README.md";

/** Reads the package below `root`, in the order of its paths: the README rendered, dashboards encoded as Kibana keeps them. */
export function packageFiles(root: string): PackageFiles {
  const files = new Map<string, Buffer>();
  for (const path of globSync(ALLOWED, { cwd: root }).map((found) => found.replaceAll("\\", "/"))) {
    if (statSync(join(root, path)).isFile()) {
      files.set(path, content(root, path));
    }
  }
  const [template] = globSync(README_TEMPLATE, { cwd: root });
  if (template !== undefined) {
    files.set(README, Buffer.from(renderReadme(readFileSync(join(root, template), "utf8"), files)));
  }
  return new Map([...files].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function content(root: string, path: string): Buffer {
  const bytes = readFileSync(join(root, path));
  if (!/^kibana\/[^/]+\/[^/]+\.json$/.test(path)) {
    return bytes;
  }
  return Buffer.from(`${JSON.stringify(encodedObject(JSON.parse(bytes.toString("utf8"))), undefined, 2)}\n`);
}
