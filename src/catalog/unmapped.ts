/**
 * Elasticsearch refuses a document whose flattened value has more than 32,766 bytes, name included; a character of this length of
 * text has at most three.
 */
const LONGEST_VALUE = 8_000;
const LONGEST_NAME = 500;

/** A value that has no field of its own, as a member of the flattened `unmapped`. Very long text is cut; see LONGEST_VALUE. */
export function unmappedMember(name: string, value: string): string {
  return `${JSON.stringify(cut(name, LONGEST_NAME))}:${JSON.stringify(cut(value, LONGEST_VALUE))}`;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
