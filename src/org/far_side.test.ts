/** Whatever a far side answers is read: as a RunnerError with a known code, and with no wait over an hour. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { loginError, tokenOf } from "../auth/login_meaning.ts";
import { LONGEST_WAIT_MS } from "../core/backoff.ts";
import { ERRORS, RunnerError } from "../core/errors.ts";
import type { HttpAnswer } from "../core/http.ts";
import { transportError } from "../core/transport_meaning.ts";
import { ApiBudget } from "./api_budget.ts";
import { responseMeaning, shareUsed, unknownColumn } from "./response_meaning.ts";

const NOW = Date.UTC(2026, 6, 17, 9);
const LOGIN_URL = "https://acme.my.salesforce.com";

/** Names that a program may look up or merge without thinking. */
const name = fc.oneof(
  fc.constantFrom(
    "constructor",
    "__proto__",
    "toString",
    "INVALID_SESSION_ID",
    "REQUEST_LIMIT_EXCEEDED",
    "invalid_grant",
  ),
  fc.string(),
);
const number = fc.oneof(fc.constantFrom("0", "-1", "1e400", "NaN", "9".repeat(400)), fc.string(), fc.nat().map(String));
const date = fc.oneof(fc.constantFrom("Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"), fc.string());
const headers = fc.record(
  {
    "retry-after": fc.oneof(number, date),
    date,
    location: fc.oneof(fc.webUrl(), fc.string()),
    "sforce-limit-info": fc.tuple(number, number).map(([used, all]) => `api-usage=${used}/${all}`),
  },
  { requiredKeys: [] },
);
const refusal = fc.record(
  { errorCode: fc.oneof(name, fc.jsonValue()), message: fc.oneof(name, fc.jsonValue()) },
  { requiredKeys: [] },
);
const token = fc.record(
  {
    access_token: fc.oneof(
      name,
      fc.jsonValue(),
      fc.integer().map((exp) => `eyJh.${btoa(JSON.stringify({ exp }))}.x`),
    ),
    instance_url: fc.oneof(fc.webUrl(), name, fc.jsonValue()),
    id: fc.oneof(fc.constant(`${LOGIN_URL}/id/00D000000000001AAA/005000000000001AAA`), name),
    error: fc.oneof(name, fc.jsonValue()),
    error_description: fc.oneof(name, fc.jsonValue()),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  fc.string(),
  fc.oneof(refusal, fc.array(refusal, { maxLength: 3 }), token, fc.jsonValue()).map((value) => JSON.stringify(value)),
);
const answers: fc.Arbitrary<HttpAnswer> = fc.record({ status: fc.integer({ min: 100, max: 999 }), headers, body });

function expectReadable(error: unknown): void {
  expect(error).toBeInstanceOf(RunnerError);
  const { code, next, text } = error as RunnerError;
  expect(Object.keys(ERRORS)).toContain(code);
  expect(text.length).toBeGreaterThan(0);
  if (next.do === "waitUntil") {
    expect(next.at - NOW).toBeGreaterThanOrEqual(0);
    expect(next.at - NOW).toBeLessThanOrEqual(LONGEST_WAIT_MS);
  }
}

function holds(property: fc.IProperty<[HttpAnswer]>): void {
  fc.assert(property, { seed: 11, numRuns: 300 });
}

test("of the org", () => {
  holds(
    fc.property(answers, (answer) => {
      const error = responseMeaning({ ...answer, asked: "limits" }, NOW);
      expectReadable(error);
      unknownColumn(error);
    }),
  );
});

test("of a login", () => {
  holds(
    fc.property(answers, (answer) => {
      expectReadable(loginError(answer, LOGIN_URL, NOW));
      try {
        const { expiresAt, instanceUrl } = tokenOf({ ...answer, status: 200 }, LOGIN_URL, NOW, 0);
        expect(expiresAt === undefined || expiresAt > NOW).toBe(true);
        expect(instanceUrl).toMatch(/^https:|^http:\/\/(127\.|localhost|\[::1\])/);
      } catch (error) {
        expectReadable(error);
      }
    }),
  );
});

test("of the allocation", () => {
  holds(
    fc.property(answers, (answer) => {
      const budget = new ApiBudget(1);
      budget.take(NOW);
      budget.count(NOW, answer.headers["sforce-limit-info"]);
      const used = budget.take(NOW);
      if (used !== undefined) {
        expectReadable(shareUsed(used));
      }
      expect(() => JSON.stringify(budget.report(NOW))).not.toThrow();
    }),
  );
});

test("on the way to it", () => {
  fc.assert(
    fc.property(fc.anything(), name, (thrown, code) => {
      expectReadable(transportError("acme", thrown));
      expectReadable(transportError("acme", Object.assign(new Error("x"), { code, cause: thrown })));
    }),
    { seed: 11, numRuns: 300 },
  );
});
