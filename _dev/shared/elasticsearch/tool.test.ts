import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runTool } from "./tool.ts";

test("says what a tool says, that it is absent, or that it is too slow", async () => {
  expect(await runTool("sh", ["-c", "echo said; echo complained >&2; exit 3"])).toEqual({
    code: 3,
    output: "said",
    complaint: "complained",
  });
  expect((await runTool("no-such-tool", [])).code).toBe("absent");
  expect((await runTool("sleep", ["600"], { limit: 10 })).code).toBe("too slow");
});

test("a tool that is absent keeps nobody waiting for its limit", () => {
  const script = `import("${join(import.meta.dirname, "tool.ts")}").then(({ runTool }) => runTool("no-such-tool", [], { limit: ${2 ** 31 - 1} }))`;
  execFileSync(process.execPath, ["-e", script], { timeout: 60_000 });
});
