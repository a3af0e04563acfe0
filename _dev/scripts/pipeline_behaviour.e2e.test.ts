/** What the fixtures of the pipeline tests can't show: places that depend on the node, and failures told in the engine's words. */
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminClientOptions } from "../shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../shared/elasticsearch/describe_on_cluster.ts";
import { installAssets } from "./install_assets/install.ts";
import { readPackage } from "./install_assets/package_source.ts";
import { simulate } from "./pipeline_tests/simulation.ts";
import type { Json } from "./pipeline_tests/test_case.ts";

const ROOT = join(import.meta.dirname, "../..");
const TIME = "2026-07-17T09:22:41.123Z";

describeOnCluster("pipelines of the package", (cluster) => {
  const client = new Client(adminClientOptions(cluster));
  beforeAll(() => installAssets({ client, packageRoot: ROOT }));
  afterAll(() => client.close());

  async function made(folder: string, event: Json): Promise<Json> {
    const source = readPackage(ROOT);
    const stream = source.dataStreams.find((one) => one.folder === folder);
    const [document] = stream === undefined ? [] : await simulate(client, source, stream, [event]);
    if (document === undefined || document === null) {
      throw new Error(`${folder} made no document`);
    }
    return document;
  }

  // The pipeline tests leave source.geo out where the node has no GeoIP. A private address is in no database: every node has to
  // give the place that Salesforce told.
  describe("the place of a login from a private address", () => {
    test.each<[string, Json | undefined, unknown]>([
      [
        "is where Salesforce says",
        { country_iso_code: "SE", city_name: "Linköping", latitude: 58.4167, longitude: 15.6167 },
        { country_iso_code: "SE", city_name: "Linköping", location: { lat: 58.4167, lon: 15.6167 } },
      ],
      [
        "has no location without both coordinates",
        { country_iso_code: "SE", latitude: 58.4167 },
        { country_iso_code: "SE" },
      ],
      ["is left open where Salesforce does not know it", undefined, undefined],
    ])("%s", async (_, geo, place) => {
      const login = { source: { ip: "10.1.2.3" }, ...(geo === undefined ? {} : { geo }) };
      const { source } = await made("login", {
        "@timestamp": TIME,
        event: { code: "LoginEvent" },
        salesforce: { login },
      });
      expect(source).toEqual({
        ip: "10.1.2.3",
        ...(place === undefined ? {} : { geo: place }),
      });
    });
  });

  describe("what has no index of its own, or is a keyword where ECS has wildcard", () => {
    const INDEX = `logs-aquila_salesforce.login-found${process.pid}`;
    afterAll(() => client.indices.deleteDataStream({ name: INDEX }, { ignore: [400, 404, 405] }));
    beforeAll(async () => {
      const login = {
        client: { ip: "10.1.2.3" },
        forwarded_for: { ip: ["10.4.5.6", "2001:db8::7"] },
        source: { ip: "10.7.8.9" },
        uri: { original: "/services/data/v66.0/sobjects/Account" },
      };
      const event = { "@timestamp": TIME, event: { code: "Login" }, salesforce: { login } };
      const { errors } = await client.bulk({ index: INDEX, refresh: true, operations: [{ create: {} }, event] });
      expect(errors).toBe(false);
    });

    test.each([
      ["salesforce.login.client.ip", "10.1.2.3"],
      ["salesforce.login.client.ip", "10.1.0.0/16"],
      ["salesforce.login.forwarded_for.ip", "10.4.5.6"],
      ["salesforce.login.forwarded_for.ip", "2001:db8::/32"],
      ["related.ip", "10.1.2.3"],
      ["related.ip", "10.4.5.6"],
      ["related.ip", "2001:db8::7"],
      ["related.ip", "10.7.8.9"],
    ])("is found by %s: %s", async (field, value) => {
      const { count } = await client.count({ index: INDEX, query: { term: { [field]: value } } });
      expect(count).toBe(1);
    });

    test.each([
      ["url.path", "*/sobjects/*"],
      ["url.original", "/services/*"],
      ["salesforce.login.uri.original", "*ACCOUNT"],
    ])("is found by %s: %s, whatever the case", async (field, value) => {
      const query = { wildcard: { [field]: { value, case_insensitive: true } } };
      expect((await client.count({ index: INDEX, query })).count).toBe(1);
    });

    test("is nowhere twice in the source: an address stands in source.address only where it says more", async () => {
      const { hits } = await client.search<Json>({ index: INDEX });
      expect(hits.hits[0]?._source?.source).toEqual({ ip: "10.7.8.9" });
    });
  });

  describe("a value of 2 MB", () => {
    const SIZE = 2_000_000;
    const BROWSER =
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 ";
    const INDEX = `logs-aquila_salesforce.login-long${process.pid}`;
    afterAll(() => client.indices.deleteDataStream({ name: INDEX }, { ignore: [400, 404, 405] }));

    test.each([
      ["browser_type", BROWSER],
      ["user_name", "eva@"],
      ["login_url", "https://a/?b=c&#@"],
      ["login_url", "https://a"],
      ["source.address", "1."],
      ["http_referer", "https://a/"],
      ["status", "x"],
      ["status_description", "Invalid Password "],
      ["tls_protocol", "x"],
    ])("in %s arrives, whole, and the rest of the event is what it means", async (field, unit) => {
      const value = unit.repeat(Math.ceil(SIZE / unit.length)).slice(0, SIZE);
      const login = field.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
      const { items, errors } = await client.bulk({
        index: INDEX,
        refresh: true,
        operations: [
          { create: {} },
          {
            "@timestamp": TIME,
            event: { code: "LoginEvent" },
            salesforce: { login: { user_id: "0051", ...(login as Json) } },
          },
        ],
      });
      expect({ errors, error: items[0]?.create?.error }).toEqual({ errors: false, error: undefined });
      const { _source } = await client.get<Json>({
        index: items[0]?.create?._index ?? "",
        id: items[0]?.create?._id ?? "",
      });
      expect(_source).toMatchObject({
        event: { kind: "event", action: "login" },
        user: { id: "0051" },
      });
      expect(_source).not.toHaveProperty("_whole_user_agent");
      // A plain includes: a failing matcher would print both.
      expect(JSON.stringify(_source).includes(value)).toBe(true);
      if (field === "browser_type") {
        expect(_source?.user_agent).toMatchObject({ original: value, name: "Chrome", os: { name: "Windows" } });
      }
    });
  });

  describe("an event that breaks a part of the pipeline", () => {
    const FAILURE =
      /^Processor 'script' with tag '(script_[a-z]+)' in pipeline '(logs-aquila_salesforce\.[a-z_]+-[\d.]+-[a-z_]+)' failed with message '.+'$/;
    const organization = { id: "00D30000000V77YEAS", name: "Acme production" };

    test.each<[string, string, string[]]>([
      ["login", "Login", ["script_event", "script_connection", "script_related"]],
      ["apex", "ApexCallout", ["script_request", "script_outcome", "script_related"]],
      ["api", "RestApi", ["script_request", "script_operation", "script_outcome", "script_related"]],
      ["data_access", "Report", ["script_event", "script_outcome", "script_related"]],
    ])("of %s is kept and says which", async (folder, code, tags) => {
      const salesforce = [{ [folder]: { user_id: "0053000000Ank29AAB" } }];
      const event = { "@timestamp": TIME, event: { code }, organization, salesforce };
      const document = await made(folder, event);
      expect(document).toMatchObject({
        "@timestamp": TIME,
        organization,
        // Even here no value is left in the place of an alias, which Elasticsearch would refuse.
        salesforce: [{ [folder]: {} }],
        user: { id: "0053000000Ank29AAB" },
        ecs: { version: expect.any(String) },
        event: { code, kind: "pipeline_error" },
      });
      const { message } = document.error as { message: string[] };
      expect(message.map((text) => FAILURE.exec(text)?.[1])).toEqual(tags);
    });

    test("keeps what the other parts have made", async () => {
      const document = await made("login", {
        "@timestamp": TIME,
        event: { code: ["Login"] },
        salesforce: { login: { user_name: "ada@acme.example", source: { ip: "10.1.2.3" } } },
      });
      expect(document).toMatchObject({
        event: { kind: "pipeline_error" },
        source: { ip: "10.1.2.3" },
        user: { name: "ada@acme.example", domain: "acme.example" },
        related: { ip: ["10.1.2.3"], user: ["ada@acme.example"] },
      });
      expect((document.error as { message: string[] }).message).toHaveLength(1);
    });
  });
});
