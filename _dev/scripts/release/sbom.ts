/** The bill of materials of the runner, CycloneDX 1.6, from the lock file alone. Pure: the same lock file gives the same text. */
import { createHash } from "node:crypto";

interface LockedPackage {
  readonly name?: string;
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export interface Lock {
  readonly name: string;
  readonly version: string;
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export interface Sbom {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly serialNumber: string;
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: ReadonlyArray<{ readonly ref: string; readonly dependsOn: readonly string[] }>;
}

interface Component {
  readonly type: "application" | "library";
  readonly "bom-ref": string;
  readonly name: string;
  readonly group?: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: ReadonlyArray<{ readonly expression: string }>;
  readonly hashes?: ReadonlyArray<{ readonly alg: string; readonly content: string }>;
}

/** Every package that the runner needs when it runs, with what each needs itself. */
export function sbomOf(lock: Lock): Sbom {
  const { "": root, ...others } = lock.packages;
  const packages = Object.entries(others).filter(([, { dev }]) => dev !== true);
  const refs = new Map(packages.map(([path, { version }]) => [path, purlOf(nameAt(path), version)]));
  const rootRef = purlOf(lock.name, lock.version);
  const needs = (path: string, { dependencies = {} }: LockedPackage): string[] =>
    Object.keys(dependencies)
      .flatMap((name) => refs.get(resolved(path, name, refs) ?? "") ?? [])
      .toSorted();
  const components = packages.map(([path, one]) => libraryOf(nameAt(path), one)).toSorted(byRef);
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(lock))}`,
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": rootRef,
        name: lock.name,
        version: lock.version,
        purl: rootRef,
        licenses: [{ expression: root?.license ?? "Apache-2.0" }],
      },
    },
    components: components.filter((one, n) => one["bom-ref"] !== components[n - 1]?.["bom-ref"]),
    dependencies: [
      { ref: rootRef, dependsOn: needs("", root ?? { version: lock.version }) },
      ...packages.map(([path, one]) => ({ ref: refs.get(path) ?? "", dependsOn: needs(path, one) })),
    ].filter(({ ref }, n, all) => all.findIndex((one) => one.ref === ref) === n),
  };
}

function libraryOf(fullName: string, { version, license, integrity }: LockedPackage): Component {
  const [, group, name = fullName] = /^(@[^/]+)\/(.+)$/.exec(fullName) ?? [];
  const [, digest] = /^sha512-(\S+)$/.exec(integrity ?? "") ?? [];
  const purl = purlOf(fullName, version);
  return {
    type: "library",
    "bom-ref": purl,
    ...(group === undefined ? {} : { group }),
    name,
    version,
    purl,
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
    ...(digest === undefined
      ? {}
      : { hashes: [{ alg: "SHA-512", content: Buffer.from(digest, "base64").toString("hex") }] }),
  };
}

/** `node_modules/a/node_modules/@b/c` is the package @b/c. */
function nameAt(path: string): string {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}

/** Where Node finds a package that the one at `path` asks for: in its own folder, else ever further up. */
function resolved(path: string, name: string, known: ReadonlyMap<string, string>): string | undefined {
  const inside = path === "" ? "" : `${path}/`;
  const candidate = `${inside}node_modules/${name}`;
  if (known.has(candidate) || path === "") {
    return known.has(candidate) ? candidate : undefined;
  }
  return resolved(path.slice(0, Math.max(0, path.lastIndexOf("/node_modules/"))), name, known);
}

function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
}

function byRef(one: Component, other: Component): number {
  return one["bom-ref"] < other["bom-ref"] ? -1 : 1;
}

/** A UUID (version 8: made from what it names) of a text. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  const variant = "89ab"[Number.parseInt(hex.charAt(16), 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
