import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findJava, type Java } from "./java.ts";
import { unpackCommands } from "./maven.ts";

function installedJava(): Java | undefined {
  try {
    return findJava();
  } catch {
    return undefined;
  }
}

const java = installedJava();

describe.skipIf(java === undefined)("one folder of an archive", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "unpack-"));
    mkdirSync(join(folder, "app/elasticsearch/lib"), { recursive: true });
    writeFileSync(join(folder, "app/elasticsearch/lib/a.jar"), "wanted");
    writeFileSync(join(folder, "app/web.js"), "not wanted");
    execFileSync(join(java?.home ?? "", "bin/jar"), ["cf", "app.zip", "app"], { cwd: folder });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(unpackCommands("../app.zip", "app/elasticsearch", java ?? { home: "", release: 0 }))(
    "by %s",
    (tool, ...args) => {
      if (spawnSync(tool).error !== undefined) {
        expect(tool, "the JDK brings its own").toBe("unzip");
        return;
      }
      const into = mkdtempSync(join(folder, `${basename(tool)}-`));
      execFileSync(tool, args, { cwd: into });
      expect(readFileSync(join(into, "app/elasticsearch/lib/a.jar"), "utf8")).toBe("wanted");
      expect(existsSync(join(into, "app/web.js"))).toBe(false);
    },
  );
});
