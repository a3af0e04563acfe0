import { describe, expect, test } from "vitest";
import type { AlertCondition, AlertTemplateSpec } from "../../shared/kibana/alert_condition.ts";
import { ALERT_TEMPLATES } from "../../shared/kibana/alert_templates.ts";
import { inWords, rangesOf } from "../package_rules/kibana_versions.ts";
import { alertTable } from "./alert_table.ts";

/** The row of a template. */
function rowOf(condition: Partial<AlertCondition>, more: Partial<AlertTemplateSpec>): string | undefined {
  const [declared] = ALERT_TEMPLATES;
  if (declared === undefined) {
    throw new Error("there is no template");
  }
  const whole = { stream: "login", where: [], by: [], measures: {}, having: [], ...condition } as const;
  const spec = { ...declared, name: "[AQUILA] Rain", description: "It | rains.", interval: "15m", ...more };
  return alertTable([{ ...spec, condition: whole }])
    .split("\n")
    .at(-1);
}

describe("the table of alerts", () => {
  test("has every template that the package brings, each with a threshold", () => {
    const rows = alertTable().split("\n").slice(2);
    expect(rows).toHaveLength(ALERT_TEMPLATES.length);
    for (const [at, { description }] of ALERT_TEMPLATES.entries()) {
      expect(rows[at]).toContain(description.replaceAll("|", "\\|").replaceAll("\n", " "));
      expect(rows[at]).toMatch(
        /\| `\w+` (?:≥|>|<|from|after|before) [^|]*, for one [^|]* \| every \d+[mhd], at the last /,
      );
    }
  });

  test.each([
    [
      { by: ["a", "b", "c"], having: [{ measure: "rows", is: ">=", than: 500_000 }] },
      { window: { size: 1, unit: "h", field: "@timestamp" } },
      "| Rain | It \\| rains. | `rows` ≥ 500,000, for one `a`, `b` and `c` | every 15m, at the last hour |",
    ],
    [
      {
        by: ["a"],
        having: [
          { measure: "x", is: ">=", than: { times: 1, measure: "y" } },
          { measure: "x", is: ">", than: { times: 10, measure: "z" } },
        ],
      },
      { window: { size: 30, unit: "d", field: "@timestamp" } },
      "| Rain | It \\| rains. | `x` ≥ `y` and `x` > 10 × `z`, for one `a` | every 15m, at the last 30 days |",
    ],
    [
      {
        by: ["a"],
        having: [
          { measure: "last", is: "<", than: { hoursAgo: 1 } },
          { measure: "first", is: ">=", than: { hoursAgo: 36 } },
        ],
      },
      { window: { size: 2, unit: "d", field: "@timestamp" } },
      "| Rain | It \\| rains. | `last` before an hour ago and `first` from 36 hours ago, for one `a` | every 15m, at the last 2 days |",
    ],
  ] as const)("says %j in words", (condition, more, row) => {
    expect(rowOf(condition, more)).toBe(row);
  });
});

test.each([
  ["^8.19.0 || ~9.1.0 || ^9.4.0", "8.19, 9.1, and 9.4 or later"],
  ["^8.19.0 || ~9.1.0", "8.19 and 9.1"],
  ["^9.4.0", "9.4 or later"],
  ["^8.18.0", "8.18 or later"],
])("the stacks of %s are %s", (condition, words) => {
  expect(inWords(rangesOf(condition) ?? [])).toBe(words);
});
