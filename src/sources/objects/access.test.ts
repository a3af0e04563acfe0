import { expect, test } from "vitest";
import { LOGIN_EVENT, LOGIN_HISTORY } from "../../catalog/objects.ts";
import { type ErrorCode, GIVE_UP, RunnerError } from "../../core/errors.ts";
import { withObjectCure } from "./access.ts";

const refusal = (code: ErrorCode) => new RunnerError(code, "Refused.", { next: GIVE_UP, cure: "Something general." });

test.each<[string, typeof LOGIN_EVENT, ErrorCode, RegExp]>([
  [
    "a big object that is not shown",
    LOGIN_EVENT,
    "object_unknown",
    /'View Real-Time .* storage of LoginEvent .* Shield/,
  ],
  [
    "a big object that is denied",
    LOGIN_EVENT,
    "permission_missing",
    /'View Real-Time .* storage of LoginEvent .* Shield/,
  ],
  [
    "a standard object that is denied",
    LOGIN_HISTORY,
    "permission_missing",
    /'API Enabled' and 'Monitor Login History', or take LoginHistory out/,
  ],
])("%s: the cure is that of the object", (_, type, code, cure) => {
  const found = withObjectCure(refusal(code), type);
  expect(found).toMatchObject({ code, message: "Refused.", next: GIVE_UP });
  expect(found.cure).toMatch(cure);
});

test("any other error stays as it is", () => {
  const error = refusal("api_disabled");
  expect(withObjectCure(error, LOGIN_EVENT)).toBe(error);
});
