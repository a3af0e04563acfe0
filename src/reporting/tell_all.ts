import type { Tell } from "../sources/fact.ts";

/**
 * Tells each fact to several listeners. What one of them can't take reaches neither the others nor the collection that tells it:
 * it is handed to `dropped`, with the fact's name.
 */
export function tellAll(listeners: readonly Tell[], dropped: (error: unknown, fact: string) => void): Tell {
  return (fact) => {
    for (const listener of listeners) {
      try {
        listener(fact);
      } catch (error) {
        dropped(error, fact.fact);
      }
    }
  };
}
