/** Room for text below which breaking it helps nobody. */
const LEAST_ROOM = 24;

/**
 * The text broken between words so that it fits beside what stands in the first `indent` columns of a terminal; all but its
 * first line begin below its beginning. Without `columns`, as behind a pipe, it stays on one line. Pure.
 */
export function hangingText(text: string, indent: number, columns = 0): string {
  const room = columns - indent;
  if (room < LEAST_ROOM) {
    return text;
  }
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}
