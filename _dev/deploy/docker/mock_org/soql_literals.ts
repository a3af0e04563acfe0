import type { Literal } from "./soql_query.ts";
import type { Token } from "./soql_tokens.ts";

const RELATIVE_DATE =
  /^(TODAY|YESTERDAY|TOMORROW|(?:LAST|NEXT)_N_DAYS:\d+|N_DAYS_AGO:\d+|(?:THIS|LAST)_(?:WEEK|MONTH|YEAR))$/i;

/** The value that a token stands for, or undefined where it can be none. */
export function literalOf({ kind, text, at }: Token): Literal | undefined {
  switch (kind) {
    case "string":
      return { kind, text, at };
    case "number":
      return { kind, value: Number(text), at };
    case "datetime":
      return { kind, ms: Date.parse(text), at };
    case "date":
      return { kind, ms: Date.parse(`${text}T00:00:00Z`), at };
    case "word":
      return wordLiteral(text, at);
    default:
      return undefined;
  }
}

function wordLiteral(text: string, at: number): Literal | undefined {
  const word = text.toUpperCase();
  if (word === "NULL") {
    return { kind: "null", at };
  }
  if (word === "TRUE" || word === "FALSE") {
    return { kind: "boolean", value: word === "TRUE", at };
  }
  if (!RELATIVE_DATE.test(word)) {
    return undefined;
  }
  const [name = word, count] = word.split(":");
  return { kind: "relative", name, count: count === undefined ? undefined : Number(count), at };
}
