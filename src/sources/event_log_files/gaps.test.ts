import { expect, test } from "vitest";
import { gaps } from "./gaps.ts";

const HOUR = 3_600_000;
const DAY = Date.UTC(2026, 6, 19);
const hour = (number: number) => DAY + number * HOUR;
const hourly = (number: number, eventType = "Login") =>
  ({ eventType, interval: "hourly", logDate: hour(number) }) as const;
const daily = { eventType: "Login", interval: "daily", logDate: DAY } as const;

test.each<[string, number[], Parameters<typeof gaps>[2], number[]]>([
  ["no hours", [], [hourly(3)], []],
  ["hours with a file, which came too early or lacked rows", [hour(3)], [hourly(3), daily], []],
  ["hours without a file", [hour(7), hour(3), hour(5)], [hourly(5)], [hour(3), hour(7)]],
  ["an hour with a file of another event type", [hour(3)], [hourly(3, "Logout")], [hour(3)]],
  ["the first hour of the day, which a daily file is named by too", [hour(0)], [daily], [hour(0)]],
])("of %s", (_, hours, listed, expected) => {
  expect(gaps(daily, hours, listed)).toEqual(expected);
});
