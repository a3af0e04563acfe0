import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import { adminClientOptions } from "../../shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../shared/elasticsearch/describe_on_cluster.ts";
import { installAssets } from "../install_assets/install.ts";
import { shellBlocks } from "./commands.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const README = readFileSync(join(ROOT, "docs/README.md"), "utf8");

describeOnCluster("the fast path of the documentation, command by command", (access) => {
  const client = new Client(adminClientOptions(access));
  let folder: string;
  beforeAll(async () => {
    await installAssets({ client, packageRoot: ROOT });
    folder = mkdtempSync(join(tmpdir(), "first-hour-"));
    mkdirSync(join(folder, "bin"));
    program("aquila-salesforce", join(ROOT, "src/main.ts"));
    program("sf", join(ROOT, "_dev/shared/testing/salesforce_cli.ts"));
  });
  afterAll(async () => {
    await client.close();
    rmSync(folder, { recursive: true });
  });

  function program(name: string, script: string): void {
    const path = join(folder, "bin", name);
    writeFileSync(
      path,
      `#!/bin/sh\nexec "${process.execPath}" --disable-warning=ExperimentalWarning "${script}" "$@"\n`,
    );
    chmodSync(path, 0o755);
  }

  test("leads from nothing to events", async () => {
    await using org = await startMockOrg({ serial: 1 + (process.pid % 100_000) });
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
        PATH: [join(folder, "bin"), process.env.PATH].join(delimiter),
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
