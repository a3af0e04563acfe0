import { withoutSecrets } from "./cell_value.ts";

/**
 * Elasticsearch refuses a document whose flattened value has more than 32,766 bytes, name included; a character of this length of
 * text has at most three.
 */
const LONGEST_INDEXED = 8_000;
const LONGEST_NAME = 500;

/**
 * The values of one event that have no field of their own, as members behind each other: `unmapped`, which is indexed, with the
 * beginning of very long text, and `unmapped_whole`, which is not, with the whole of it.
 */
export class UnmappedValues {
  #indexed: string[] = [];
  #whole: string[] = [];

  /** A name that comes again gets its number behind it. */
  keep(name: string, text: string, occurrence = 1): void {
    const value = withoutSecrets(text);
    const key = JSON.stringify(`${cut(name, LONGEST_NAME)}${occurrence === 1 ? "" : `_${occurrence}`}`);
    this.#indexed.push(`${key}:${JSON.stringify(cut(value, LONGEST_INDEXED))}`);
    if (value.length > LONGEST_INDEXED) {
      this.#whole.push(`${key}:${JSON.stringify(value)}`);
    }
  }

  /** `"unmapped":{…},`, or nothing; then there is nothing more to take. */
  take(): string {
    if (this.#indexed.length === 0) {
      return "";
    }
    const whole = this.#whole.length === 0 ? "" : `"unmapped_whole":{${this.#whole.join(",")}},`;
    const members = `"unmapped":{${this.#indexed.join(",")}},${whole}`;
    this.#indexed = [];
    this.#whole = [];
    return members;
  }
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
