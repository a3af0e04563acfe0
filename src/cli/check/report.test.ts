import { describe, expect, test } from "vitest";
import { type Finding, ok, warning } from "../../core/finding.ts";
import { reportJson, reportLines, type SubjectReport, summary } from "./report.ts";

const refused: Finding = {
  step: "login",
  verdict: "failed",
  message: "Salesforce refused the login: inactive user.",
  cure: "Activate it.",
  code: "login_refused",
};

const acme: SubjectReport = {
  kind: "organization",
  name: "Acme",
  findings: [ok("private key", "RSA, 3072 bits."), refused],
};
const output: SubjectReport = { kind: "output", name: "default", findings: [warning("key privileges", "Too much.")] };

describe("reports", () => {
  test("have a line for each step, and the cure below it", () => {
    expect(reportLines(acme, false)).toEqual([
      "Acme",
      "  ok       private key      RSA, 3072 bits.",
      "  failed   login            Salesforce refused the login: inactive user.",
      "                            → Activate it.",
      "",
    ]);
    expect(reportLines(output, false)[0]).toBe("output default");
  });

  test("fit into a terminal, colours left aside", () => {
    const long = { ...acme, findings: [{ ...refused, cure: "Activate or unfreeze the user under Setup > Users." }] };
    expect(reportLines(long, false, 64).join("\n").split("\n")).toEqual([
      "Acme",
      "  failed   login            Salesforce refused the login:",
      "                            inactive user.",
      "                            → Activate or unfreeze the user",
      "                              under Setup > Users.",
      "",
    ]);
  });

  test("have colours only where they are asked for", () => {
    expect(reportLines(acme, true)[2]).toContain("\u001b[31mfailed");
    expect(reportLines(acme, false).join("")).not.toContain("\u001b");
  });

  test("let nothing from elsewhere steer the terminal", () => {
    const findings = [ok("organization", "Ac\u001b[2Jme\u0007, \u009b31mEurope\nsecond line")];
    expect(reportLines({ kind: "organization", name: "x\u001b]0;title\u0007", findings }, false)).toEqual([
      "x\\u001b]0;title\\u0007",
      "  ok       organization     Ac\\u001b[2Jme\\u0007, \\u009b31mEurope; second line",
      "",
    ]);
  });

  test("are a JSON object a line for programs", () => {
    expect(reportJson(acme).map((line) => JSON.parse(line))).toEqual([
      { kind: "organization", name: "Acme", step: "private key", verdict: "ok", message: "RSA, 3072 bits." },
      { kind: "organization", name: "Acme", ...refused },
    ]);
  });

  test.each([
    [[{ ...acme, findings: [ok("login", "In.")] }], "1 of 1 orgs can be collected."],
    [[acme, output], "0 of 1 orgs can be collected. 1 warning."],
    [
      [acme, { ...output, findings: [refused, warning("a", "b"), warning("c", "d")] }],
      "0 of 1 orgs can be collected. Output default can't take events. 2 warnings.",
    ],
  ])("end in a summary %#", (reports, sentence) => {
    expect(summary(reports)).toBe(sentence);
  });
});
