import { expect, test } from "vitest";
import { dateFormatProblem, dateText } from "./date_format.ts";

test.each([
  ["yyyy.MM.dd", "2026-07-05T09:22:41.123Z", "2026.07.05"],
  ["yy-M-d", "2006-07-05T00:00:00Z", "06-7-5"],
  ["Y", "0987-07-05T00:00:00Z", "0987"],
  ["yyyy.DDD", "2024-12-31T23:59:59Z", "2024.366"],
  ["xxxx.ww", "2027-01-03T23:59:59Z", "2026.53"],
  ["xxxx.ww e", "2027-01-04T00:00:00Z", "2027.01 1"],
  ["xxxx.ww", "2018-12-31T12:00:00Z", "2019.01"],
  ["EEE E EEEE e", "2026-07-05T00:00:00Z", "Sun Sun Sunday 7"],
  ["MMM MMMM", "2026-09-05T00:00:00Z", "Sep September"],
  ["yyyy-MM-dd'T'HH''mm''''ss.SSS", "2026-07-05T09:02:01.040Z", "2026-07-05T09'02''01.040"],
  ["S SS SSSSSS", "2026-07-05T09:02:01.987Z", "9 98 987000"],
])("%s of %s is %s", (pattern, time, text) => {
  expect(dateFormatProblem(pattern)).toBeUndefined();
  expect(dateText(pattern, Date.parse(time))).toBe(text);
});

test.each([
  ["", /without a part of the time/],
  ["...", /without a part of the time/],
  ["'yyyy'", /without a part of the time/],
  ["yyyy.MM.dd'", /quote that does not end/],
  ["yyyy z", /with "z"; its letters are y, Y, x/],
  ["yyyyyyyyyy", /with "yyyyyyyyyy"/],
  [`yyyy${".".repeat(61)}`, /longer than 64/],
])("%j is refused by name", (pattern, words) => {
  expect(dateFormatProblem(pattern)).toMatch(words);
});
