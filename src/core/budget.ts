/** A fixed amount, of places or of bytes, that is given out in the order of asking. */
export interface Budget {
  /** What is given out now. */
  readonly taken: number;
  /**
   * Resolves with the function that gives the amount back; rejects with the signal's reason. An amount is given as long as
   * anything is left, so that the last one may go beyond the budget and none is too large for it.
   *
   * Those who ask for the same `parties` share what they have: a party gets more only while it has less than twice what is
   * left. So one that gives nothing back leaves a part to every other one, however many there are.
   */
  take(amount: number, signal: AbortSignal, parties?: readonly string[]): Promise<GiveBack>;
}

/** Does nothing when it is called again. */
export type GiveBack = () => void;

interface Waiting {
  readonly parties: readonly string[];
  give(): void;
}

export function createBudget(total: number): Budget {
  let taken = 0;
  const held = new Map<string, number>();
  const waiting = new Set<Waiting>();

  const mayHave = (parties: readonly string[]) => {
    const left = total - taken;
    return left > 0 && parties.every((party) => (held.get(party) ?? 0) < 2 * left);
  };

  const move = (amount: number, parties: readonly string[]) => {
    taken += amount;
    for (const party of parties) {
      const now = (held.get(party) ?? 0) + amount;
      if (now > 0) {
        held.set(party, now);
      } else {
        held.delete(party);
      }
    }
  };

  const give = (amount: number, parties: readonly string[]): GiveBack => {
    move(amount, parties);
    let given = false;
    return () => {
      if (!given) {
        given = true;
        move(-amount, parties);
        giveToWaiting();
      }
    };
  };

  const giveToWaiting = () => {
    for (const one of waiting) {
      if (taken >= total) {
        return;
      }
      if (mayHave(one.parties)) {
        waiting.delete(one);
        one.give();
      }
    }
  };

  return {
    get taken() {
      return taken;
    },
    take(amount, signal, parties = []) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason);
          return;
        }
        if (mayHave(parties)) {
          resolve(give(amount, parties));
          return;
        }
        const leave = () => {
          waiting.delete(turn);
          reject(signal.reason);
        };
        const turn: Waiting = {
          parties,
          give() {
            signal.removeEventListener("abort", leave);
            resolve(give(amount, parties));
          },
        };
        waiting.add(turn);
        signal.addEventListener("abort", leave, { once: true });
      });
    },
  };
}
