/** build/release/: everything that a machine without the repository needs, with checksums and a bill of materials. */
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { sbomOf } from "./sbom.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const RECIPES = join(ROOT, "_dev/deploy/docker");

export const RELEASE_FOLDER = join(ROOT, "build/release");
export const CHECKSUMS = "SHA256SUMS";
export const SBOM = "sbom.cdx.json";

/** How images are made of what lies beside them. */
const CONTAINER_RECIPES = ["runner.Dockerfile", "agent.Dockerfile"];

/**
 * Adds what comes with every release and writes the checksums of all that is in the folder anew. The same files give the same
 * text, in the format of `sha256sum --check`.
 */
export function sealRelease(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const recipe of CONTAINER_RECIPES) {
    copyFileSync(join(RECIPES, recipe), join(folder, recipe));
  }
  copyFileSync(join(ROOT, "LICENSE.txt"), join(folder, "LICENSE.txt"));
  const read = (name: string) => JSON.parse(readFileSync(join(ROOT, name), "utf8"));
  writeFileSync(join(folder, SBOM), `${JSON.stringify(sbomOf(read("package-lock.json")), undefined, 2)}\n`);
  writeFileSync(join(folder, CHECKSUMS), checksumsOf(folder));
}

function checksumsOf(folder: string): string {
  const names = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isFile() && one.name !== CHECKSUMS);
  return names
    .map(({ name }) => name)
    .toSorted()
    .map(
      (name) =>
        `${createHash("sha256")
          .update(readFileSync(join(folder, name)))
          .digest("hex")}  ${name}\n`,
    )
    .join("");
}

/** Removes earlier files of that kind from the folder. */
export function removeFromRelease(folder: string, names: RegExp): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder).filter((one) => names.test(one))) {
    rmSync(join(folder, name), { recursive: true });
  }
}
