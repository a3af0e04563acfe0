import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import packageJson from "../../../package.json" with { type: "json" };
import packageLock from "../../../package-lock.json" with { type: "json" };
import { buildBundle } from "../build_bundle.ts";
import { packageFolder } from "../build_package.ts";
import { packageFiles } from "../package/package_files.ts";
import { zipOf } from "../package/zip.ts";
import { CHECKSUMS, removeFromRelease, SBOM, sealRelease } from "./release_folder.ts";
import { type Lock, sbomOf } from "./sbom.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const ZIP = `aquila_salesforce-${packageJson.version}.zip`;

// Each starts programs.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe("the release folder", () => {
  let work: string;
  /** The release files alone, away from the repository. */
  let alone: string;

  async function release(folder: string): Promise<void> {
    await buildBundle(folder);
    const files = packageFiles(ROOT);
    writeFileSync(join(folder, ZIP), zipOf(files, packageFolder(files)));
    sealRelease(folder);
  }

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), "release-"));
    await release(join(work, "built"));
    alone = join(work, "downloaded");
    cpSync(join(work, "built"), alone, { recursive: true });
  });
  afterAll(() => rmSync(work, { recursive: true }));

  const environment = () => ({ PATH: [alone, dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter) });
  const typed = (line: string, more: NodeJS.ProcessEnv = {}) =>
    spawnSync("sh", ["-c", line], { cwd: alone, encoding: "utf8", env: { ...environment(), ...more } });

  test("holds package, runner, container recipes and bill of materials, each with its checksum", () => {
    const names = readdirSync(alone).filter((name) => name !== CHECKSUMS);
    expect(names).toEqual(
      expect.arrayContaining([
        ZIP,
        "aquila-salesforce.mjs",
        "aquila-salesforce",
        "runner.Dockerfile",
        "agent.Dockerfile",
        SBOM,
      ]),
    );
    const listed = readFileSync(join(alone, CHECKSUMS), "utf8").trimEnd().split("\n");
    expect(listed).toEqual(
      names.toSorted().map(
        (name) =>
          `${createHash("sha256")
            .update(readFileSync(join(alone, name)))
            .digest("hex")}  ${name}`,
      ),
    );
  });

  test("is made with the same bytes again", async () => {
    await release(join(work, "again"));
    expect(readFileSync(join(work, "again", CHECKSUMS), "utf8")).toBe(readFileSync(join(alone, CHECKSUMS), "utf8"));
  });

  test("container recipes copy nothing that is not there", () => {
    for (const recipe of ["runner.Dockerfile", "agent.Dockerfile"]) {
      const lines = readFileSync(join(alone, recipe), "utf8").split("\n");
      for (const [, sources = ""] of lines.flatMap((line) => [...line.matchAll(/^COPY (?!--from)(.*) \S+$/g)])) {
        for (const source of sources.split(" ")) {
          expect(globSync(source, { cwd: alone })).not.toEqual([]);
        }
      }
    }
  });

  test("sets up an org without the repository", () => {
    const made = typed("aquila-salesforce init --username elastic@acme.example --org-name Acme --out acme");
    expect(made).toMatchObject({ status: 0, stderr: "" });
    expect(readdirSync(join(alone, "acme"))).toContain("NEXT_STEPS.md");
  });

  test("install-component takes the runner from there", () => {
    const components = join(work, "agent/data/elastic-agent-9.2.0-abc123/components");
    mkdirSync(components, { recursive: true });
    const installed = typed(`aquila-salesforce install-component --agent-home '${join(work, "agent")}'`);
    expect(installed).toMatchObject({ status: 0, stderr: "" });
    expect(readdirSync(components)).toEqual(
      expect.arrayContaining(["aquila-salesforce", "aquila-salesforce.spec.yml"]),
    );
  });

  test("install-package takes the package from there, from whatever folder it is started", async () => {
    const received: Buffer[] = [];
    const kibana = createServer(async (request: IncomingMessage, response) => {
      for await (const chunk of request) {
        received.push(chunk);
      }
      response.writeHead(200, { "content-type": "application/json" }).end('{"items": [], "_meta": {"name": "it"}}');
    }).listen(0, "127.0.0.1");
    await new Promise((done) => kibana.once("listening", done));
    const { port } = kibana.address() as AddressInfo;
    const child = spawn("aquila-salesforce", ["install-package", "--kibana", `http://127.0.0.1:${port}`], {
      cwd: work,
      env: { ...environment(), KIBANA_API_KEY: "id:key" },
    });
    const [said, complaint] = await Promise.all([text(child.stdout), text(child.stderr)]);
    kibana.close();
    expect(complaint).toBe("");
    expect(said).toContain("Fleet has installed");
    expect(Buffer.concat(received).equals(readFileSync(join(alone, ZIP)))).toBe(true);
  });

  test("install-package says where it has looked for the package", () => {
    rmSync(join(alone, ZIP));
    const { status, stderr } = typed("aquila-salesforce install-package --kibana http://127.0.0.1:1", {
      KIBANA_API_KEY: "id:key",
    });
    expect(status).toBe(2);
    expect(stderr).toContain(`There is no ${ZIP} in ${alone}. Give its path with --package`);
  });

  test("earlier versions are removed", () => {
    const folder = join(work, "earlier");
    mkdirSync(folder);
    writeFileSync(join(folder, "aquila_salesforce-0.0.9.zip"), "");
    writeFileSync(join(folder, "other"), "");
    removeFromRelease(folder, /^aquila_salesforce-.*\.zip$/);
    expect(readdirSync(folder)).toEqual(["other"]);
  });
});

describe("the bill of materials", () => {
  const sbom = sbomOf(packageLock as Lock);

  test("has what CycloneDX 1.6 requires", () => {
    expect(sbom).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6", version: 1 });
    expect(sbom.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const all = [sbom.metadata.component, ...sbom.components];
    for (const { type, name, "bom-ref": ref, hashes = [] } of all) {
      expect({ name: name !== "", ref: ref !== "" }).toEqual({ name: true, ref: true });
      expect(["application", "library"]).toContain(type);
      for (const { alg, content } of hashes) {
        expect(`${alg} ${content}`).toMatch(/^SHA-512 [0-9a-f]{128}$/);
      }
    }
    const refs = all.map((one) => one["bom-ref"]);
    expect(new Set(refs).size).toBe(refs.length);
    expect(new Set(sbom.dependencies.map(({ ref }) => ref))).toEqual(new Set(refs));
    for (const { dependsOn } of sbom.dependencies) {
      expect(refs).toEqual(expect.arrayContaining([...dependsOn]));
    }
  });

  test("names what the runner needs, with licence and digest, and nothing that only development needs", () => {
    const names = sbom.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
    expect(names).toEqual(expect.arrayContaining(Object.keys(packageJson.dependencies)));
    for (const name of ["vitest", "typescript", "react"]) {
      expect(names).not.toContain(name);
    }
    expect(sbom.components.every(({ licenses, hashes }) => licenses?.length === 1 && hashes?.length === 1)).toBe(true);
    const [own] = sbom.dependencies;
    expect(own?.dependsOn).toHaveLength(Object.keys(packageJson.dependencies).length);
  });

  test("follows each package to the version that it gets", () => {
    const lock: Lock = {
      name: "app",
      version: "1.0.0",
      packages: {
        "": { version: "1.0.0", dependencies: { a: "1", b: "1" } },
        "node_modules/a": { version: "1.0.0", dependencies: { b: "2" } },
        "node_modules/a/node_modules/b": { version: "2.0.0" },
        "node_modules/b": { version: "1.0.0", dependencies: { a: "1" } },
        "node_modules/c": { version: "1.0.0", dev: true },
      },
    };
    expect(sbomOf(lock).dependencies).toEqual([
      { ref: "pkg:npm/app@1.0.0", dependsOn: ["pkg:npm/a@1.0.0", "pkg:npm/b@1.0.0"] },
      { ref: "pkg:npm/a@1.0.0", dependsOn: ["pkg:npm/b@2.0.0"] },
      { ref: "pkg:npm/b@2.0.0", dependsOn: [] },
      { ref: "pkg:npm/b@1.0.0", dependsOn: ["pkg:npm/a@1.0.0"] },
    ]);
  });
});
