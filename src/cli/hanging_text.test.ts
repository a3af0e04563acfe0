import { expect, test } from "vitest";
import { hangingText } from "./hanging_text.ts";

const TEXT = "Salesforce refused the login: the user is not admin approved.";

test.each([
  [
    "fits into the columns beside what stands before it",
    4,
    34,
    "Salesforce refused the login:\n    the user is not admin\n    approved.",
  ],
  ["stays whole where it has room to its last letter", 4, 4 + TEXT.length, TEXT],
  ["breaks where one letter is too many", 4, 3 + TEXT.length, `${TEXT.replace(" approved", "\n    approved")}`],
  ["stays whole in a terminal that is too narrow", 10, 33, TEXT],
  ["stays whole where there is no terminal", 4, undefined, TEXT],
])("text %s", (_name, indent, columns, expected) => {
  expect(hangingText(TEXT, indent, columns)).toBe(expected);
});

test("a word that is longer than a line is not broken", () => {
  const path = `/var/lib/${"long/".repeat(10)}key.pem`;
  expect(hangingText(`The key in ${path} is encrypted.`, 2, 40)).toBe(`The key in\n  ${path}\n  is encrypted.`);
});
