import { execFile } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { Client } from "@elastic/elasticsearch";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type MockOrg, startMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import { adminClientOptions } from "../../shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../shared/elasticsearch/describe_on_cluster.ts";
import { buildBundle } from "../build_bundle.ts";
import { installAssets } from "../install_assets/install.ts";
import { shellBlocks } from "./commands.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const DOCUMENTATION = readFileSync(join(ROOT, "docs/README.md"), "utf8");

/** Ways to have the command `aquila-salesforce`: each gives the folder for the PATH. */
const RUNNERS: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  "the sources": async (folder) => {
    program(folder, "aquila-salesforce", join(ROOT, "src/main.ts"));
    return folder;
  },
  "the release files": async (folder) => {
    await buildBundle(join(folder, "release"));
    return join(folder, "release");
  },
};

function program(folder: string, name: string, script: string): void {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" --disable-warning=ExperimentalWarning "${script}" "$@"\n`);
  chmodSync(path, 0o755);
}

/** The PATH without what `npm` put before it: its Node is the one that this machine has, of whatever version. */
function ownPath(): string[] {
  return (process.env.PATH ?? "").split(delimiter).filter((place) => !/[\\/]node_modules[\\/]/.test(`${place}/`));
}

describeOnCluster("the first hour, command by command", (access) => {
  const client = new Client(adminClientOptions(access));
  let folder: string;
  let bin: string;
  beforeAll(() => installAssets({ client, packageRoot: ROOT }));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "first-hour-"));
    bin = join(folder, "bin");
    mkdirSync(bin);
    program(bin, "sf", join(ROOT, "_dev/shared/testing/salesforce_cli.ts"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  afterAll(() => client.close());

  const WAYS = [...Object.keys(RUNNERS), "npm"];

  async function orgWithTraffic(way: string): Promise<MockOrg> {
    const org = await startMockOrg({ serial: 1 + (process.pid % 100_000) + 100_000 * WAYS.indexOf(way) });
    await org.given.user({ username: "elastic@acme.example", permissions: [] });
    await org.given.traffic({ rowsPerDay: { Login: 48, ApexExecution: 48, RestApi: 48 }, days: 1, seed: "first hour" });
    return org;
  }

  /** Types the commands, with this test's addresses in place of the examples; standard output. */
  async function typed(org: MockOrg, commands: string, cwd: string, path: readonly string[]): Promise<string> {
    const here = commands
      .replaceAll("https://login.salesforce.com", org.url)
      .replaceAll("https://elasticsearch.example:9200", access.url)
      .replaceAll("id:key", access.apiKey);
    const { stdout } = await promisify(execFile)("sh", ["-e", "-c", here], {
      cwd,
      env: { PATH: path.join(delimiter), HOME: folder, MOCK_ORG_URL: org.url },
    });
    return stdout;
  }

  async function expectEvents(org: MockOrg, said: string): Promise<void> {
    const lines = said.split("\n").filter((line) => line.startsWith("{"));
    const failures = lines.map((line) => JSON.parse(line)).filter(({ verdict }) => verdict === "failed");
    expect(failures).toEqual([]);
    expect(lines.at(-1)).toContain("1 of 1 orgs can be collected.");
    await client.indices.refresh({ index: "logs-aquila_salesforce.*" });
    for (const stream of ["login", "apex", "api"]) {
      const query = { term: { "organization.id": org.orgId } };
      const { count } = await client.count({ index: `logs-aquila_salesforce.${stream}-default`, query });
      expect(count, stream).toBeGreaterThan(0);
    }
  }

  test.each(Object.keys(RUNNERS))("the documentation's fast path leads from nothing to events with %s", async (way) => {
    const own = await RUNNERS[way]?.(bin);
    await using org = await orgWithTraffic(way);
    const commands = shellBlocks(DOCUMENTATION)
      .filter((lines) =>
        lines.some((line) => /^(sf |export ELASTICSEARCH_URL|aquila-salesforce (init|backfill))/.test(line)),
      )
      .flat()
      .join("\n");
    const path = [own ?? "", bin, dirname(process.execPath), process.env.PATH ?? ""];
    await expectEvents(org, await typed(org, commands, folder, path));
  });

  test("README.md leads from a clone to events by npm, on the Node that npm itself runs on", async () => {
    const clone = join(folder, "clone");
    cpSync(ROOT, clone, {
      recursive: true,
      filter: (path) => !/^(node_modules|\.git|build)(\/|$)/.test(relative(ROOT, path)),
    });
    symlinkSync(join(ROOT, "node_modules"), join(clone, "node_modules"));
    await using org = await orgWithTraffic("npm");
    const blocks = shellBlocks(readFileSync(join(ROOT, "README.md"), "utf8")).filter((lines) =>
      lines.some((line) => line.includes("npm run aquila-salesforce")),
    );
    const [init = "", ...after] = blocks.flat();
    expect(after).toHaveLength(4);
    const path = [bin, ...ownPath()];
    await typed(org, `${init} --login-url https://login.salesforce.com`, clone, path);
    const nextSteps = shellBlocks(readFileSync(join(clone, "salesforce/NEXT_STEPS.md"), "utf8"));
    const deployment = nextSteps.find(([first]) => first?.startsWith("sf org login"));
    await typed(org, deployment?.join("\n") ?? "", join(clone, "salesforce"), path);
    // The last one goes on for good.
    await expectEvents(org, await typed(org, after.slice(0, -1).join("\n"), clone, path));
  });
});
