/**
 * Conditions of inputs and streams, as far as they can be decided without Elastic Agent: `==`, `!=`, `<`, `<=`, `>`, `>=`,
 * `and`, `or`, `not` and brackets over variables, texts, numbers, true and false.
 * Source: "Variables and conditions in input configurations" in Elastic's documentation.
 */
import { resolveVariable, type VariableProviders } from "./variables.ts";

type Value = string | number | boolean | undefined;

const TOKEN =
  /\s*(?:(\$\{[^}]*\})|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(-?\d+(?:\.\d+)?)|(==|!=|<=|>=|<|>|\(|\))|(\w+))/y;

/** What the condition says; `undefined` if it uses more than is known here. A variable without a value equals nothing. */
export function conditionHolds(condition: string, providers: VariableProviders): boolean | undefined {
  const tokens = tokensOf(condition);
  if (tokens === undefined) {
    return undefined;
  }
  try {
    const parser = new ConditionParser(tokens, providers);
    return parser.whole();
  } catch (error) {
    if (error instanceof UnknownCondition) {
      return undefined;
    }
    throw error;
  }
}

class UnknownCondition extends Error {}

interface Token {
  readonly kind: "variable" | "text" | "number" | "sign" | "word";
  readonly text: string;
}

const KINDS = ["variable", "text", "number", "sign", "word"] as const;

function tokensOf(condition: string): Token[] | undefined {
  const tokens: Token[] = [];
  const end = condition.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const match = TOKEN.exec(condition);
    const at = match === null ? -1 : match.slice(1).findIndex((group) => group !== undefined);
    const kind = KINDS[at];
    if (match === null || kind === undefined) {
      return undefined;
    }
    tokens.push({ kind, text: match[at + 1] ?? "" });
  }
  return tokens;
}

/** Descends from `or` over `and`, `not` and comparisons to single values. */
class ConditionParser {
  readonly #tokens: Token[];
  readonly #providers: VariableProviders;

  constructor(tokens: readonly Token[], providers: VariableProviders) {
    this.#tokens = [...tokens];
    this.#providers = providers;
  }

  whole(): boolean {
    const value = this.#either();
    if (this.#tokens.length > 0) {
      throw new UnknownCondition();
    }
    return truth(value);
  }

  #either(): Value {
    let value = this.#both();
    while (this.#takes("or")) {
      const other = this.#both();
      value = truth(value) || truth(other);
    }
    return value;
  }

  #both(): Value {
    let value = this.#negation();
    while (this.#takes("and")) {
      const other = this.#negation();
      value = truth(value) && truth(other);
    }
    return value;
  }

  #negation(): Value {
    return this.#takes("not") ? !truth(this.#negation()) : this.#comparison();
  }

  #comparison(): Value {
    const left = this.#single();
    const sign = this.#tokens[0];
    if (sign?.kind !== "sign" || sign.text === ")" || sign.text === "(") {
      return left;
    }
    this.#tokens.shift();
    return compared(left, sign.text, this.#single());
  }

  #single(): Value {
    const token = this.#tokens.shift();
    switch (token?.kind) {
      case "variable":
        return this.#variable(token.text.slice(2, -1));
      case "text":
        return token.text.slice(1, -1).replaceAll(/\\(.)/g, "$1");
      case "number":
        return Number(token.text);
      case "word":
        if (token.text === "true" || token.text === "false") {
          return token.text === "true";
        }
        throw new UnknownCondition();
      case "sign":
        if (token.text === "(") {
          const value = this.#either();
          if (this.#takes(")")) {
            return value;
          }
        }
        throw new UnknownCondition();
      default:
        throw new UnknownCondition();
    }
  }

  #variable(expression: string): Value {
    const found = resolveVariable(expression, this.#providers);
    if ("value" in found) {
      return found.value;
    }
    if (found.unknownProvider) {
      throw new UnknownCondition();
    }
    return undefined;
  }

  #takes(text: string): boolean {
    const [next] = this.#tokens;
    const isThere = next?.text === text && (next.kind === "word" || next.kind === "sign");
    if (isThere) {
      this.#tokens.shift();
    }
    return isThere;
  }
}

function truth(value: Value): boolean {
  if (typeof value !== "boolean") {
    throw new UnknownCondition();
  }
  return value;
}

/** Variables are texts, so a number is compared with one as a text. */
function compared(left: Value, sign: string, right: Value): boolean {
  if (left === undefined || right === undefined) {
    return sign === "!=";
  }
  switch (sign) {
    case "==":
      return String(left) === String(right);
    case "!=":
      return String(left) !== String(right);
    default:
      return ordered(Number(left), sign, Number(right));
  }
}

function ordered(left: number, sign: string, right: number): boolean {
  switch (sign) {
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    default:
      return left >= right;
  }
}
