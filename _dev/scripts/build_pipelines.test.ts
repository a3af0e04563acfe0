import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { pipelineCopies, staleCopies } from "./build_pipelines.ts";

const ROOT = join(import.meta.dirname, "../..");

test("every shared pipeline has copies in the data streams that call it", () => {
  const copies = pipelineCopies(ROOT).map(({ path }) => relative(join(ROOT, "data_stream"), path));
  expect(copies).toContain("login/elasticsearch/ingest_pipeline/who_and_where.yml");
  expect(copies).toContain("api/elasticsearch/ingest_pipeline/request.yml");
  expect(copies).not.toContain("login/elasticsearch/ingest_pipeline/request.yml");
});

test("no copy differs from its source: else run npm run generate", () => {
  expect(staleCopies(ROOT).map(({ path }) => relative(ROOT, path))).toEqual([]);
});
