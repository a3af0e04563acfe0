/** What elastic-package lets lie in `_dev/deploy` of an integration (package-spec, spec/integration/_dev/deploy/spec.yml). */
const KNOWN = ["agent", "docker", "k8s", "tf", "variants.yml"];

/** One sentence for each entry of `_dev/deploy` with which `elastic-package lint` fails. Pure. */
export function deployerProblems(entries: readonly string[]): string[] {
  return entries
    .filter((entry) => !KNOWN.includes(entry))
    .map((entry) => `_dev/deploy/${entry} is no deployer of elastic-package; _dev/shared is for what tests share`);
}
