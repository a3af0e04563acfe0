import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Client } from "@elastic/elasticsearch";
import { probeAbilities } from "../install_assets/node_abilities.ts";
import type { PackageSource } from "../install_assets/package_source.ts";
import { differences, expectedText, keepUnmakeable } from "./comparison.ts";
import { simulate, unmakeableFields } from "./simulation.ts";
import { pipelineTestCases, readExpected } from "./test_case.ts";

export interface Generated {
  readonly path: string;
  readonly documents: number;
  /** What changed against the file that was there; undefined for a new file. */
  readonly changes: readonly string[] | undefined;
  /** Fields that this node can't make; a new document lacks them, others keep what they had. */
  readonly kept: readonly string[];
}

/** Writes the expected files of a package's installed pipelines, of one data stream if its folder is given. */
export async function generateExpected(client: Client, source: PackageSource, folder?: string): Promise<Generated[]> {
  const { processors } = await probeAbilities(client);
  const generated: Generated[] = [];
  for (const stream of source.dataStreams.filter((one) => folder === undefined || one.folder === folder)) {
    const unmakeable = unmakeableFields(source, stream, processors);
    for (const testCase of pipelineTestCases(stream)) {
      const path = testCase.expectedPath;
      const earlier = existsSync(path) ? readExpected(testCase) : undefined;
      const results = await simulate(client, source, stream, testCase.events);
      const made = results.map((result, index) => keepUnmakeable(result, earlier?.[index], unmakeable));
      const text = expectedText(made);
      if (earlier === undefined || readFileSync(path, "utf8") !== text) {
        writeFileSync(path, text);
      }
      const exact = { dynamicFields: {}, ignoredFields: [] };
      generated.push({
        path,
        documents: made.length,
        changes: earlier === undefined ? undefined : differences(earlier, made, exact),
        kept: unmakeable,
      });
    }
  }
  return generated;
}

/** Lines for the person who generated. Pure. */
export function generationSummary(generated: readonly Generated[], root: string): string[] {
  return generated.flatMap(({ path, documents, changes, kept }) => {
    const state = changes === undefined ? "new" : changes.length === 0 ? "unchanged" : `${changes.length} changes`;
    return [
      `${relative(root, path)}: ${documents} documents, ${state}`,
      ...(changes ?? []).map((change) => `  ${change}`),
      ...(kept.length === 0 ? [] : [`  not made on this node: ${kept.join(", ")} (kept where it was there)`]),
    ];
  });
}
