/**
 * Calls `write` for one after the other. What comes while it is at work goes together with the next, in its order; once it has
 * failed, everything fails alike. Nothing waits for nothing.
 */
export function gathering<T>(write: (all: readonly T[]) => Promise<void>): (some: readonly T[]) => Promise<void> {
  let last = Promise.resolve();
  let next: { readonly all: T[]; readonly done: Promise<void> } | undefined;
  return (some) => {
    if (some.length === 0) {
      return Promise.resolve();
    }
    if (next === undefined) {
      const all: T[] = [];
      last = last.then(() => {
        next = undefined;
        return write(all);
      });
      next = { all, done: last };
    }
    next.all.push(...some);
    return next.done;
  };
}
