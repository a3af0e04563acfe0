/** The package's README is a template whose tables are made from what the integration declares. */
import { apiCallTable } from "../docs/api_calls.ts";
import { troubleshooting } from "../docs/troubleshooting.ts";
import { eventTypeTable, fieldTable } from "../fields/field_tables.ts";
import { STREAMS, streamFields } from "../fields/stream_fields.ts";
import { connectionSettings, streamSettings } from "../manifests/package_variables.ts";
import type { PackageFiles } from "./package_files.ts";

/** `{{name}}` or `{{name "argument"}}`. */
const CALL = /\{\{\s*(\w+)(?:\s+"([^"]*)")?\s*\}\}/g;

type Render = (argument: string, files: PackageFiles) => string;

/** The first two are those of elastic-package. */
const FUNCTIONS: Readonly<Record<string, Render>> = {
  fields: (stream) => fieldTable(streamFields(knownStream(stream))),
  event: (stream, files) => sampleEvent(knownStream(stream), files),
  eventTypes: () => eventTypeTable(),
  settings: (block) => settingTable(block),
  apiCalls: () => apiCallTable(),
  troubleshooting: () => troubleshooting(),
};

/** The text of the README. Throws an Error that names what the template calls and nobody provides. */
export function renderReadme(template: string, files: PackageFiles): string {
  return template.replaceAll(CALL, (call, name: string, argument = "") => {
    const render = FUNCTIONS[name];
    if (render === undefined) {
      throw new Error(`README: ${call} is none of ${Object.keys(FUNCTIONS).join(", ")}`);
    }
    return render(argument, files).trimEnd();
  });
}

function knownStream(name: string): (typeof STREAMS)[number] {
  const known = STREAMS.find((stream) => stream === name);
  if (known === undefined) {
    throw new Error(`README: there is no data stream "${name}"`);
  }
  return known;
}

function sampleEvent(stream: string, files: PackageFiles): string {
  const path = `data_stream/${stream}/sample_event.json`;
  const text = files.get(path)?.toString("utf8");
  if (text === undefined) {
    throw new Error(`README: ${path} is missing`);
  }
  const event = JSON.stringify(withSortedKeys(JSON.parse(text)), undefined, 4);
  return `An example event for \`${stream}\` looks as following:\n\n\`\`\`json\n${event}\n\`\`\``;
}

function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withSortedKeys);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, withSortedKeys(inner)]));
}

/** The settings of the `connection` or of a data stream: title, key in a policy, default, help. */
function settingTable(block: string): string {
  const settings = block === "connection" ? connectionSettings() : streamSettings(knownStream(block));
  const rows = settings.map(({ setting: { path, required, default: fallback }, variable: { title, description } }) => {
    const usual = fallback === undefined || typeof fallback === "object" ? "" : `\`${String(fallback)}\``;
    return `| ${title} | \`${path}\` | ${required ? "required" : usual} | ${description.replaceAll("|", "\\|")} |`;
  });
  return ["| Setting | Key | Default | What it does |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
