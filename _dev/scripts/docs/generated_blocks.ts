/** The parts of the README's template that the product's declarations make, between comments that no reader sees. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { eventTypeTable } from "../fields/field_tables.ts";
import { type AskedSetting, connectionSettings, streamSettings } from "../manifests/package_variables.ts";
import { inWords, isBefore, type KibanaRange, rangesOf } from "../package_rules/kibana_versions.ts";
import { ALERT_TEMPLATES_SINCE } from "../package_rules/stack_rules.ts";
import { alertTable } from "./alert_table.ts";
import { apiCallTable } from "./api_calls.ts";
import { sizingSource, sizingTable, storageEvents, storageOrder, storageTable } from "./sizing.ts";
import { troubleshooting } from "./troubleshooting.ts";

const BLOCK = /(\{\{\/\* begin (\w+) \*\/ -\}\}\n?)[\s\S]*?\n?\{\{- \/\* end (\w+) \*\/\}\}/g;

/** What can stand between `{{/* begin NAME *\/ -}}` and `{{- /* end NAME *\/}}`. */
export type Blocks = Readonly<Record<string, () => string>>;

const BLOCKS: Blocks = {
  alerts: () => alertTable(),
  alertStacks: () => inWords(supported().filter(hasAlertTemplates)),
  apiCalls: apiCallTable,
  connectionSettings: () => settingTable(connectionSettings()),
  eventTypes: eventTypeTable,
  sizing: sizingTable,
  sizingSource,
  stacks: () => inWords(supported()),
  stacksWithoutAlerts: () => inWords(supported().filter((range) => !hasAlertTemplates(range))),
  storage: storageTable,
  storageEvents,
  storageOrder,
  streamSettings: () => settingTable(streamSettings("login")),
  troubleshooting,
};

/** The template with each block as it is made today. Throws an Error that names a block which is unknown, missing or broken. */
export function withBlocks(template: string, blocks: Blocks = BLOCKS): string {
  const seen = new Set<string>();
  const filled = template.replaceAll(BLOCK, (_, begin: string, name: string, endName: string) => {
    const make = Object.hasOwn(blocks, name) ? blocks[name] : undefined;
    if (make === undefined || endName !== name) {
      throw new Error(`README: there is no block ${name}, or it does not end by its name`);
    }
    seen.add(name);
    const lineBreak = begin.endsWith("\n") ? "\n" : "";
    return `${begin}${safe(name, make().trim())}${lineBreak}{{- /* end ${name} */}}`;
  });
  const missing = Object.keys(blocks).filter((name) => !seen.has(name));
  if (missing.length > 0) {
    throw new Error(`README: the template lacks ${missing.join(", ")}`);
  }
  return filled;
}

/** By the manifest's condition, which the package rules have read before. */
function supported(): readonly KibanaRange[] {
  const manifest = parse(readFileSync(join(import.meta.dirname, "../../../manifest.yml"), "utf8"));
  return rangesOf(String(manifest.conditions.kibana.version)) ?? [];
}

function hasAlertTemplates({ first }: KibanaRange): boolean {
  return !isBefore(first, ALERT_TEMPLATES_SINCE);
}

/** Braces in a block would be an action of the template. */
function safe(name: string, text: string): string {
  if (text.includes("{{")) {
    throw new Error(`README: the block ${name} holds {{, which starts an action of the template`);
  }
  return text;
}

/** Title, key in a policy, default, help. */
function settingTable(settings: readonly AskedSetting[]): string {
  const rows = settings.map(({ setting: { path, required, default: fallback }, variable: { title, description } }) => {
    const usual = fallback === undefined || typeof fallback === "object" ? "" : `\`${String(fallback)}\``;
    return `| ${title} | \`${path}\` | ${required ? "required" : usual} | ${description.replaceAll("|", "\\|")} |`;
  });
  return ["| Setting | Key | Default | What it does |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
