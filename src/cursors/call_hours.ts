/**
 * How many API calls have been made to one org, by hour since the epoch. Whoever calls the org counts here, so that all
 * processes of a data directory keep to one budget and a restart forgets nothing.
 *
 * Neither call throws: a count that can't be kept is remembered until it can, at most as long as the process lives.
 */
export interface CallHours {
  add(hour: number): void;
  /** Hours from `first` on; hours without calls are left out. */
  since(first: number): ReadonlyMap<number, number>;
}

/** Counts that end with the process. */
export function createMemoryCallHours(): CallHours {
  const counts = new Map<number, number>();
  return {
    add: (hour) => {
      counts.set(hour, (counts.get(hour) ?? 0) + 1);
    },
    since: (first) => {
      for (const hour of counts.keys()) {
        if (hour < first) {
          counts.delete(hour);
        }
      }
      return new Map(counts);
    },
  };
}
