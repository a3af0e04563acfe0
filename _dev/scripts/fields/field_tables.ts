import { EVENT_TYPES, OBJECTS, OTHER_TYPES } from "../../../src/catalog/catalog.ts";
import type { EventType } from "../../../src/catalog/column.ts";

/** What there is to collect, as a table in Markdown. */
export function eventTypeTable(): string {
  return table(
    ["Event", "Data stream", "Source", "Licence", "Arrives", "What it tells you"],
    [...EVENT_TYPES, OTHER_TYPES, ...OBJECTS].map((type) => [
      `[\`${type.name}\`](${type.page})`,
      `\`${type.stream}\``,
      source(type),
      type.free ? "every org" : "Event Monitoring",
      arrival(type),
      type.tells,
    ]),
  );
}

function source(type: EventType): string {
  return type.provider === "EventLogFile" ? "`EventLogFile`" : `\`${type.name}\`, a ${type.storage}`;
}

function arrival(type: EventType): string {
  if (type.provider === "Object") {
    return "within minutes";
  }
  return type.free ? "daily; also hourly with Event Monitoring" : "hourly and daily";
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(escaped).join(" | ")} |`);
  return `${lines.join("\n")}\n`;
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|").replaceAll("\n", " ");
}
