/** Format strings of Beats, as a Kafka output's `topic` and `key`: text with `%{[field]}`, `%{[field]:default}` or `%{+date}` in it. */
import { dateFormatProblem } from "./date_format.ts";

/** A text, a date of the event's time (see date_format.ts), or the value of a field. */
export type FormatPart =
  | { readonly text: string }
  | { readonly date: string }
  | {
      readonly field: string;
      /** For an event without the field. */
      readonly fallback: string | undefined;
    };

const PLACEHOLDER = /%\{(?:\[([^\]{}\s]+)\](?::([^{}]*))?|([^}]*))\}?/g;

/** The parts of a format string, or why it is none: the end of a sentence that begins with the setting's path. Pure. */
export function parseFormatString(format: string): readonly FormatPart[] | string {
  const parts: FormatPart[] = [];
  let at = 0;
  for (const match of format.matchAll(PLACEHOLDER)) {
    const [whole, field, fallback, other] = match;
    const date = other?.startsWith("+") ? other.slice(1) : undefined;
    if ((field === undefined && date === undefined) || !whole.endsWith("}")) {
      return `holds ${JSON.stringify(whole)}, which is not %{[field]} or %{+date}`;
    }
    const problem = date === undefined ? undefined : dateFormatProblem(date);
    if (problem !== undefined) {
      return problem;
    }
    if (match.index > at) {
      parts.push({ text: format.slice(at, match.index) });
    }
    parts.push(date === undefined ? { field: field ?? "", fallback } : { date });
    at = match.index + whole.length;
  }
  return at < format.length ? [...parts, { text: format.slice(at) }] : parts;
}
