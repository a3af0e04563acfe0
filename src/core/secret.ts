import { inspect } from "node:util";

/**
 * A value that is never shown: printing, logging, JSON and inspection give `[secret]`.
 * Only the code that hands the value to its use calls `reveal`.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
