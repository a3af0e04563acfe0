/** Milliseconds since the epoch of an ISO text; throws where the text is none. */
export function instant(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) {
    throw new Error(`not an ISO time: ${text}`);
  }
  return ms;
}
