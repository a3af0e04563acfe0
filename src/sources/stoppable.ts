/**
 * What `begin` gives, with a signal that aborts as soon as nobody pulls any more: a generator that waits for Salesforce or for memory
 * can't be closed before it has stopped waiting.
 */
export async function* stoppable<T, R>(
  signal: AbortSignal,
  begin: (signal: AbortSignal) => AsyncGenerator<T, R, undefined>,
): AsyncGenerator<T, R, undefined> {
  const stop = new AbortController();
  const begun = begin(AbortSignal.any([signal, stop.signal]));
  try {
    for (;;) {
      const step = await begun.next();
      if (step.done) {
        return step.value;
      }
      yield step.value;
    }
  } finally {
    stop.abort(new Error("the round has ended"));
    await begun.return(undefined as R);
  }
}
