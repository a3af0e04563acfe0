import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { packageFolder } from "./build_package.ts";
import { encodedObject } from "./package/encoded_object.ts";
import { packageFiles } from "./package/package_files.ts";
import { renderReadme } from "./package/readme.ts";
import { zipOf } from "./package/zip.ts";

const ROOT = resolve(import.meta.dirname, "../..");

describe("the zip", () => {
  const files = packageFiles(ROOT);
  const folder = packageFolder(files);
  const zip = zipOf(files, folder);
  const entries = Object.entries(unzipSync(zip));

  test("holds one folder, named after package and version, and every file whole", () => {
    expect(folder).toMatch(/^aquila_salesforce-\d+\.\d+\.\d+$/);
    expect(entries.map(([path]) => path)).toEqual([...files.keys()].map((path) => `${folder}/${path}`));
    for (const [path, content] of entries) {
      expect(files.get(path.slice(folder.length + 1))?.equals(content)).toBe(true);
    }
  });

  test("is the same bytes every time, whatever the time zone", () => {
    const zone = process.env.TZ;
    try {
      process.env.TZ = "Pacific/Kiritimati";
      expect(Buffer.from(zipOf(packageFiles(ROOT), folder)).equals(zip)).toBe(true);
    } finally {
      if (zone === undefined) {
        delete process.env.TZ;
      } else {
        process.env.TZ = zone;
      }
    }
  });

  test("is smaller than 1 MB without its pictures", () => {
    const pictures = entries.filter(([path]) => path.endsWith(".png")).reduce((sum, [, { length }]) => sum + length, 0);
    expect(zip.length - pictures).toBeLessThan(1_000_000);
  });

  test("holds nothing of the repository's tools", () => {
    expect(
      [...files.keys()].filter((path) => /(?:^|\/)(?:_dev|src|build|node_modules)\/|package\.json|\.ts$/.test(path)),
    ).toEqual([]);
  });

  test("holds the licence and the changelog as they are", () => {
    for (const path of ["LICENSE.txt", "changelog.yml"]) {
      expect(files.get(path)).toEqual(readFileSync(join(ROOT, path)));
    }
  });
});

describe("a saved object", () => {
  test("has those parts as text that Kibana keeps as text", () => {
    const panel = { type: "map", embeddableConfig: { attributes: { layerListJSON: [{ id: "l" }], title: "t" } } };
    const object = {
      id: "x",
      attributes: {
        title: "t",
        optionsJSON: { useMargins: true },
        kibanaSavedObjectMeta: { searchSourceJSON: { filter: [] } },
        controlGroupInput: { panelsJSON: {}, ignoreParentSettingsJSON: {}, controlStyle: "oneLine" },
        panelsJSON: [panel, "foreign"],
      },
      references: [],
    };
    expect(encodedObject(object)).toEqual({
      id: "x",
      attributes: {
        title: "t",
        optionsJSON: '{"useMargins":true}',
        kibanaSavedObjectMeta: { searchSourceJSON: '{"filter":[]}' },
        controlGroupInput: { panelsJSON: "{}", ignoreParentSettingsJSON: "{}", controlStyle: "oneLine" },
        panelsJSON: JSON.stringify([
          { type: "map", embeddableConfig: { attributes: { layerListJSON: '[{"id":"l"}]', title: "t" } } },
          "foreign",
        ]),
      },
      references: [],
    });
  });

  test.each([
    [{ attributes: { panelsJSON: "[]", optionsJSON: "{}", kibanaSavedObjectMeta: {} } }],
    [{ attributes: { name: "a tag" } }],
    [{ no: "attributes" }],
    ["text"],
  ])("%j stays as it is", (object) => {
    expect(encodedObject(object)).toEqual(object);
  });
});

describe("the README", () => {
  const sample = Buffer.from('{"b": {"d": 1, "c": [2]}, "@timestamp": "t"}');

  test("has tables and sample events for what the template calls", () => {
    const files = new Map([["data_stream/login/sample_event.json", sample]]);
    const text = renderReadme(
      '# T\n{{event "login"}}\n{{fields "login"}}\n{{settings "connection"}}\n{{eventTypes}}',
      files,
    );
    expect(text).toContain(
      '```json\n{\n    "@timestamp": "t",\n    "b": {\n        "c": [\n            2\n        ],\n        "d": 1\n    }\n}\n```',
    );
    expect(text).toMatch(/^\| @timestamp \| .* \| date \|/m);
    expect(text).toContain("| Consumer key | `auth.client_id` | required |");
    expect(text).toContain("[`ApexExecution`]");
    expect(text).not.toContain("{{");
  });

  test.each(['{{fields "lost"}}', "{{inputDocs}}", '{{event "login"}}'])(
    "%s is an error where it can't be made",
    (template) => {
      expect(() => renderReadme(template, new Map())).toThrow(/^README: /);
    },
  );
});
