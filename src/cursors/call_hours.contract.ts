import { expect, test } from "vitest";
import type { CallHours } from "./call_hours.ts";

/** What every CallHours does; `open` gives one without counts. */
export function callHoursContract(open: () => CallHours | Promise<CallHours>): void {
  test("counts each call once, by its hour", async () => {
    const hours = await open();
    for (const hour of [7, 7, 8, 7]) {
      hours.add(hour);
    }
    expect([...hours.since(0)]).toEqual([
      [7, 3],
      [8, 1],
    ]);
  });

  test("gives hours from the first that is asked for, and forgets those before it", async () => {
    const hours = await open();
    for (const hour of [7, 8, 9]) {
      hours.add(hour);
    }
    expect([...hours.since(8).keys()]).toEqual([8, 9]);
    expect([...hours.since(0).keys()]).toEqual([8, 9]);
  });
}
