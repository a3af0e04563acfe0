import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestAgentHome, VERSION_FOLDER } from "./agent_home.fixture.ts";
import { findAgentHome } from "./agent_home.ts";

let at: TestAgentHome;
beforeEach(() => {
  at = new TestAgentHome();
});
afterEach(() => at.close());

describe("the home of an agent", () => {
  const inHomes = (...homes: string[]) => ({ homes, links: [] });

  test("is found in the usual places", () => {
    const elsewhere = join(at.folder, "nothing-here");
    expect(findAgentHome(undefined, inHomes(elsewhere, at.home))).toEqual({
      path: at.home,
      components: at.components,
      former: [],
      program: join(at.home, "data", VERSION_FOLDER, "elastic-agent"),
    });
    expect(() => findAgentHome(undefined, inHomes(elsewhere))).toThrow(/No Elastic Agent was found/);
  });

  test("has to be chosen where there are several", () => {
    const second = join(at.folder, "second");
    cpSync(at.home, second, { recursive: true });
    expect(() => findAgentHome(undefined, inHomes(at.home, second))).toThrow(/several agents/);
    expect(findAgentHome(second, inHomes(at.home, second)).path).toBe(second);
  });

  test("may lead to the agent through an application, as on macOS", () => {
    const newer = at.addVersion("elastic-agent-9.3.0-def456");
    const inside = join("data/elastic-agent-9.3.0-def456/elastic-agent.app/Contents/MacOS");
    mkdirSync(join(at.home, inside), { recursive: true });
    writeFileSync(join(at.home, inside, "elastic-agent"), "");
    symlinkSync(join(inside, "elastic-agent"), join(at.home, "elastic-agent"));
    expect(findAgentHome(at.home).components).toBe(newer);
  });
});
