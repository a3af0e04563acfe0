/** What a Lens visualization must keep: its columns, layers and accessors belong together. Pure. */
import { isMetric, type LensColumn, type LensLayer } from "./lens_layer.ts";
import type { LensAttributes } from "./stored_dashboard.ts";

export interface FieldRules {
  unknownFields(fields: readonly string[]): string[];
  queryProblems(kql: string): string[];
}

/** Keys under which a visualization names columns of its layer. */
const ACCESSORS = new Set(["metricAccessor", "xAccessor", "splitAccessor", "forAccessor", "columnId", "accessors"]);

export function lensProblems({ state }: LensAttributes, rules: FieldRules): string[] {
  const { layers } = state.datasourceStates.formBased;
  const inLayers = Object.entries(layers).flatMap(([id, layer]) =>
    layerProblems(layer, rules).map((problem) => `layer ${id}: ${problem}`),
  );
  const columns = new Set(Object.values(layers).flatMap(({ columns }) => Object.keys(columns)));
  const named = namedIn(state.visualization);
  return [
    ...(Object.keys(layers).length === 0 ? ["it has no layer"] : []),
    ...inLayers,
    ...named.layers.filter((id) => layers[id] === undefined).map((id) => `it draws the layer ${id}, which it lacks`),
    ...Object.keys(layers)
      .filter((id) => !named.layers.includes(id))
      .map((id) => `it does not draw its layer ${id}`),
    ...named.columns.filter((id) => !columns.has(id)).map((id) => `it draws the column ${id}, which no layer has`),
    ...(named.columns.length === 0 ? ["it draws no column"] : []),
  ];
}

function layerProblems({ columns, columnOrder }: LensLayer, rules: FieldRules): string[] {
  const ids = Object.keys(columns);
  return [
    ...(ids.length === 0 ? ["it has no column"] : []),
    ...columnOrder.filter((id) => columns[id] === undefined).map((id) => `its order names ${id}, which is no column`),
    ...ids.filter((id) => !columnOrder.includes(id)).map((id) => `its order lacks the column ${id}`),
    ...Object.entries(columns).flatMap(([id, column]) =>
      columnProblems(column, columns, rules).map((problem) => `column ${id}: ${problem}`),
    ),
  ];
}

function columnProblems(column: LensColumn, columns: LensLayer["columns"], rules: FieldRules): string[] {
  const missing = (ids: readonly string[]) =>
    ids.filter((id) => columns[id] === undefined).map((id) => `it refers to ${id}, which is no column`);
  switch (column.operationType) {
    case "terms":
      return [
        ...rules.unknownFields([column.sourceField]),
        ...(column.params.orderBy.type === "column" ? missing([column.params.orderBy.columnId]) : []),
      ];
    case "date_histogram":
      return rules.unknownFields([column.sourceField]);
    case "filters":
      return column.params.filters.flatMap(({ input }) => rules.queryProblems(input.query));
    case "formula":
      return missing(column.references);
    case "math":
      return missing([
        ...column.references,
        ...column.params.tinymathAst.args.filter((one) => typeof one === "string"),
      ]);
    default: {
      const field = isMetric(column) && "sourceField" in column ? [column.sourceField] : [];
      return [...rules.unknownFields(field), ...rules.queryProblems(column.filter?.query ?? "")];
    }
  }
}

function namedIn(visualization: unknown): { layers: string[]; columns: string[] } {
  const named = { layers: [] as string[], columns: [] as string[] };
  const visit = (value: unknown) => {
    if (Array.isArray(value)) {
      value.forEach(visit);
    } else if (typeof value === "object" && value !== null) {
      for (const [key, part] of Object.entries(value)) {
        if (key === "layerId") {
          named.layers.push(String(part));
        } else if (ACCESSORS.has(key)) {
          named.columns.push(...(Array.isArray(part) ? part : [part]).map(String));
        }
        visit(part);
      }
    }
  };
  visit(visualization);
  return named;
}
