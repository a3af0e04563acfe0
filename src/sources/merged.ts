/**
 * What several sequences give, each in its own order, together in the order in which it comes. At most `width` sequences are
 * open at a time; each is pulled one item ahead. Stopping early closes the open ones; `dropped` is called with what they have
 * been pulled ahead for nothing.
 */
export async function* merged<T>(
  sequences: Iterable<() => AsyncIterable<T>>,
  width: number,
  dropped: (item: T) => void = () => {},
): AsyncGenerator<T> {
  const waiting = sequences[Symbol.iterator]();
  const open = new Map<AsyncIterator<T>, Promise<Pulled<T>>>();

  const openNext = () => {
    while (open.size < width) {
      const next = waiting.next();
      if (next.done) {
        return;
      }
      const iterator = next.value()[Symbol.asyncIterator]();
      open.set(iterator, pull(iterator));
    }
  };

  try {
    openNext();
    while (open.size > 0) {
      const { iterator, step } = await Promise.race(open.values());
      if (step.done) {
        open.delete(iterator);
        openNext();
      } else {
        open.set(iterator, pull(iterator));
        yield step.value;
      }
    }
  } finally {
    const pulls = [...open.values()];
    await Promise.allSettled([...open.keys()].map((iterator) => iterator.return?.()));
    for (const pulled of await Promise.allSettled(pulls)) {
      if (pulled.status === "fulfilled" && pulled.value.step.done !== true) {
        dropped(pulled.value.step.value);
      }
    }
  }
}

interface Pulled<T> {
  readonly iterator: AsyncIterator<T>;
  readonly step: IteratorResult<T>;
}

function pull<T>(iterator: AsyncIterator<T>): Promise<Pulled<T>> {
  const pulled = iterator.next().then((step) => ({ iterator, step }));
  // It may fail while the reader is busy with an earlier item; the reader gets the error when it comes back.
  pulled.catch(() => {});
  return pulled;
}
