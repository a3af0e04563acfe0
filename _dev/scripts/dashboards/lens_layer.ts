/** A layer of a stored Lens visualization: the columns of its table and how Kibana computes them. */
import { z } from "zod";

const filter = z.object({ query: z.string(), language: z.literal("kuery") }).optional();

const storedFormat = z
  .object({
    id: z.enum(["number", "percent", "bytes", "duration"]),
    params: z.object({ decimals: z.number().optional(), fromUnit: z.string().optional() }).optional(),
  })
  .optional();

export type StoredFormat = z.infer<typeof storedFormat>;

/** The time as long that ends where the chosen one begins. */
const timeShift = z.literal("previous").optional();

const label = z.string();
const dataType = z.enum(["string", "number", "date", "boolean", "ip"]);
const format = z.object({ format: storedFormat });

const termsColumn = z.object({
  operationType: z.literal("terms"),
  label,
  dataType,
  sourceField: z.string(),
  params: z.object({
    size: z.int(),
    orderBy: z.discriminatedUnion("type", [
      z.object({ type: z.literal("column"), columnId: z.string() }),
      z.object({ type: z.literal("alphabetical"), fallback: z.literal(false) }),
    ]),
    orderDirection: z.enum(["asc", "desc"]),
    otherBucket: z.boolean(),
    missingBucket: z.literal(false),
  }),
});

const timeColumn = z.object({
  operationType: z.literal("date_histogram"),
  label,
  dataType: z.literal("date"),
  sourceField: z.string(),
  params: z.object({ interval: z.literal("auto"), includeEmptyRows: z.boolean() }),
});

const filtersColumn = z.object({
  operationType: z.literal("filters"),
  label,
  dataType: z.literal("string"),
  params: z.object({
    filters: z.array(
      z.object({ label: z.string(), input: z.object({ query: z.string(), language: z.literal("kuery") }) }),
    ),
  }),
});

const countColumn = z.object({ operationType: z.literal("count"), label, dataType, filter, timeShift, params: format });

const fieldColumn = z.object({
  operationType: z.enum(["unique_count", "sum", "average", "median", "min", "max", "last_value"]),
  label,
  dataType,
  sourceField: z.string(),
  filter,
  timeShift,
  params: format,
});

const percentileColumn = z.object({
  operationType: z.literal("percentile"),
  label,
  dataType,
  sourceField: z.string(),
  filter,
  timeShift,
  params: format.extend({ percentile: z.number() }),
});

const formulaColumn = z.object({
  operationType: z.literal("formula"),
  label,
  dataType,
  params: format,
  references: z.tuple([z.string()]),
});

/** Of the formulas' functions Kibana has many more; these objects divide. */
const mathColumn = z.object({
  operationType: z.literal("math"),
  label,
  dataType,
  params: z.object({
    tinymathAst: z.object({
      type: z.literal("function"),
      name: z.literal("divide"),
      args: z.tuple([z.string(), z.union([z.string(), z.number()])]),
    }),
  }),
  references: z.array(z.string()),
});

const column = z.discriminatedUnion("operationType", [
  termsColumn,
  timeColumn,
  filtersColumn,
  countColumn,
  fieldColumn,
  percentileColumn,
  formulaColumn,
  mathColumn,
]);

export const lensLayer = z.object({
  columns: z.record(z.string(), column),
  columnOrder: z.array(z.string()),
});

export type LensLayer = z.infer<typeof lensLayer>;
export type LensColumn = z.infer<typeof column>;
export type BucketColumn = z.infer<typeof termsColumn> | z.infer<typeof timeColumn> | z.infer<typeof filtersColumn>;
export type MetricColumn = z.infer<typeof countColumn> | z.infer<typeof fieldColumn> | z.infer<typeof percentileColumn>;

export function isBucket(column: LensColumn): column is BucketColumn {
  return ["terms", "date_histogram", "filters"].includes(column.operationType);
}

export function isMetric(column: LensColumn): column is MetricColumn {
  return !isBucket(column) && column.operationType !== "formula" && column.operationType !== "math";
}

/** The columns of a layer in its order. Throws an Error for an id without a column. */
export function orderedColumns({ columns, columnOrder }: LensLayer): [string, LensColumn][] {
  return columnOrder.map((id) => {
    const found = columns[id];
    if (found === undefined) {
      throw new Error(`the layer has no column ${id}`);
    }
    return [id, found];
  });
}
