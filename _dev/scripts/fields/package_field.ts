/** A field of a data stream as fields/*.yml declares it; see the package specification, "fields". */
export interface PackageField {
  /** Full path. */
  readonly name: string;
  readonly type: FieldType;
  readonly description: string;
  readonly unit?: "ms" | "nanos" | "byte" | "percent";
  /** Longest keyword that is indexed, in characters. */
  readonly ignore_above?: number;
  /** The one value of a constant_keyword. */
  readonly value?: string;
  /** What an alias stands for. */
  readonly path?: string;
  readonly index?: false;
  readonly doc_values?: false;
  /** `false` for an object that is only kept in `_source`. */
  readonly enabled?: false;
  readonly multi_fields?: readonly { readonly name: string; readonly type: string }[];
}

export type FieldType =
  | "alias"
  | "boolean"
  | "constant_keyword"
  | "date"
  | "double"
  | "flattened"
  | "float"
  | "geo_point"
  | "ip"
  | "keyword"
  | "long"
  | "match_only_text"
  | "object"
  | "wildcard";
