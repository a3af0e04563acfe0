/** How cells are written, as Kibana's formats do. Times are told in UTC. Pure. */
import type { StoredFormat } from "../dashboards/lens_layer.ts";
import type { Cell } from "./lens_table.ts";

export interface ValueFormat {
  readonly dataType: "string" | "number" | "date" | "boolean" | "ip";
  readonly format?: StoredFormat | undefined;
}

const NOTHING = "-";

export function formatted(cell: Cell, { dataType, format }: ValueFormat): string {
  if (cell === null || (typeof cell === "number" && Number.isNaN(cell))) {
    return NOTHING;
  }
  if (typeof cell === "string") {
    return cell;
  }
  if (dataType === "date") {
    return dateText(cell);
  }
  const decimals = format?.params?.decimals ?? 0;
  switch (format?.id) {
    case "percent":
      return `${number(cell * 100, decimals)}%`;
    case "bytes":
      return scaled(cell, BYTE_UNITS, decimals);
    case "duration":
      return scaled(cell * (MILLISECONDS[format.params?.fromUnit ?? "milliseconds"] ?? 1), TIME_UNITS, decimals);
    default:
      return number(cell, format === undefined ? (Number.isInteger(cell) ? 0 : 2) : decimals);
  }
}

type Unit = readonly [from: number, name: string];

const MILLISECONDS: Readonly<Record<string, number>> = { nanoseconds: 1e-6, milliseconds: 1, seconds: 1_000 };

/** Smallest first. */
const TIME_UNITS: readonly Unit[] = [
  [1, "ms"],
  [1_000, "s"],
  [60_000, "min"],
  [3_600_000, "h"],
  [86_400_000, "d"],
];
const BYTE_UNITS: readonly Unit[] = [
  [1, "B"],
  [1_024, "KB"],
  [1_024 ** 2, "MB"],
  [1_024 ** 3, "GB"],
  [1_024 ** 4, "TB"],
];

function scaled(value: number, units: readonly Unit[], decimals: number): string {
  const [from, name] = units.findLast(([at]) => Math.abs(value) >= at) ?? units[0] ?? [1, ""];
  return `${number(value / from, name === "ms" || name === "B" ? 0 : decimals)} ${name}`;
}

function number(value: number, decimals: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: decimals });
}

/** "Nov 21, 2026 @ 14:00:00.000", Kibana's usual form. */
function dateText(time: number): string {
  const date = new Date(time);
  const day = date.toLocaleDateString("en-US", { month: "short", day: "numeric", year: "numeric", timeZone: "UTC" });
  return `${day} @ ${date.toISOString().slice(11, 23)}`;
}
