/** Set up for each test file whose reach is measured. What programs that it starts cover goes into a folder of its own. */
import { join } from "node:path";
import { takeCoverage } from "node:v8";
import { afterAll, expect } from "vitest";

const { testPath } = expect.getState();
process.env.NODE_V8_COVERAGE = join(process.env.NODE_V8_COVERAGE ?? "", encodeURIComponent(testPath ?? ""));
afterAll(() => takeCoverage());
