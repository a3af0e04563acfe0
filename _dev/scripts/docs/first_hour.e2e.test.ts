import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { Client } from "@elastic/elasticsearch";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { startMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import { adminClientOptions } from "../../shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../shared/elasticsearch/describe_on_cluster.ts";
import { buildBundle } from "../build_bundle.ts";
import { installAssets } from "../install_assets/install.ts";
import { shellBlocks } from "./commands.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const README = readFileSync(join(ROOT, "docs/README.md"), "utf8");

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

describeOnCluster("the fast path of the documentation, command by command", (access) => {
  const client = new Client(adminClientOptions(access));
  let folder: string;
  beforeAll(() => installAssets({ client, packageRoot: ROOT }));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "first-hour-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  afterAll(() => client.close());

  test.each(Object.keys(RUNNERS))("leads from nothing to events with %s", async (runner) => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    program(bin, "sf", join(ROOT, "_dev/shared/testing/salesforce_cli.ts"));
    const own = await RUNNERS[runner]?.(bin);
    const serial = 1 + (process.pid % 100_000) + 100_000 * Object.keys(RUNNERS).indexOf(runner);
    await using org = await startMockOrg({ serial });
    await org.given.user({ username: "elastic@acme.example", permissions: [] });
    await org.given.traffic({ rowsPerDay: { Login: 48, ApexExecution: 48, RestApi: 48 }, days: 1, seed: "first hour" });

    const commands = shellBlocks(README)
      .filter((lines) =>
        lines.some((line) => /^(sf |export ELASTICSEARCH_URL|aquila-salesforce (init|backfill))/.test(line)),
      )
      .flat()
      .join("\n")
      .replaceAll("https://login.salesforce.com", org.url)
      .replaceAll("https://elasticsearch.example:9200", access.url)
      .replaceAll("id:key", access.apiKey);
    const { stdout } = await promisify(execFile)("sh", ["-e", "-c", commands], {
      cwd: folder,
      env: {
        PATH: [own, bin, dirname(process.execPath), process.env.PATH].join(delimiter),
        HOME: folder,
        MOCK_ORG_URL: org.url,
      },
    });
    const said = stdout.split("\n").filter((line) => line.startsWith("{"));
    const failures = said.map((line) => JSON.parse(line)).filter(({ verdict }) => verdict === "failed");
    expect(failures).toEqual([]);
    expect(said.at(-1)).toContain("1 of 1 orgs can be collected.");

    await client.indices.refresh({ index: "logs-aquila_salesforce.*" });
    for (const stream of ["login", "apex", "api"]) {
      const query = { term: { "organization.id": org.orgId } };
      const { count } = await client.count({ index: `logs-aquila_salesforce.${stream}-default`, query });
      expect(count, stream).toBeGreaterThan(0);
    }
  });
});
