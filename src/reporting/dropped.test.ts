import { expect, test } from "vitest";
import { createLog } from "../core/log.ts";
import { dropped } from "./dropped.ts";

test("what works is done, and nothing is said of it", () => {
  const lines: string[] = [];
  let done = 0;
  dropped(
    () => {
      done += 1;
    },
    "A collector event",
    createLog((_, message) => lines.push(message)),
  );
  expect(done).toBe(1);
  expect(lines).toEqual([]);
});

test("what fails is named in the log as an error, and whoever waits behind it goes on", () => {
  const lines: string[] = [];
  dropped(
    () => {
      throw new RangeError("Invalid time value");
    },
    "A collector event",
    createLog((level, message) => lines.push(`${level} ${message}`)),
  );
  expect(lines).toEqual(["error A collector event could not be made and is dropped: RangeError: Invalid time value"]);
});
