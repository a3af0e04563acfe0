import { literalOf } from "./soql_literals.ts";
import type { AggregateFunction, Condition, Literal, Name, OrderItem, Query, SelectItem } from "./soql_query.ts";
import { malformed, type Token, tokenize } from "./soql_tokens.ts";

const AGGREGATES: ReadonlySet<string> = new Set(["COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG"]);
const RESERVED = new Set([
  "FROM",
  "WHERE",
  "AND",
  "OR",
  "NOT",
  "ORDER",
  "GROUP",
  "LIMIT",
  "OFFSET",
  "IN",
  "LIKE",
  "BY",
]);

/** Parses a query, or refuses it with MALFORMED_QUERY and the place. Knows nothing of objects and fields. */
export function parseSoql(soql: string): Query {
  return new Parser(soql).query();
}

class Parser {
  readonly #soql: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(soql: string) {
    this.#soql = soql;
    this.#tokens = tokenize(soql);
  }

  query(): Query {
    this.#keyword("SELECT");
    const select = this.#list(() => this.#selectItem());
    this.#keyword("FROM");
    const from = this.#name();
    const where = this.#accept("WHERE") ? this.#condition() : undefined;
    const groupBy = this.#acceptPair("GROUP", "BY") ? this.#list(() => this.#name()) : [];
    const orderBy = this.#acceptPair("ORDER", "BY") ? this.#list(() => this.#orderItem()) : [];
    const limit = this.#accept("LIMIT") ? this.#count() : undefined;
    const offset = this.#accept("OFFSET") ? this.#count() : 0;
    if (this.#peek().kind !== "end") {
      throw this.#unexpected();
    }
    return { soql: this.#soql, select, from, where, groupBy, orderBy, limit, offset };
  }

  #selectItem(): SelectItem {
    const name = this.#name();
    if (!this.#acceptSymbol("(")) {
      return { kind: "field", field: name };
    }
    const fn = name.name.toUpperCase();
    if (fn === "COUNT" && this.#acceptSymbol(")")) {
      return { kind: "count" };
    }
    const argument = this.#name();
    this.#symbol(")");
    if (fn === "FIELDS") {
      const group = argument.name.toUpperCase();
      if (group !== "ALL" && group !== "STANDARD" && group !== "CUSTOM") {
        throw malformed(this.#soql, argument.at, `unexpected token: '${argument.name}'`);
      }
      return { kind: "fields", group, at: name.at };
    }
    if (!AGGREGATES.has(fn)) {
      throw malformed(this.#soql, name.at, `unknown function: '${name.name}'`);
    }
    const alias = this.#peek();
    const named = alias.kind === "word" && !RESERVED.has(alias.text.toUpperCase());
    if (named) {
      this.#next++;
    }
    return { kind: "aggregate", fn: fn as AggregateFunction, field: argument, alias: named ? alias.text : undefined };
  }

  /** AND and OR at one level need parentheses, as in Salesforce. */
  #condition(): Condition {
    const first = this.#term();
    const operator = this.#peekWord();
    if (operator !== "AND" && operator !== "OR") {
      return first;
    }
    const terms = [first];
    while (this.#accept(operator)) {
      terms.push(this.#term());
    }
    if (this.#peekWord() === "AND" || this.#peekWord() === "OR") {
      throw this.#unexpected();
    }
    return { kind: operator === "AND" ? "and" : "or", terms };
  }

  #term(): Condition {
    if (this.#accept("NOT")) {
      return { kind: "not", term: this.#term() };
    }
    if (this.#acceptSymbol("(")) {
      const inner = this.#condition();
      this.#symbol(")");
      return inner;
    }
    return this.#comparison();
  }

  #comparison(): Condition {
    const field = this.#name();
    if (this.#accept("IN")) {
      return { kind: "in", field, negated: false, values: this.#literals() };
    }
    if (this.#accept("NOT")) {
      this.#keyword("IN");
      return { kind: "in", field, negated: true, values: this.#literals() };
    }
    if (this.#accept("LIKE")) {
      return { kind: "compare", field, operator: "LIKE", value: this.#literal() };
    }
    const operator = this.#peek();
    const known = operator.text === "<>" ? "!=" : operator.text;
    if (known !== "=" && known !== "!=" && known !== "<" && known !== "<=" && known !== ">" && known !== ">=") {
      throw this.#unexpected();
    }
    this.#next++;
    return { kind: "compare", field, operator: known, value: this.#literal() };
  }

  #literals(): Literal[] {
    this.#symbol("(");
    const values = this.#list(() => this.#literal());
    this.#symbol(")");
    return values;
  }

  #literal(): Literal {
    const token = this.#peek();
    const { at, text } = token;
    const literal = literalOf(token);
    if (literal === undefined) {
      throw this.#unexpected();
    }
    if ((literal.kind === "datetime" || literal.kind === "date") && Number.isNaN(literal.ms)) {
      throw malformed(this.#soql, at, `line 1:${at} invalid datetime: ${text}`);
    }
    this.#next++;
    return literal;
  }

  #orderItem(): OrderItem {
    const field = this.#name();
    const descending = !this.#accept("ASC") && this.#accept("DESC");
    if (!this.#accept("NULLS")) {
      return { field, descending, nulls: "first" };
    }
    if (this.#accept("LAST")) {
      return { field, descending, nulls: "last" };
    }
    this.#keyword("FIRST");
    return { field, descending, nulls: "first" };
  }

  #count(): number {
    const token = this.#peek();
    if (token.kind !== "number" || !/^\d+$/.test(token.text)) {
      throw this.#unexpected();
    }
    this.#next++;
    return Number(token.text);
  }

  #name(): Name {
    const token = this.#peek();
    if (token.kind !== "word" || token.text.includes(":") || RESERVED.has(token.text.toUpperCase())) {
      throw this.#unexpected();
    }
    this.#next++;
    return { name: token.text, at: token.at };
  }

  #list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.#acceptSymbol(",")) {
      items.push(item());
    }
    return items;
  }

  #peek(): Token {
    const token = this.#tokens[this.#next];
    if (token === undefined) {
      throw malformed(this.#soql, this.#soql.length, "unexpected token: '<EOF>'");
    }
    return token;
  }

  #peekWord(): string | undefined {
    const token = this.#peek();
    return token.kind === "word" ? token.text.toUpperCase() : undefined;
  }

  #accept(word: string): boolean {
    const accepted = this.#peekWord() === word;
    if (accepted) {
      this.#next++;
    }
    return accepted;
  }

  #acceptPair(first: string, second: string): boolean {
    if (!this.#accept(first)) {
      return false;
    }
    this.#keyword(second);
    return true;
  }

  #acceptSymbol(symbol: string): boolean {
    const token = this.#peek();
    const accepted = token.kind === "symbol" && token.text === symbol;
    if (accepted) {
      this.#next++;
    }
    return accepted;
  }

  #keyword(word: string): void {
    if (!this.#accept(word)) {
      throw this.#unexpected();
    }
  }

  #symbol(symbol: string): void {
    if (!this.#acceptSymbol(symbol)) {
      throw this.#unexpected();
    }
  }

  #unexpected() {
    const token = this.#peek();
    return malformed(this.#soql, token.at, `unexpected token: '${token.text}'`);
  }
}
