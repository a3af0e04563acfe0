import { describe, expect, test } from "vitest";
import { breaches, circles, deadExports } from "./check_layers.ts";

const file = (path: string, from: string) => ({ path, text: `import { x } from "${from}";\n` });

describe("check_layers", () => {
  test.each([
    ["src/core/clock.ts", "../policy/policy.ts"],
    ["src/auth/session.ts", "../org/org_client.ts"],
    ["src/auth/session.ts", "../catalog/login.ts"],
    ["src/sources/event_log_files/source.ts", "../../sinks/sink.ts"],
    ["src/sources/event_log_files/source.ts", "../objects/window.ts"],
    ["src/sources/envelope.ts", "./objects/window.ts"],
    ["src/reporting/facts.ts", "../sources/objects/facts.ts"],
    ["src/pump/pump.ts", "../sinks/elasticsearch.ts"],
    ["src/pump/pump.ts", "../cli/run.ts"],
    ["src/cli/run.ts", "../main.ts"],
    ["src/core/clock.ts", "../../_dev/scripts/x.ts"],
    ["src/core/clock.ts", "../shared/x.ts"],
    ["_dev/deploy/docker/mock_org/main.ts", "../../../../src/core/clock.ts"],
    ["_dev/shared/fake_agent/fake_agent.ts", "../../../src/agent/units.ts"],
  ])("%s may not import %s", (path, from) => {
    expect(breaches([file(path, from)])).toHaveLength(1);
  });

  test.each([
    ["src/sources/event_log_files/source.ts", "../../org/org_client.ts"],
    ["src/sources/event_log_files/source.ts", "../source.ts"],
    ["src/sources/kinds.ts", "./objects/kind.ts"],
    ["src/reporting/facts.ts", "../sources/kinds.ts"],
    ["src/sources/event_log_files/source.ts", "./round.ts"],
    ["src/pump/pump.ts", "../sinks/sink.ts"],
    ["src/pump/pump.test.ts", "../sinks/ndjson.ts"],
    ["src/main.ts", "./cli/run.ts"],
    ["_dev/scripts/demo/main.ts", "../../../src/cli/run.ts"],
  ])("%s may import %s", (path, from) => {
    expect(breaches([file(path, from)])).toEqual([]);
  });

  test("sees exports, several lines and dynamic imports", () => {
    const text = 'export {\n  a,\n} from "../cli/run.ts";\nconst b = await import("../cli/wire.ts");\n';
    expect(breaches([{ path: "src/pump/pump.ts", text }])).toHaveLength(2);
  });
});

describe("circles of imports", () => {
  const file = (path: string, ...targets: readonly string[]) => ({
    path,
    text: targets.map((target) => `import type { x } from "${target}";\n`).join(""),
  });

  test("is one whatever is imported, and is told once, by its shortest way", () => {
    const files = [
      file("src/core/c.ts", "./a.ts", "./b.ts"),
      file("src/core/a.ts", "./b.ts"),
      file("src/core/b.ts", "./c.ts", "./d.ts"),
      file("src/core/d.ts"),
    ];
    expect(circles(files)).toEqual([
      "src/core/a.ts imports src/core/b.ts imports src/core/c.ts imports src/core/a.ts: a circle",
    ]);
  });

  test("is one between two folders, and of a file with itself", () => {
    const files = [
      file("_dev/scripts/a.ts", "../shared/b.ts"),
      file("_dev/shared/b.ts", "../scripts/a.ts"),
      file("_dev/shared/self.ts", "./self.ts"),
    ];
    expect(circles(files)).toHaveLength(2);
  });

  test("is none where a file is reached by two ways, or lies before a circle", () => {
    const diamond = [file("src/a.ts", "./b.ts", "./c.ts"), file("src/b.ts", "./d.ts"), file("src/c.ts", "./d.ts")];
    expect(circles(diamond)).toEqual([]);
    const before = [file("src/a.ts", "./b.ts"), file("src/b.ts", "./c.ts"), file("src/c.ts", "./b.ts")];
    expect(circles(before)).toEqual(["src/b.ts imports src/c.ts imports src/b.ts: a circle"]);
  });
});

describe("what src exports", () => {
  const exporting = { path: "src/core/clock.ts", text: "export const used = 1;\n" };
  const importing = (path: string, name = "used") => ({
    path,
    text: `import {\n  other,\n  ${name},\n} from "../core/clock.ts";\n`,
  });

  test.each([
    "export const used = 1;",
    "export function used() {}",
    "export async function* used() {}",
    "export class used {}",
  ])("%s is needed by another file of the product or by a generator", (text) => {
    const file = { ...exporting, text: `${text}\n` };
    expect(deadExports([file, importing("src/org/a.ts")])).toEqual([]);
    expect(deadExports([file, importing("src/org/a.ts", "type used")])).toEqual([]);
    expect(deadExports([file, importing("src/org/a.ts", "used as renamed")])).toEqual([]);
    expect(deadExports([file])).toEqual(["src/core/clock.ts exports used: nobody imports it"]);
    expect(deadExports([file, importing("src/org/a.ts", "unused")])).toHaveLength(1);
    const generator = { path: "_dev/scripts/a.ts", text: 'import { used } from "../../src/core/clock.ts";' };
    expect(deadExports([file, generator])).toEqual([]);
  });

  test("is not for tests alone, unless it is shown to them by a file that needs it itself", () => {
    const test = importing("src/org/a.test.ts");
    expect(deadExports([exporting, test])).toEqual(["src/core/clock.ts exports used: only tests use it"]);
    const testing = { path: "_dev/shared/testing/a.ts", text: 'import { used } from "../../../src/core/clock.ts";' };
    expect(deadExports([exporting, testing])).toHaveLength(1);
    expect(deadExports([{ ...exporting, text: `${exporting.text}run(used);\n` }, test])).toEqual([]);
  });
});
