import type { jsonOf } from "./control_messages.ts";

/** What a component tells the agent. */
export interface Checkin {
  readonly token: string;
  readonly units: ReadonlyArray<{
    readonly id: string;
    readonly type: number;
    readonly state: number;
    readonly configStateIdx: number;
    readonly message: string;
    readonly payload: Parameters<typeof jsonOf>[0];
  }>;
  readonly versionInfo: { readonly name: string; readonly meta: Readonly<Record<string, string>> } | null;
  readonly unitsTimestamp: { readonly seconds: number; readonly nanos: number } | null;
  readonly supports: readonly number[];
  readonly pid: number;
  readonly featuresIdx: number;
  readonly componentIdx: number;
}

/** Puts the parts of check-ins together: those of one time belong together, and one without units ends them. */
export class CheckinParts {
  #pending: Checkin | undefined;

  /** The check-in that the part makes whole. */
  add(part: Checkin): Checkin | undefined {
    if (part.unitsTimestamp === null) {
      return part;
    }
    const pending = this.#pending;
    if (JSON.stringify(pending?.unitsTimestamp) !== JSON.stringify(part.unitsTimestamp)) {
      this.#pending = part;
      return undefined;
    }
    if (pending === undefined || part.units.length === 0) {
      this.#pending = undefined;
      return pending;
    }
    this.#pending = { ...pending, units: [...pending.units, ...part.units] };
    return undefined;
  }
}
