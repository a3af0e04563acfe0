import type { Log } from "../core/log.ts";

/** Runs what must not fail for whoever waits behind it. `what` names what is lost if it does. */
export function dropped(action: () => void, what: string, log: Log): void {
  try {
    action();
  } catch (error) {
    log.error(`${what} could not be made and is dropped: ${String(error)}`);
  }
}
