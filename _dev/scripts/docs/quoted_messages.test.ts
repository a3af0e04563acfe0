import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { knownDatasets } from "../../../src/cli/known_datasets.ts";
import { openSqliteCursors } from "../../../src/cursors/sqlite_cursors.ts";
import { unreachable } from "../../../src/elasticsearch/client.ts";
import { parsePolicy } from "../../../src/policy/parse_policy.ts";
import { readText } from "../../../src/policy/policy_file.ts";
import { troubleGroups } from "./troubleshooting.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

test("what README.md says that people see is what they see", async () => {
  const table = /## When something is wrong\n([\s\S]*?)\n## /.exec(read("README.md"))?.[1] ?? "";
  const quoted = [...table.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, message = ""]) => message),
  );
  expect(quoted.length).toBeGreaterThan(5);
  const given = [
    ...troubleGroups().flatMap(({ troubles }) => troubles.map(({ message }) => message)),
    ...(await more()),
  ];
  for (const message of quoted) {
    const pattern = message.split("…").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const form = new RegExp(`^${pattern.join(".*")}`, "s");
    expect(
      given.filter((text) => form.test(text)),
      message,
    ).not.toEqual([]);
  }
});

/** Messages that need a file or a folder. */
async function more(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "quoted-"));
  const cursors = openSqliteCursors(folder);
  try {
    return [
      await messageOf(() => readText(join(folder, "policy.yml"))),
      await messageOf(() => openSqliteCursors(folder)),
      unreachable({ hosts: ["https://elasticsearch:9200"] }, Object.assign(new Error("no"), { code: "ECONNREFUSED" }))
        .message,
    ];
  } finally {
    cursors.close();
    await rm(folder, { recursive: true });
  }
}

async function messageOf(refused: () => unknown): Promise<string> {
  try {
    await refused();
  } catch (error) {
    return (error as Error).message;
  }
  throw new TypeError("nothing was refused");
}

test.each(["README.md", "docs/README.md"])("%s: every policy can be used as it stands", (path) => {
  const blocks = [...read(path).matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
  for (const text of blocks.filter((block) => block.includes("inputs:"))) {
    expect(parse(text)).toHaveProperty("outputs");
    const environment = { API_KEY: "id:key" };
    const { brokenInputs, inputs, warnings } = parsePolicy(text, { datasets: knownDatasets(), environment });
    expect({ broken: brokenInputs.map(({ error }) => error.message), warnings }).toEqual({ broken: [], warnings: [] });
    expect(inputs).toHaveLength(1);
  }
});
