import { expect, test } from "vitest";
import { closest, didYouMean } from "./suggestion.ts";

const KNOWN = ["poll_interval", "initial_lookback", "event_types", "enabled", "interval"];

test.each([
  ["pol_interval", "poll_interval"],
  ["pollInterval", "poll_interval"],
  ["poll-interval", "poll_interval"],
  ["eventTypes", "event_types"],
  ["enable", "enabled"],
  ["intervall", "interval"],
  ["initial_look_back", "initial_lookback"],
  ["initial", "initial_lookback"],
  ["enalbed", "enabled"],
  ["query", undefined],
  ["", undefined],
])("%s may mean %s", (word, expected) => {
  expect(closest(word, KNOWN)).toBe(expected);
});

test("a message without a near word says nothing", () => {
  expect(didYouMean("enable", KNOWN)).toBe("; did you mean enabled?");
  expect(didYouMean("zzzzzz", KNOWN)).toBe("");
});

test.each([
  ["nmae", ["name", "type"], "name"],
  ["auht", ["auth", "api"], "auth"],
  ["ab", ["ba"], "ba"],
  ["acb", ["bca"], undefined],
])("letters that are swapped in %s are one mistake", (word, known, expected) => {
  expect(closest(word, known)).toBe(expected);
});
