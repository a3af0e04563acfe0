/** The alert templates as the documentation shows them: what each finds, at which threshold, and how often it looks. Pure. */
import type { AlertCondition, AlertTemplateSpec, Bound, Comparison } from "../../shared/kibana/alert_condition.ts";
import { ALERT_TEMPLATES } from "../../shared/kibana/alert_templates.ts";

const UNITS = { h: "hours", d: "days" } as const;

/** Markdown, in the order in which they are declared. */
export function alertTable(templates: readonly AlertTemplateSpec[] = ALERT_TEMPLATES): string {
  const rows = templates.map(({ name, description, condition, interval, window }) => [
    name.replace(/^\[[^\]]*\]\s*/, ""),
    description,
    `${condition.having.map(comparison).join(" and ")}, for one ${listed(grouping(condition))}`,
    `every ${interval}, at the last ${window.size === 1 ? UNITS[window.unit].slice(0, -1) : `${window.size} ${UNITS[window.unit]}`}`,
  ]);
  const head = ["Alert", "What it finds", "Fires at", "Looks"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(cell).join(" | ")} |`).join("\n");
}

/** What the threshold counts for; where each hour is judged for itself, the hour too. */
function grouping(condition: AlertCondition): string[] {
  const fields = condition.by.map((field) => `\`${field}\``);
  return "hourly" in condition && condition.hourly === true ? [...fields, "hour"] : fields;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function comparison({ measure, is, than }: Comparison): string {
  const sign = typeof than === "object" && "hoursAgo" in than ? ORDERS[is] : SIGNS[is];
  return `\`${measure}\` ${sign} ${bound(than)}`;
}

const SIGNS = { ">=": "≥", ">": ">", "<": "<" } as const;
/** Of times. */
const ORDERS = { ">=": "from", ">": "after", "<": "before" } as const;

function bound(than: Bound): string {
  if (typeof than === "number") {
    return than.toLocaleString("en");
  }
  if ("hoursAgo" in than) {
    return than.hoursAgo === 1 ? "an hour ago" : `${than.hoursAgo} hours ago`;
  }
  return than.times === 1 ? `\`${than.measure}\`` : `${than.times} × \`${than.measure}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
