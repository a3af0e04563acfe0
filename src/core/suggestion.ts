/** The known word that somebody may have meant by `word`, or `undefined` if none is near. */
export function closest(word: string, known: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let least = most + 1;
  for (const candidate of known) {
    const letters = distance(plain(word), plain(candidate));
    const isBeginning = word.length > 2 && plain(candidate).startsWith(plain(word));
    const steps = isBeginning ? Math.min(letters, 1) : letters;
    if (steps < least) {
      best = candidate;
      least = steps;
    }
  }
  return best;
}

/** `; did you mean …?` for a message, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = closest(word, known);
  return meant === undefined ? "" : `; did you mean ${meant}?`;
}

/** Case, `_`, `-` and `.` make no difference to what was meant. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** How many letters have to be put in, taken out, changed, or swapped with the next. */
function distance(one: string, other: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swap = isSwap ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(change, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[other.length] ?? 0;
}
