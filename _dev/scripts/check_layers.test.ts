import { describe, expect, test } from "vitest";
import { breaches } from "./check_layers.ts";

const file = (path: string, from: string) => ({ path, text: `import { x } from "${from}";\n` });

describe("check_layers", () => {
  test.each([
    ["src/core/clock.ts", "../policy/policy.ts"],
    ["src/auth/session.ts", "../org/org_client.ts"],
    ["src/auth/session.ts", "../catalog/login.ts"],
    ["src/sources/event_log_files.ts", "../sinks/sink.ts"],
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
    ["src/sources/event_log_files.ts", "../org/org_client.ts"],
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
