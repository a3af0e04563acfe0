/**
 * What a dashboard is made of, in the words of its questions. `_dev/scripts/dashboards` turns it into the objects that Kibana
 * stores; field names are checked there against the fields that the data streams declare.
 */

/** Data stream of this package, by the last part of its dataset's name. */
export type Stream = string;

/** A condition in Kibana's query language. */
export type Kql = string;

/** How numbers are written. Fields of time are told in their own unit. */
export type Format =
  | { readonly as: "number"; readonly decimals?: number }
  | { readonly as: "percent" }
  | { readonly as: "bytes" }
  | { readonly as: "duration"; readonly from: "nanoseconds" | "milliseconds" | "seconds" };

/** A number that Elasticsearch aggregates over documents, over those of `where` alone if it is given. */
export type Aggregate = {
  readonly where?: Kql;
  /** Of the time as long that ends where the chosen one begins. */
  readonly before?: true;
} & (
  | { readonly of: "count" }
  | { readonly of: "unique_count" | "sum" | "average" | "median" | "min" | "max"; readonly field: string }
  | { readonly of: "percentile"; readonly field: string; readonly percentile: number }
  | { readonly of: "last_value"; readonly field: string }
);

/** One aggregate divided by another or by a constant. */
export interface Quotient {
  readonly of: "quotient";
  readonly dividend: Exclude<Aggregate, { of: "last_value" }>;
  readonly divisor: Exclude<Aggregate, { of: "last_value" }> | number;
}

export type Measure = (Aggregate | Quotient) & {
  readonly label: string;
  readonly format?: Format;
  /** Of a series or bar. */
  readonly colour?: Colour;
  /** Of a tile or a table's cells, by the value. */
  readonly levels?: readonly Level[];
};

/** From this value on, up to the next level, a number has this colour; below the first it has none. Lowest first. */
export interface Level {
  readonly from: number;
  readonly colour: Colour;
}

/** Groups of documents by the values of a field, those with most of the panel's first measure first. */
export interface Terms {
  readonly by: "terms";
  readonly field: string;
  readonly label: string;
  /** Groups at most; by default 10. */
  readonly size?: number;
  /** Index of the measure that ranks the groups, largest first, or their names. By default the panel's first measure. */
  readonly rankedBy?: number | "name";
  readonly ascending?: boolean;
  /** Whether everything else is one more group. */
  readonly other?: boolean;
  /** Label of the documents without the field as a group of their own; by default they are left out. */
  readonly missing?: boolean;
}

/** Groups of documents by conditions. */
export interface Filters {
  readonly by: "filters";
  readonly label: string;
  readonly filters: readonly { readonly label: string; readonly where: Kql }[];
}

export type Groups = Terms | Filters;

/** Which documents a panel is about. Copies of an event that a second source brought are never among them. */
export interface Subject {
  readonly streams: readonly Stream[];
  readonly where?: Kql;
}

/** A panel's title is a question or a fact. */
interface Titled {
  /** Names the panel in the dashboard, for good: ids are made of it. */
  readonly key: string;
  readonly title: string;
  /** Says how to read the panel, where the title doesn't. */
  readonly description?: string;
}

/** One number. */
export interface MetricPanel extends Titled {
  readonly kind: "metric";
  readonly subject: Subject;
  readonly measure: Measure;
  readonly subtitle?: string;
}

/** Measures over time, each a series, or one measure split into a series for each group. */
export interface SeriesPanel extends Titled {
  readonly kind: "series";
  readonly subject: Subject;
  readonly shape: "bar_stacked" | "area_stacked" | "line";
  readonly measures: readonly Measure[];
  readonly split?: Groups;
  /** What the vertical axis counts, with its unit. */
  readonly axis: string;
}

/** Groups as horizontal bars, several measures stacked. */
export interface TopPanel extends Titled {
  readonly kind: "top";
  readonly subject: Subject;
  readonly groups: Groups;
  readonly measures: readonly Measure[];
  readonly axis: string;
}

export interface TablePanel extends Titled {
  readonly kind: "table";
  readonly subject: Subject;
  readonly groups: readonly Terms[];
  readonly measures: readonly Measure[];
  /** Rows on one page; by default 10. */
  readonly pageSize?: number;
}

/** Documents on a map of the world, counted where they lie together. */
export interface MapPanel extends Titled {
  readonly kind: "map";
  readonly subject: Subject;
  /** A field of type geo_point. */
  readonly field: string;
  readonly colour: Colour;
}

/** The newest documents of a saved search. */
export interface EventsPanel extends Titled {
  readonly kind: "events";
  /** Key of the saved search. */
  readonly search: string;
}

export interface TextPanel extends Titled {
  readonly kind: "text";
  readonly markdown: string;
}

export type Panel = MetricPanel | SeriesPanel | TopPanel | TablePanel | MapPanel | EventsPanel | TextPanel;

/** Panels side by side. Their widths add up to the grid's 48 columns; a row of height 1 is 20 pixels high. */
export interface Row {
  readonly height: number;
  readonly panels: readonly (readonly [width: number, panel: Panel])[];
}

export interface DashboardSpec {
  /** Last part of the object's id, for good. */
  readonly key: string;
  readonly title: string;
  readonly description: string;
  /** What the dashboard shows when it is opened by itself. */
  readonly opensWith: "7d" | "24h";
  readonly rows: readonly Row[];
}

export interface SavedSearchSpec {
  readonly key: string;
  readonly title: string;
  readonly description: string;
  readonly subject: Subject;
  readonly columns: readonly string[];
}

/** Colours that mean something, from Kibana's own palette; safe for colour-blind readers. */
export const COLOURS = {
  success: "#54B399",
  failure: "#E7664C",
  warning: "#D6BF57",
  neutral: "#6092C0",
  second: "#9170B8",
  third: "#AA6556",
  quiet: "#98A2B3",
} as const;

export type Colour = (typeof COLOURS)[keyof typeof COLOURS];

/** Panels of equal width in one row. Throws if 48 columns can't be shared equally. */
export function equalRow(height: number, ...panels: readonly Panel[]): Row {
  const width = 48 / panels.length;
  if (!Number.isInteger(width)) {
    throw new Error(`48 columns can't be shared by ${panels.length} panels`);
  }
  return { height, panels: panels.map((panel) => [width, panel] as const) };
}

interface Look {
  readonly where?: Kql;
  readonly colour?: Colour;
  readonly levels?: readonly Level[];
}

/** Nothing is calm; the first is a warning, `loud` of them are trouble. */
export function trouble(loud: number, warning = 1): readonly Level[] {
  const calm = { from: 0, colour: COLOURS.success };
  const failure = { from: loud, colour: COLOURS.failure };
  return loud <= warning ? [calm, failure] : [calm, { from: warning, colour: COLOURS.warning }, failure];
}

/** The more the worse, without praise for a small number: for the cells of tables. */
export function marked(warning: number, loud: number): readonly Level[] {
  return [
    { from: warning, colour: COLOURS.warning },
    { from: loud, colour: COLOURS.failure },
  ];
}

export function count(label: string, more: Look = {}): Measure {
  return { of: "count", label, ...more };
}

export function share(label: string, part: Kql, more: Look = {}): Measure {
  const { where, ...look } = more;
  return {
    of: "quotient",
    label,
    dividend: { of: "count", where: where === undefined ? part : `(${part}) and (${where})` },
    divisor: { of: "count", ...(where === undefined ? {} : { where }) },
    format: { as: "percent" },
    ...look,
  };
}

/** The same measure of the time before, beside it in a table. */
export function timeBefore(measure: Measure): Measure {
  if (measure.of === "quotient") {
    throw new Error(`${measure.label}: a quotient is not compared with the time before`);
  }
  const { levels: _, ...same } = measure;
  return { ...same, before: true, label: `${measure.label} before` };
}

export const MILLISECONDS: Format = { as: "duration", from: "milliseconds" };
export const NANOSECONDS: Format = { as: "duration", from: "nanoseconds" };
export const BYTES: Format = { as: "bytes" };
export const WHOLE: Format = { as: "number" };

/** The value that 95 of 100 stay below. */
export function percentile95(field: string, format: Format, look: Omit<Look, "where"> = {}): Measure {
  return { of: "percentile", percentile: 95, field, label: "95th percentile", format, ...look };
}
