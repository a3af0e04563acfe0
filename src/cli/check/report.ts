import { styleText } from "node:util";
import type { Finding, Verdict } from "../../core/finding.ts";
import { visible } from "../../core/visible.ts";
import { hangingText } from "../hanging_text.ts";

/** What was looked at, with all that was found. */
export interface SubjectReport {
  readonly kind: "policy" | "organization" | "output" | "state";
  /** Name of the org, of the output in the policy, or of the index of a shared state. */
  readonly name: string;
  readonly findings: readonly Finding[];
}

const COLOURS = { ok: "green", warning: "yellow", failed: "red", skipped: "dim" } as const satisfies Record<
  Verdict,
  Parameters<typeof styleText>[0]
>;

const VERDICT_WIDTH = 9;
const STEP_WIDTH = 17;

/** A report as lines for a person, whose terminal is so wide. Pure. */
export function reportLines({ kind, name, findings }: SubjectReport, coloured: boolean, columns?: number): string[] {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    coloured ? styleText(style, text, { validateStream: false }) : text;
  const indent = 2 + VERDICT_WIDTH + STEP_WIDTH;
  return [
    paint("bold", harmless(kind === "output" || kind === "state" ? `${kind} ${name}` : name)),
    ...findings.flatMap(({ verdict, step, message, cure }) => [
      `  ${paint(COLOURS[verdict], verdict.padEnd(VERDICT_WIDTH))}${step.padEnd(STEP_WIDTH)}${hangingText(harmless(message), indent, columns)}`,
      ...(cure === undefined ? [] : [`${" ".repeat(indent)}→ ${hangingText(harmless(cure), indent + 2, columns)}`]),
    ]),
    "",
  ];
}

/** A report as one line of JSON for each finding. Pure. */
export function reportJson({ kind, name, findings }: SubjectReport): string[] {
  return findings.map(({ step, verdict, message, cure, code }) =>
    JSON.stringify({ kind, name, step, verdict, message, cure, code }),
  );
}

/** How many of each verdict there are. */
export function verdictCounts(reports: readonly SubjectReport[]): Readonly<Record<Verdict, number>> {
  const counts = { ok: 0, warning: 0, failed: 0, skipped: 0 };
  for (const { verdict } of reports.flatMap(({ findings }) => findings)) {
    counts[verdict] += 1;
  }
  return counts;
}

/** The last line for a person. Pure. */
export function summary(reports: readonly SubjectReport[]): string {
  const orgs = reports.filter(({ kind }) => kind === "organization");
  const broken = orgs.filter(({ findings }) => findings.some(({ verdict }) => verdict === "failed"));
  const outputs = reports.filter(({ kind, findings }) => kind === "output" && findings.some(isFailed));
  const { warning } = verdictCounts(reports);
  const hints = warning === 0 ? "" : ` ${warning} ${warning === 1 ? "warning" : "warnings"}.`;
  const delivery =
    outputs.length === 0 ? "" : ` ${outputs.map(({ name }) => `Output ${name}`).join(", ")} can't take events.`;
  return `${orgs.length - broken.length} of ${orgs.length} orgs can be collected.${delivery}${hints}`;
}

function isFailed({ verdict }: Finding): boolean {
  return verdict === "failed";
}

/** On one line. */
function harmless(text: string): string {
  return visible(text.replaceAll("\n", "; "));
}
