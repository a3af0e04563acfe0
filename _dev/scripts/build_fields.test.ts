import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { madeFiles, staleFiles } from "./build_fields.ts";
import { eventTypeTable } from "./fields/field_tables.ts";
import { STREAMS, streamFields } from "./fields/stream_fields.ts";

it("has made the files that are in the repository", () => {
  expect(staleFiles(resolve(import.meta.dirname, "../.."))).toEqual([]);
});

it("notices files that are missing", () => {
  expect(staleFiles(import.meta.dirname)).toEqual([...madeFiles().keys()]);
});

describe.each(STREAMS.map((stream) => [stream]))("data stream %s", (stream) => {
  const fields = streamFields(stream);
  const names = new Map(fields.map((field) => [field.name, field]));

  it("has each field once, described", () => {
    expect(names.size).toBe(fields.length);
    expect(fields.filter((field) => field.description.trim() === "")).toEqual([]);
  });

  it("has a target for each alias", () => {
    const lost = fields.filter((field) => field.type === "alias" && !names.has(field.path ?? ""));
    expect(lost).toEqual([]);
  });

  it("has what the package specification asks of every data stream", () => {
    for (const name of ["@timestamp", "data_stream.type", "data_stream.dataset", "data_stream.namespace"]) {
      expect(names.get(name)?.type).toBe(name === "@timestamp" ? "date" : "constant_keyword");
    }
  });
});

it("keeps URLs as keywords, of a length that Lucene takes", () => {
  const urls = STREAMS.flatMap(streamFields).filter(({ name }) => /^url\.(full|original|path)$/.test(name));
  expect(urls.length).toBeGreaterThan(0);
  expect(urls.filter(({ type, ignore_above: longest = 1_024 }) => type !== "keyword" || longest * 4 > 32_766)).toEqual(
    [],
  );
});

it.each([["login"], ["apex"], ["api"]])("writes units in %s where the kind has one", (stream) => {
  const names = new Map(streamFields(stream).map((field) => [field.name, field]));
  expect(names.get(`salesforce.${stream}.run_time`)).toMatchObject({ type: "long", unit: "ms" });
  expect(names.get(`salesforce.${stream}.db_total_time`)).toMatchObject({ type: "long", unit: "nanos" });
});

it("writes groups with the names of their fields below them", () => {
  const text = madeFiles().get("data_stream/login/fields/fields.yml") ?? "";
  expect(text.startsWith("# Made by _dev/scripts/build_fields.ts")).toBe(true);
  const groups: { name: string; type: string; fields: { name: string; type: string }[] }[] = parse(text);
  expect(groups.map(({ name, type }) => [name, type])).toEqual([
    ["salesforce.login", "group"],
    ["salesforce.login_as", "group"],
    ["salesforce.logout", "group"],
  ]);
  expect(groups[0]?.fields).toContainEqual({
    name: "event_type",
    type: "alias",
    path: "event.code",
    description: "Stands for event.code.",
  });
});

describe("tables", () => {
  it("show what there is to collect", () => {
    const lines = eventTypeTable().split("\n");
    expect(lines.find((line) => line.includes("`LoginHistory`]"))).toContain("| every org | within minutes |");
    expect(lines.find((line) => line.includes("`ApexTrigger`]"))).toContain("| Event Monitoring | hourly and daily |");
    expect(lines.find((line) => line.includes("`Logout`]"))).toContain("| every org | daily; also hourly");
  });
});
