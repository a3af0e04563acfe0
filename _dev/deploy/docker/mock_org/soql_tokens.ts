import { Refusal } from "./answer.ts";

export type TokenKind = "word" | "string" | "number" | "datetime" | "date" | "symbol" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** The text as written; of a string its content with escapes resolved. */
  readonly text: string;
  /** Offset in the query, from 0. */
  readonly at: number;
}

/** Longest alternatives first: a datetime starts like a date, a date like a number. */
const PATTERNS: readonly (readonly [TokenKind, RegExp])[] = [
  ["datetime", /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)/y],
  ["date", /\d{4}-\d\d-\d\d(?![\dT])/y],
  ["number", /[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y],
  ["word", /[A-Za-z_][A-Za-z0-9_.]*(?::\d+)?/y],
  ["symbol", /<=|>=|!=|<>|[=<>(),]/y],
];

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  N: "\n",
  r: "\r",
  R: "\r",
  t: "\t",
  T: "\t",
  b: "\b",
  B: "\b",
  f: "\f",
  F: "\f",
  '"': '"',
  "'": "'",
  "\\": "\\",
  // A LIKE pattern needs to know that its wildcard was escaped.
  _: "\\_",
  "%": "\\%",
};

/** Splits a query into tokens, the last one of kind `end`. Refuses with MALFORMED_QUERY. */
export function tokenize(soql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at = skipSpace(soql, at);
    if (at >= soql.length) {
      tokens.push({ kind: "end", text: "<EOF>", at });
      return tokens;
    }
    if (soql[at] === "'") {
      const { text, end } = stringAt(soql, at);
      tokens.push({ kind: "string", text, at });
      at = end;
      continue;
    }
    const token = tokenAt(soql, at);
    tokens.push(token);
    at += token.text.length;
  }
}

function skipSpace(soql: string, from: number): number {
  let at = from;
  while (at < soql.length && /\s/.test(soql.charAt(at))) {
    at++;
  }
  return at;
}

function tokenAt(soql: string, at: number): Token {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const match = pattern.exec(soql);
    if (match !== null) {
      return { kind, text: match[0], at };
    }
  }
  throw malformed(soql, at, `unexpected token: '${soql.charAt(at)}'`);
}

function stringAt(soql: string, start: number): { text: string; end: number } {
  let text = "";
  for (let at = start + 1; at < soql.length; at++) {
    const letter = soql.charAt(at);
    if (letter === "'") {
      return { text, end: at + 1 };
    }
    if (letter !== "\\") {
      text += letter;
      continue;
    }
    at++;
    const escaped = soql.charAt(at);
    const unicode = /^u([0-9a-fA-F]{4})/.exec(soql.slice(at, at + 5));
    if (unicode?.[1] !== undefined) {
      text += String.fromCharCode(Number.parseInt(unicode[1], 16));
      at += 4;
      continue;
    }
    const meaning = ESCAPES[escaped];
    if (meaning === undefined) {
      throw malformed(soql, at - 1, `Illegal escape sequence '\\${escaped}' in string literal`);
    }
    text += meaning;
  }
  throw malformed(soql, start, "unterminated string literal");
}

export function malformed(soql: string, at: number, reason: string): Refusal {
  return new Refusal(400, "MALFORMED_QUERY", pointingAt(soql, at, reason));
}

/** Salesforce's manner to point at a place: the text around it, a caret below, row and column from 1, the reason. */
export function pointingAt(soql: string, at: number, reason: string): string {
  const before = soql.slice(0, at);
  const row = before.split("\n").length;
  const column = at - before.lastIndexOf("\n");
  const lineStart = before.lastIndexOf("\n") + 1;
  const lineEnd = soql.indexOf("\n", at);
  const from = Math.max(lineStart, at - 40);
  const excerpt = soql.slice(from, Math.min(lineEnd === -1 ? soql.length : lineEnd, at + 40));
  return `\n${excerpt}\n${" ".repeat(at - from)}^\nERROR at Row:${row}:Column:${column}\n${reason}`;
}
