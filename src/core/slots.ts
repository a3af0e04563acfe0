/** A fixed number of places, given out in the order of asking. */
export interface Slots {
  /** Resolves with the function that gives the place back; rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<() => void>;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting: Array<() => void> = [];

  const giveBack = () => {
    let given = false;
    return () => {
      if (given) {
        return;
      }
      given = true;
      const next = waiting.shift();
      if (next === undefined) {
        free += 1;
      } else {
        next();
      }
    };
  };

  return {
    take(signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason);
          return;
        }
        if (free > 0) {
          free -= 1;
          resolve(giveBack());
          return;
        }
        const turn = () => {
          signal.removeEventListener("abort", leave);
          resolve(giveBack());
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(turn), 1);
          reject(signal.reason);
        };
        waiting.push(turn);
        signal.addEventListener("abort", leave, { once: true });
      });
    },
  };
}
