import { expect, test } from "vitest";
import { defaultAudience } from "./audience.ts";

const LOGIN = "https://login.salesforce.com";
const TEST = "https://test.salesforce.com";

test.each([
  ["https://login.salesforce.com", LOGIN],
  ["https://acme.my.salesforce.com", LOGIN],
  ["https://acme-dev-ed.develop.my.salesforce.com", LOGIN],
  ["https://test-acme.my.salesforce.com", LOGIN],
  ["http://127.0.0.1:8080", LOGIN],
  ["https://test.salesforce.com", TEST],
  ["https://acme--uat.sandbox.my.salesforce.com", TEST],
  ["https://acme--uat.my.salesforce.com", TEST],
  ["https://energy-flow-1234.scratch.my.salesforce.com", TEST],
])("%s", (loginUrl, expected) => {
  expect(defaultAudience(loginUrl)).toBe(expected);
});
