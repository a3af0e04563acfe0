import { execFileSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OURS, ours, TestAgentHome } from "./agent_home.fixture.ts";

let at: TestAgentHome;
beforeEach(() => {
  at = new TestAgentHome();
});
afterEach(() => at.close());

describe("a folder that belongs to someone else", () => {
  const FRESH = OURS.map((name) => `.${name}.new`);
  let victim: string;

  beforeEach(() => {
    victim = join(at.folder, "of-root");
    writeFileSync(victim, "do not touch\n", { mode: 0o600 });
    if (process.getuid?.() === 0) {
      chownSync(at.components, 4711, 4712);
    }
  });

  const untouched = () => {
    expect(readFileSync(victim, "utf8")).toBe("do not touch\n");
    expect(statSync(victim)).toMatchObject({ uid: process.getuid?.(), mode: 0o100600, nlink: 1 });
  };

  test.each([...FRESH, ...OURS])("has a link in the place of %s: it gives way, and its target stays", async (name) => {
    symlinkSync(victim, join(at.components, name));
    await at.install();
    untouched();
    expect(ours(at.components)).toEqual(OURS);
    for (const file of OURS) {
      expect(lstatSync(join(at.components, file)).isFile()).toBe(true);
    }
  });

  test("has a second name of the bundle: the bundle is not given away", async () => {
    linkSync(at.program.bundle, join(at.components, "aquila-salesforce.mjs"));
    await at.install();
    expect(statSync(at.program.bundle)).toMatchObject({ uid: process.getuid?.(), nlink: 1 });
    symlinkSync(at.program.bundle, join(at.folder, "link"));
    renameSync(join(at.folder, "link"), join(at.components, "aquila-salesforce.mjs"));
    await at.install();
    expect(statSync(at.program.bundle)).toMatchObject({ uid: process.getuid?.(), nlink: 1 });
    expect(lstatSync(join(at.components, "aquila-salesforce.mjs")).isFile()).toBe(true);
  });

  test("has links to nowhere and pipes, which neither hold the command up nor stay", async () => {
    symlinkSync(join(at.folder, "nowhere"), join(at.components, "aquila-salesforce"));
    execFileSync("mkfifo", [join(at.components, "aquila-salesforce.mjs"), join(at.components, "other.spec.yml")]);
    await at.install();
    expect(ours(at.components)).toEqual(OURS);
    expect(existsSync(join(at.folder, "nowhere"))).toBe(false);
  });

  test("has links, of which those with our names are removed, not what they lead to", async () => {
    symlinkSync(victim, join(at.components, "aquila-salesforce"));
    await at.install({ uninstall: true });
    untouched();
    expect(ours(at.components)).toEqual([]);
  });

  test("is a link itself: nothing is written where it leads", async () => {
    const elsewhere = join(at.folder, "elsewhere");
    renameSync(at.components, elsewhere);
    symlinkSync(elsewhere, at.components);
    await expect(at.install()).rejects.toMatchObject({
      code: "agent_home_unusable",
      message: `${at.components} is a link.`,
    });
    expect(ours(elsewhere)).toEqual([]);
  });
});
