import { describe, expect, test } from "vitest";
import { EVENT_TYPES } from "../../catalog/catalog.ts";
import { askedTypes, isPassedOver, standsFor, wants } from "./wanted_types.ts";

describe("a listed name or pattern stands for", () => {
  test.each([
    ["Login", "Login"],
    ["LightningError", "LightningError"],
    ["*", "LightningError"],
    ["Lightning*", "LightningError"],
    ["*Error", "LightningError"],
    ["L*E*r", "LightningError"],
    ["*ning**", "LightningError"],
    ["*", "Flow*"],
  ])("%s: %s", (listed, name) => {
    expect(standsFor(listed, name)).toBe(true);
  });

  test.each([
    ["Login", "Logout"],
    ["Light", "LightningError"],
    ["Flow*", "LightningError"],
    ["*Flow", "FlowExecution"],
    ["Flow*Flow", "Flow"],
    ["A*bc*bc", "Abc"],
    ["*", "Login"],
    ["Log*", "Logout"],
    ["*", ""],
    ["*", "Not a name"],
    ["*", "x".repeat(81)],
    ["*", "toString()"],
  ])("not %s: %s", (listed, name) => {
    expect(standsFor(listed, name)).toBe(false);
  });
});

test("of what an org answers, only names of types are wanted", () => {
  expect(wants(["*"], "CspViolation")).toBe(true);
  for (const answered of [undefined, null, 7, ["CspViolation"], "Csp*", "Login", "Csp Violation"]) {
    expect(wants(["*"], answered)).toBe(false);
  }
});

test("a listing is asked for the names, or with a pattern for all types that have no place of their own", () => {
  expect(askedTypes(["Login", "Logout"])).toEqual({ only: ["Login", "Logout"] });
  expect(askedTypes(["CspViolation", "Flow*"])).toEqual({ allBut: EVENT_TYPES.map(({ name }) => name) });
});

test("types that a pattern did not ask for are passed over; what it can't be is not", () => {
  expect(isPassedOver(["Flow*"], "CspViolation")).toBe(true);
  expect(isPassedOver(["Flow*"], "FlowExecution")).toBe(false);
  expect(isPassedOver(["Flow*"], "Login")).toBe(false);
  expect(isPassedOver(["Flow*"], "a type")).toBe(false);
  expect(isPassedOver(["FlowExecution"], "CspViolation")).toBe(false);
});
