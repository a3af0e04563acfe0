/** The files below `kibana/` that are made from the sources in `_dev/shared/kibana`. */
import { stringify } from "yaml";
import { ALERT_TEMPLATES } from "../../shared/kibana/alert_templates.ts";
import { DASHBOARDS } from "../../shared/kibana/dashboards.ts";
import { SAVED_SEARCHES } from "../../shared/kibana/saved_searches.ts";
import { alertTemplateObject } from "./alert_object.ts";
import { dashboardObject, type KibanaObject, savedSearchObject } from "./dashboard_object.ts";
import { type DeclaredFields, declaredFields } from "./declared_fields.ts";

/** Tags that Fleet creates and puts on the package's objects. */
const TAGS = [{ text: "Salesforce", asset_types: ["dashboard", "search"] }];

const TAGS_HEAD = "# Made by _dev/scripts/build_dashboards.ts; change it there.\n";

/** The text of each file by its path from the root of the package. Throws where a source names an undeclared field. */
export function kibanaFiles(packageRoot: string): ReadonlyMap<string, string> {
  const declared = declaredFields(packageRoot);
  const objects = kibanaObjects(declared);
  return new Map([
    ...objects.map((object) => [`kibana/${object.type}/${object.id}.json`, objectText(object)] as const),
    ["kibana/tags.yml", TAGS_HEAD + stringify(TAGS)] as const,
  ]);
}

function kibanaObjects(declared: DeclaredFields): KibanaObject[] {
  return [
    ...DASHBOARDS.map((spec) => dashboardObject(spec, DASHBOARDS, declared)),
    ...SAVED_SEARCHES.map((spec) => savedSearchObject(spec, declared)),
    ...ALERT_TEMPLATES.map((spec) => alertTemplateObject(spec, declared)),
  ];
}

/** Names in the order of the alphabet and four spaces, as the package tool writes objects. */
function objectText(object: KibanaObject): string {
  return `${JSON.stringify(sorted(object), null, 4)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([name, part]) => [name, sorted(part)]));
  }
  return value;
}
