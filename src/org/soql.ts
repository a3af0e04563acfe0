/** A date and time as SOQL writes it, unquoted. From milliseconds since the epoch. */
export function soqlDateTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** A text literal; SOQL escapes with a backslash ("Quoted String Escape Sequences", SOQL and SOSL Reference). */
export function soqlText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
