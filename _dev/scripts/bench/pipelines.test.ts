import { expect, test } from "vitest";
import { variation } from "./pipelines.ts";

test("variations differ in ids, addresses and users, not in form", () => {
  const event = {
    ip: "81.2.69.144",
    user: { id: "005000000000001AAA", name: "eva@acme.com" },
    code: "ApexExecution",
    n: 3,
  };
  expect(variation(event, 1_042)).toEqual({
    ip: "10.4.18.43",
    user: { id: "005000000000042AAA", name: "eva42@acme.com" },
    code: "ApexExecution",
    n: 3,
  });
});
