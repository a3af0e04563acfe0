/** Measures and groups as the columns of a Lens layer, in the form that Kibana stores. Pure. */
import type { Aggregate, Format, Groups, Measure, Quotient, Terms } from "../../shared/kibana/vocabulary.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface LensColumns {
  readonly columns: Readonly<Record<string, Json>>;
  readonly columnOrder: readonly string[];
}

/** Answers the type of a field, or throws an Error that says that no data stream of the panel declares it. */
export type TypeOf = (field: string) => string;

const TIME_COLUMN: Json = {
  label: "@timestamp",
  dataType: "date",
  isBucketed: true,
  scale: "interval",
  operationType: "date_histogram",
  sourceField: "@timestamp",
  params: { interval: "auto", includeEmptyRows: true, dropPartials: false },
};

export const TIME = "time";
export const measureId = (index: number) => `measure-${index}`;
export const groupId = (index: number) => `group-${index}`;

/**
 * The columns of a layer: groups from the outside in, then the time, then the measures. What a formula is computed from
 * comes behind it.
 */
export function lensColumns(
  groups: readonly Groups[],
  overTime: boolean,
  measures: readonly Measure[],
  typeOf: TypeOf,
): LensColumns {
  const columns: [string, Json][] = [
    ...groups.map((group, index) => [groupId(index), groupColumn(group, measures, typeOf)] as [string, Json]),
    ...(overTime ? [[TIME, TIME_COLUMN] as [string, Json]] : []),
    ...measures.flatMap((measure, index) => measureColumns(measureId(index), measure, typeOf)),
  ];
  return { columns: Object.fromEntries(columns), columnOrder: columns.map(([id]) => id) };
}

function groupColumn(group: Groups, measures: readonly Measure[], typeOf: TypeOf): Json {
  const label = { label: group.label, customLabel: true, isBucketed: true };
  if (group.by === "filters") {
    const filters = group.filters.map(({ label, where }) => ({ label, input: { query: where, language: "kuery" } }));
    return { ...label, dataType: "string", scale: "ordinal", operationType: "filters", params: { filters } };
  }
  return {
    ...label,
    dataType: dataTypeOf(typeOf(group.field)),
    scale: "ordinal",
    operationType: "terms",
    sourceField: group.field,
    params: {
      size: group.size ?? 10,
      ...orderOf(group, measures),
      otherBucket: group.other === true,
      missingBucket: group.missing === true,
      parentFormat: { id: "terms" },
      include: [],
      exclude: [],
      includeIsRegex: false,
      excludeIsRegex: false,
    },
  };
}

function orderOf({ rankedBy = 0, label, ascending = false }: Terms, measures: readonly Measure[]): Json {
  if (rankedBy === "name") {
    return { orderBy: { type: "alphabetical", fallback: false }, orderDirection: "asc" };
  }
  const measure = measures[rankedBy];
  if (measure === undefined || measure.of === "quotient" || measure.of === "last_value" || measure.before === true) {
    throw new Error(
      `groups by ${label} can't be ranked by measure ${rankedBy}: it must be an aggregate of the time chosen`,
    );
  }
  return {
    orderBy: { type: "column", columnId: measureId(rankedBy) },
    orderDirection: ascending ? "asc" : "desc",
  };
}

function measureColumns(id: string, measure: Measure, typeOf: TypeOf): [string, Json][] {
  if (measure.of === "quotient") {
    return quotientColumns(id, measure, typeOf);
  }
  return [[id, aggregateColumn(measure, measure.label, measure.format, typeOf)]];
}

function aggregateColumn(aggregate: Aggregate, label: string, format: Format | undefined, typeOf: TypeOf): Json {
  const { where } = aggregate;
  const common = {
    label,
    customLabel: true,
    isBucketed: false,
    operationType: aggregate.of,
    ...(where === undefined ? {} : { filter: { query: where, language: "kuery" } }),
    ...(aggregate.before === true ? { timeShift: "previous" } : {}),
  };
  const formatted = format === undefined ? {} : { format: storedFormat(format) };
  if (aggregate.of === "count") {
    const params = { emptyAsNull: false, ...formatted };
    return { ...common, dataType: "number", scale: "ratio", sourceField: "___records___", params };
  }
  const { field } = aggregate;
  const type = dataTypeOf(typeOf(field));
  switch (aggregate.of) {
    case "last_value":
      return {
        ...common,
        dataType: type,
        scale: type === "number" ? "ratio" : "ordinal",
        sourceField: field,
        filter: { query: where === undefined ? `${field} : *` : `${field} : * and (${where})`, language: "kuery" },
        // The newest document that has the field may have several values of it.
        params: { sortField: "@timestamp", showArrayValues: true, ...formatted },
      };
    case "percentile": {
      const params = { percentile: aggregate.percentile, ...formatted };
      return { ...common, dataType: "number", scale: "ratio", sourceField: field, params };
    }
    case "min":
    case "max": {
      const dataType = type === "date" ? "date" : "number";
      return { ...common, dataType, scale: "ratio", sourceField: field, params: { emptyAsNull: true, ...formatted } };
    }
    default:
      return {
        ...common,
        dataType: "number",
        scale: "ratio",
        sourceField: field,
        params: { emptyAsNull: aggregate.of === "average" || aggregate.of === "median", ...formatted },
      };
  }
}

/** A formula with the hidden columns that Kibana computes it from. */
function quotientColumns(id: string, measure: Quotient & Measure, typeOf: TypeOf): [string, Json][] {
  const { dividend, divisor, label, format } = measure;
  const formula = `${formulaOf(dividend)} / ${typeof divisor === "number" ? divisor : formulaOf(divisor)}`;
  const hiddenLabel = `Part of ${label}`;
  const parts = [dividend, ...(typeof divisor === "number" ? [] : [divisor])].map(
    (part, index) => [`${id}X${index}`, aggregateColumn(part, hiddenLabel, undefined, typeOf)] as [string, Json],
  );
  const partIds = parts.map(([partId]) => partId);
  const mathId = `${id}X${parts.length}`;
  const tinymathAst = {
    type: "function",
    name: "divide",
    args: typeof divisor === "number" ? [...partIds, divisor] : partIds,
    location: { min: 0, max: formula.length },
    text: formula,
  };
  const computed = { dataType: "number", isBucketed: false, scale: "ratio", customLabel: true };
  return [
    [
      id,
      {
        ...computed,
        label,
        operationType: "formula",
        params: {
          formula,
          isFormulaBroken: false,
          ...(format === undefined ? {} : { format: storedFormat(format) }),
        },
        references: [mathId],
      },
    ],
    ...parts,
    [mathId, { ...computed, label: hiddenLabel, operationType: "math", params: { tinymathAst }, references: partIds }],
  ];
}

function formulaOf(aggregate: Quotient["dividend"]): string {
  const { where } = aggregate;
  const options = where === undefined ? [] : [`kql='${where.replaceAll("'", "\\'")}'`];
  const fields = aggregate.of === "count" ? [] : [aggregate.field];
  const percentile = aggregate.of === "percentile" ? [`percentile=${aggregate.percentile}`] : [];
  return `${aggregate.of}(${[...fields, ...percentile, ...options].join(", ")})`;
}

/** How Lens calls the types of fields. */
function dataTypeOf(type: string): "number" | "date" | "boolean" | "ip" | "string" {
  switch (type) {
    case "long":
    case "double":
      return "number";
    case "date":
    case "boolean":
    case "ip":
      return type;
    default:
      return "string";
  }
}

function storedFormat(format: Format): Json {
  switch (format.as) {
    case "number":
      return { id: "number", params: { decimals: format.decimals ?? 0 } };
    case "percent":
      return { id: "percent", params: { decimals: 1 } };
    case "bytes":
      return { id: "bytes", params: { decimals: 1 } };
    case "duration":
      return {
        id: "duration",
        params: { decimals: 1, fromUnit: format.from, toUnit: "humanizePrecise", compact: true },
      };
  }
}
