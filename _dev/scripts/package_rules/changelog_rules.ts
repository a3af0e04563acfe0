/** Versions and the changelog. */
import { z } from "zod";
import { isMapping } from "../../../src/core/block.ts";
import { type PackageRule, repeated } from "./package_view.ts";

const link = z.url().refine((address) => {
  const { hostname, pathname } = new URL(address);
  return hostname !== "github.com" || /\/[1-9]\d*$/.test(pathname);
}, "a link to GitHub must end in the number of an issue or pull request");

const changelog = z
  .array(
    z.strictObject({
      version: z.string().regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/),
      changes: z
        .array(
          z.strictObject({
            description: z.string().trim().min(1),
            type: z.enum(["breaking-change", "bugfix", "enhancement"]),
            link,
          }),
        )
        .min(1),
    }),
  )
  .min(1);

export const changelogProblems: PackageRule = (view) => {
  const read = changelog.safeParse(view.value("changelog.yml"));
  if (!read.success) {
    return read.error.issues.map(({ path, message }) => `changelog.yml: ${path.join(".")}: ${message}`);
  }
  const versions = read.data.map(({ version }) => version);
  const manifest = view.value("manifest.yml");
  const own = isMapping(manifest) ? manifest.version : undefined;
  return [
    ...(versions[0] === own
      ? []
      : [`changelog.yml: the first entry is ${versions[0]}, the manifest's version ${String(own)}`]),
    ...repeated(versions).map((version) => `changelog.yml: there are two entries for ${version}`),
    ...versions.flatMap((version, at) => {
      const older = versions[at + 1];
      return older !== undefined && isOlder(version, older)
        ? [`changelog.yml: ${older} must stand above ${version}`]
        : [];
    }),
  ];
};

function isOlder(one: string, other: string): boolean {
  const [left, right] = [one, other].map((version) => version.split("-")[0]?.split(".").map(Number) ?? []);
  const at = [0, 1, 2].find((index) => left?.[index] !== right?.[index]);
  return at !== undefined && (left?.[at] ?? 0) < (right?.[at] ?? 0);
}
