import { expect, test } from "vitest";
import type { ErrorCode } from "../core/errors.ts";
import { exitCodeOf } from "./exit_codes.ts";

test.each<[errors: readonly ErrorCode[], isStopped: boolean, code: number]>([
  [[], false, 0],
  [[], true, 1],
  [["login_refused"], false, 2],
  [["login_refused"], true, 1],
  [["login_refused", "host_unreachable"], false, 1],
])("%j, stopped: %s: ends with %i", (errors, isStopped, code) => {
  expect(exitCodeOf(errors, isStopped)).toBe(code);
});
