/** C0 but for the line break, DEL, C1, what turns the direction of text, and what breaks lines unseen. */
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Text for a person, with everything that a terminal would obey or hide written out, such as `\u001b`: names and answers come
 * from elsewhere.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
