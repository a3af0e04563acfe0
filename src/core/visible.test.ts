import fc from "fast-check";
import { expect, test } from "vitest";
import { createLog, terminalLine } from "./log.ts";
import { visible } from "./visible.ts";

test.each([
  ["\u001b[2J\u001b]0;owned\u0007", "\\u001b[2J\\u001b]0;owned\\u0007"],
  ["a\u009b31mb", "a\\u009b31mb"],
  ["over\rwritten\u0008\u007f", "over\\u000dwritten\\u0008\\u007f"],
  ["user\u202egnp.exe", "user\\u202egnp.exe"],
  ["\u2066\u2069\u200b\ufeff", "\\u2066\\u2069\\u200b\\ufeff"],
  ["Zoë 東京 😀\nnext line", "Zoë 東京 😀\nnext line"],
])("%j is shown as %s", (text, shown) => {
  expect(visible(text)).toBe(shown);
});

test("no text gives a terminal anything to obey", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
      expect(visible(String.fromCharCode(...units))).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
    }),
    { seed: 11 },
  );
});

test("a line of the log on a terminal is visible in all its parts", () => {
  const lines: string[] = [];
  const log = createLog((level, message, fields) => lines.push(terminalLine(new Date(0), level, message, fields)));
  log.with({ "organization.name": "Ac\u001b[31mme", stream: "a\u202eb" }).warn("said \u001b[2J");
  expect(lines).toEqual(["00:00:00 warn  Ac\\u001b[31mme · a\\u202eb: said \\u001b[2J"]);
});
