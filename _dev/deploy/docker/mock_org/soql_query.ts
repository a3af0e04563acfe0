/**
 * A query as a tree. The grammar is the part of SOQL that readers of event data use: fields, COUNT() and aggregates, one object,
 * WHERE with its operators, GROUP BY fields, ORDER BY, LIMIT, OFFSET. Sub-queries, HAVING, FOR and ALL ROWS are
 * refused as unexpected tokens.
 */
export interface Query {
  readonly soql: string;
  readonly select: readonly SelectItem[];
  readonly from: Name;
  readonly where: Condition | undefined;
  readonly groupBy: readonly Name[];
  readonly orderBy: readonly OrderItem[];
  readonly limit: number | undefined;
  readonly offset: number;
}

export interface Name {
  readonly name: string;
  /** Offset in the query, for error messages. */
  readonly at: number;
}

export type AggregateFunction = "COUNT" | "COUNT_DISTINCT" | "MIN" | "MAX" | "SUM" | "AVG";

export type SelectItem =
  | { readonly kind: "field"; readonly field: Name }
  | { readonly kind: "count" }
  | { readonly kind: "fields"; readonly group: "ALL" | "STANDARD" | "CUSTOM"; readonly at: number }
  | {
      readonly kind: "aggregate";
      readonly fn: AggregateFunction;
      readonly field: Name;
      readonly alias: string | undefined;
    };

export type CompareOperator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "LIKE";

export type Condition =
  | { readonly kind: "and" | "or"; readonly terms: readonly Condition[] }
  | { readonly kind: "not"; readonly term: Condition }
  | { readonly kind: "compare"; readonly field: Name; readonly operator: CompareOperator; readonly value: Literal }
  | { readonly kind: "in"; readonly field: Name; readonly negated: boolean; readonly values: readonly Literal[] };

/** A value as written: the type that its spelling gives it. */
export type Literal =
  | { readonly kind: "string"; readonly text: string; readonly at: number }
  | { readonly kind: "number"; readonly value: number; readonly at: number }
  | { readonly kind: "datetime"; readonly ms: number; readonly at: number }
  | { readonly kind: "date"; readonly ms: number; readonly at: number }
  | { readonly kind: "relative"; readonly name: string; readonly count: number | undefined; readonly at: number }
  | { readonly kind: "boolean"; readonly value: boolean; readonly at: number }
  | { readonly kind: "null"; readonly at: number };

export interface OrderItem {
  readonly field: Name;
  readonly descending: boolean;
  readonly nulls: "first" | "last";
}
