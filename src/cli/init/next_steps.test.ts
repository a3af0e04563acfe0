import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inlineCommands, runnerArguments, shellBlocks } from "../../../_dev/scripts/docs/commands.ts";
import { parseCommand } from "../commands.ts";
import { InitializedFolder } from "./initialized_folder.fixture.ts";

let at: InitializedFolder;
beforeEach(() => {
  at = new InitializedFolder("it's acme");
});
afterEach(() => at.close());

test("the next steps name what an external client app needs, and who may make it", async () => {
  await at.setUp({ realTime: true });
  const steps = at.text("NEXT_STEPS.md");
  for (const said of [
    "**View External Client Apps Consumer Secrets in Metadata**",
    "**Create, edit, and delete External Client Apps**",
    "**Allow Access to OAuth Consumer Secrets via Metadata API**",
    "permission set licence **Salesforce API Integration**",
    "**Enable JWT Bearer Flow**",
    '**Permitted Users** = "Admin approved users are pre-authorized"',
    "**Monitor Login History**",
    "Salesforce freezes users",
    "POST /_security/api_key",
  ]) {
    expect(steps).toContain(said);
  }
});

describe("every command that init prints", { timeout: 60_000 }, () => {
  const printedCommands = () => at.printed.flatMap((line) => (line.startsWith("     ") ? [line.trim()] : []));

  test("is understood by the runner as printed", async () => {
    await at.setUp({ loginUrl: "https://acme.my.salesforce.com" });
    await at.rotate();
    const steps = at.text("NEXT_STEPS.md");
    const lines = [...shellBlocks(steps).flat(), ...inlineCommands(steps), ...printedCommands()];
    const commands = lines.flatMap((line) => {
      const words = runnerArguments(line);
      return words === undefined ? [] : [words];
    });
    expect(new Set(commands.map(([name]) => name))).toEqual(new Set(["init", "check", "run"]));
    for (const words of commands) {
      expect(() => parseCommand(words), words.join(" ")).not.toThrow();
    }
  });

  test("of the rotation runs in a shell, in the order printed", async () => {
    await at.setUp();
    await at.rotate();
    const bin = join(at.root, "bin");
    const log = join(at.root, "called");
    mkdirSync(bin);
    for (const name of ["sf", "aquila-salesforce"]) {
      const script = `#!/bin/sh\nfor word; do case "$word" in force-app*|*.yml|*.crt) [ -e "$word" ] || exit 9;; esac; done\necho ${name} "$@" >> ${log}\n`;
      writeFileSync(join(bin, name), script, { mode: 0o755 });
    }
    execFileSync("sh", ["-e", "-c", printedCommands().join("\n")], {
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    });
    expect(readFileSync(log, "utf8").trim().split("\n")).toEqual([
      expect.stringMatching(/^sf project deploy start --source-dir force-app\S+ --target-org aquila-setup$/),
      "aquila-salesforce check --policy policy.yml --certificate certificate.crt",
    ]);
    const key = createPrivateKey(at.text("private_key.pem"));
    expect(new X509Certificate(at.text("certificate.crt")).checkPrivateKey(key)).toBe(true);
    expect(at.printed.join("\n")).toContain("External Client App Manager > AQUILA Event Log Integration > Settings");
  });
});
