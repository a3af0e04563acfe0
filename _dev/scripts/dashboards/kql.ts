/**
 * The part of Kibana's query language that this package's objects use: `field : value`, wildcards, lists of values, ranges,
 * `and`, `or`, `not` and parentheses. Values may be quoted. Pure.
 */
/** A query of Elasticsearch, as it is sent. */
export type Search = Readonly<Record<string, unknown>>;

export type KqlNode =
  | { readonly kind: "everything" }
  | { readonly kind: "and" | "or"; readonly nodes: readonly KqlNode[] }
  | { readonly kind: "not"; readonly node: KqlNode }
  | { readonly kind: "is"; readonly field: string; readonly value: KqlValue }
  | { readonly kind: "range"; readonly field: string; readonly operator: RangeOperator; readonly value: string };

export interface KqlValue {
  readonly text: string;
  /** A quoted value stands for itself: a `*` in it is no wildcard. */
  readonly quoted: boolean;
}

type RangeOperator = "gt" | "gte" | "lt" | "lte";

const RANGE_OPERATORS: Readonly<Record<string, RangeOperator>> = { ">": "gt", ">=": "gte", "<": "lt", "<=": "lte" };

interface Token {
  readonly kind: "word" | "quoted" | "sign";
  readonly text: string;
  readonly at: number;
}

/** Reads a query; an empty one stands for everything. Throws an Error that names the place of what it can't read. */
export function parseKql(query: string): KqlNode {
  const tokens = tokensOf(query);
  if (tokens.length === 0) {
    return { kind: "everything" };
  }
  const reader = new Reader(query, tokens);
  const node = reader.either();
  reader.end();
  return node;
}

/** The fields that a query names, each once. */
export function fieldsOf(node: KqlNode): string[] {
  switch (node.kind) {
    case "everything":
      return [];
    case "and":
    case "or":
      return [...new Set(node.nodes.flatMap(fieldsOf))];
    case "not":
      return fieldsOf(node.node);
    case "is":
    case "range":
      return [node.field];
  }
}

/** The search that Kibana makes of a query. */
export function searchOf(node: KqlNode): Search {
  switch (node.kind) {
    case "everything":
      return { match_all: {} };
    case "and":
      return { bool: { filter: node.nodes.map(searchOf) } };
    case "or":
      return { bool: { should: node.nodes.map(searchOf), minimum_should_match: 1 } };
    case "not":
      return { bool: { must_not: [searchOf(node.node)] } };
    case "range":
      return { range: { [node.field]: { [node.operator]: node.value } } };
    case "is":
      return valueSearch(node.field, node.value);
  }
}

function valueSearch(field: string, { text, quoted }: KqlValue): Search {
  if (quoted) {
    return { match_phrase: { [field]: text } };
  }
  if (text === "*") {
    return { exists: { field } };
  }
  return text.includes("*") ? { wildcard: { [field]: { value: text } } } : { match: { [field]: text } };
}

function tokensOf(query: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\s+|"((?:[^"\\]|\\.)*)"|(<=|>=|[():<>])|([^\s():<>"]+)/gy;
  for (let at = 0; at < query.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const match = pattern.exec(query);
    if (match === null) {
      throw new Error(`can't read the query from character ${at + 1}: ${query}`);
    }
    const [, quoted, sign, word] = match;
    if (quoted !== undefined) {
      tokens.push({ kind: "quoted", text: quoted.replace(/\\(.)/g, "$1"), at });
    } else if (sign !== undefined) {
      tokens.push({ kind: "sign", text: sign, at });
    } else if (word !== undefined) {
      tokens.push({ kind: "word", text: word, at });
    }
  }
  return tokens;
}

class Reader {
  readonly #query: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(query: string, tokens: readonly Token[]) {
    this.#query = query;
    this.#tokens = tokens;
  }

  end(): void {
    if (this.#next < this.#tokens.length) {
      this.#fail("the end");
    }
  }

  either(): KqlNode {
    return this.#joined("or", () => this.#joined("and", () => this.#negation()));
  }

  #joined(word: "and" | "or", part: () => KqlNode): KqlNode {
    const nodes = [part()];
    while (this.#takeWord(word)) {
      nodes.push(part());
    }
    const [only, ...others] = nodes;
    return only !== undefined && others.length === 0 ? only : { kind: word, nodes };
  }

  #negation(): KqlNode {
    return this.#takeWord("not") ? { kind: "not", node: this.#negation() } : this.#condition();
  }

  #condition(): KqlNode {
    if (this.#takeSign("(")) {
      const node = this.either();
      this.#needSign(")");
      return node;
    }
    const field = this.#need("word", "a field");
    const { text: sign } = this.#need("sign", "':' or a comparison");
    const operator = RANGE_OPERATORS[sign];
    if (operator !== undefined) {
      return { kind: "range", field: field.text, operator, value: this.#value().text };
    }
    if (sign !== ":") {
      this.#next--;
      this.#fail("':' or a comparison");
    }
    if (!this.#takeSign("(")) {
      return { kind: "is", field: field.text, value: this.#value() };
    }
    const values = [this.#value()];
    while (this.#takeWord("or")) {
      values.push(this.#value());
    }
    this.#needSign(")");
    return { kind: "or", nodes: values.map((value) => ({ kind: "is", field: field.text, value })) };
  }

  #value(): KqlValue {
    const token = this.#tokens[this.#next];
    if (token === undefined || token.kind === "sign") {
      return this.#fail("a value");
    }
    this.#next++;
    return { text: token.text, quoted: token.kind === "quoted" };
  }

  #takeWord(word: string): boolean {
    const token = this.#tokens[this.#next];
    const found = token?.kind === "word" && token.text.toLowerCase() === word;
    this.#next += found ? 1 : 0;
    return found;
  }

  #takeSign(sign: string): boolean {
    const token = this.#tokens[this.#next];
    const found = token?.kind === "sign" && token.text === sign;
    this.#next += found ? 1 : 0;
    return found;
  }

  #needSign(sign: string): void {
    if (!this.#takeSign(sign)) {
      this.#fail(`'${sign}'`);
    }
  }

  #need(kind: Token["kind"], what: string): Token {
    const token = this.#tokens[this.#next];
    if (token?.kind !== kind) {
      return this.#fail(what);
    }
    this.#next++;
    return token;
  }

  #fail(expected: string): never {
    const token = this.#tokens[this.#next];
    const place = token === undefined ? "at the end" : `at character ${token.at + 1}`;
    throw new Error(`${expected} is missing ${place} of the query: ${this.#query}`);
  }
}
