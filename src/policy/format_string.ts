/** Format strings of Beats, as a Kafka output's `topic` and `key`: text with `%{[field]}` or `%{[field]:default}` in it. */

/** A text, or the value of a field. */
export type FormatPart =
  | { readonly text: string }
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
    if (field === undefined || !whole.endsWith("}")) {
      return other?.startsWith("+")
        ? "puts in a date, which this runner can't; use %{[field]}"
        : `holds ${JSON.stringify(whole)}, which is not %{[field]}`;
    }
    if (match.index > at) {
      parts.push({ text: format.slice(at, match.index) });
    }
    parts.push({ field, fallback });
    at = match.index + whole.length;
  }
  return at < format.length ? [...parts, { text: format.slice(at) }] : parts;
}
