/**
 * Dates in format strings of Beats, `yyyy.MM.dd` in `%{+yyyy.MM.dd}`, in UTC: a letter says which part of the time, how often it
 * stands how long it becomes. Source: elastic/beats, libbeat/common/dtfmt.
 */

/** A run of one letter, or text in quotes; two quotes stand for one. */
const TOKEN = /'([^']*)'|([A-Za-z])\2*/g;
const LONGEST = 64;
const LONGEST_RUN = 9;
const DAY_MS = 86_400_000;
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

type Part = (date: Date, length: number) => string;

const number =
  (of: (date: Date) => number): Part =>
  (date, length) =>
    String(of(date)).padStart(length, "0");
const year =
  (of: (date: Date) => number): Part =>
  (date, length) =>
    length === 2 ? String(of(date) % 100).padStart(2, "0") : String(of(date)).padStart(Math.max(length, 4), "0");
const word = (all: readonly string[], at: number, length: number) => (all[at] ?? "").slice(0, length >= 4 ? 9 : 3);
const ofYear = (date: Date) => date.getUTCFullYear();
const weekday = (date: Date) => (date.getUTCDay() + 6) % 7;
/** The Thursday of a week lies in the year to which the week belongs (ISO 8601). */
const thursday = (date: Date) => new Date(date.getTime() + (3 - weekday(date)) * DAY_MS);
/** From 0 on. */
const dayOfYear = (date: Date) => Math.floor((date.getTime() - Date.UTC(ofYear(date), 0, 1)) / DAY_MS);

const PARTS: ReadonlyMap<string, Part> = new Map<string, Part>([
  ["y", year(ofYear)],
  ["Y", year(ofYear)],
  ["x", year((date) => ofYear(thursday(date)))],
  ["w", number((date) => Math.floor(dayOfYear(thursday(date)) / 7) + 1)],
  [
    "M",
    (date, length) =>
      length >= 3 ? word(MONTHS, date.getUTCMonth(), length) : String(date.getUTCMonth() + 1).padStart(length, "0"),
  ],
  ["d", number((date) => date.getUTCDate())],
  ["D", number((date) => dayOfYear(date) + 1)],
  ["e", number((date) => weekday(date) + 1)],
  ["E", (date, length) => word(DAYS, weekday(date), length)],
  ["H", number((date) => date.getUTCHours())],
  ["m", number((date) => date.getUTCMinutes())],
  ["s", number((date) => date.getUTCSeconds())],
  ["S", (date, length) => String(date.getUTCMilliseconds()).padStart(3, "0").padEnd(length, "0").slice(0, length)],
]);

/** Why it is none: the end of a sentence that begins with the setting's path. */
export function dateFormatProblem(pattern: string): string | undefined {
  const rest = pattern.replaceAll(TOKEN, "");
  const runs = [...pattern.matchAll(TOKEN)].filter(([, , letter]) => letter !== undefined);
  const unknown = runs.find(([run, , letter = ""]) => !PARTS.has(letter) || run.length > LONGEST_RUN);
  if (rest.includes("'")) {
    return "holds a date with a quote that does not end";
  }
  if (unknown !== undefined) {
    const known = [...PARTS.keys()].join(", ");
    return `holds a date with ${JSON.stringify(unknown[0])}; its letters are ${known}, up to ${LONGEST_RUN} of each, other text stands in single quotes`;
  }
  return runs.length === 0 || pattern.length > LONGEST
    ? `holds a date without a part of the time, or longer than ${LONGEST} characters; write for example %{+yyyy.MM.dd}`
    : undefined;
}

/** A time in milliseconds since the epoch as a pattern has it that has no problem. */
export function dateText(pattern: string, time: number): string {
  const date = new Date(time);
  return pattern.replaceAll(TOKEN, (run, quoted: string | undefined, letter: string | undefined) =>
    letter === undefined ? quoted || "'" : (PARTS.get(letter)?.(date, run.length) ?? ""),
  );
}
