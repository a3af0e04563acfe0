/** The login pipeline knows the steps of a login by their code and by their text: both have to be those of the catalogue. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { LOGIN_STATUSES } from "../../../src/catalog/code_tables/login_status.ts";

const PIPELINE = join(import.meta.dirname, "../../../data_stream/login/elasticsearch/ingest_pipeline/event.yml");

const { processors } = parse(readFileSync(PIPELINE, "utf8"));
const steps: Record<string, string> = processors[0].script.params.steps;
const codes = Object.keys(steps).filter((key) => key.startsWith("LOGIN_"));

test("there are steps", () => {
  expect(codes).toContain("LOGIN_TWOFACTOR_REQ");
});

test.each(codes)("%s is a status, and its text is the same step", (code) => {
  const text = LOGIN_STATUSES[code];
  expect(text).toBeDefined();
  expect(steps[text ?? ""]).toBe(steps[code]);
});
