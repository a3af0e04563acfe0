import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adminClientOptions } from "../deploy/elasticsearch/cluster.ts";
import { describeOnCluster } from "../deploy/elasticsearch/describe_on_cluster.ts";
import { installAssets } from "./install_assets/install.ts";
import { readPackage } from "./install_assets/package_source.ts";
import { simulate } from "./pipeline_tests/simulation.ts";

const ROOT = join(import.meta.dirname, "../..");

// The pipeline tests leave source.geo out where the node has no GeoIP. A private address is in no database, so that every node
// has to give the place that Salesforce told.
describeOnCluster("the place of a login from a private address", (cluster) => {
  const client = new Client(adminClientOptions(cluster));
  beforeAll(() => installAssets({ client, packageRoot: ROOT }));
  afterAll(() => client.close());

  test.each<[string, Record<string, unknown> | undefined, unknown]>([
    [
      "is where Salesforce says",
      { country_iso_code: "SE", city_name: "Linköping", latitude: 58.4167, longitude: 15.6167 },
      {
        country_iso_code: "SE",
        city_name: "Linköping",
        location: { lat: 58.4167, lon: 15.6167 },
      },
    ],
    [
      "has no location without both coordinates",
      { country_iso_code: "SE", latitude: 58.4167 },
      { country_iso_code: "SE" },
    ],
    ["is not told where Salesforce does not know it", undefined, undefined],
  ])("%s", async (_, geo, place) => {
    const source = readPackage(ROOT);
    const stream = source.dataStreams.find(({ folder }) => folder === "login");
    if (stream === undefined) {
      throw new Error("The package has no data stream login.");
    }
    const login = { source: { ip: "10.1.2.3" }, ...(geo === undefined ? {} : { geo }) };
    const event = { "@timestamp": "2026-07-17T09:22:41.123Z", event: { code: "LoginEvent" }, salesforce: { login } };
    const [made] = await simulate(client, source, stream, [event]);
    expect(made?.source).toEqual({
      address: "10.1.2.3",
      ip: "10.1.2.3",
      ...(place === undefined ? {} : { geo: place }),
    });
  });
});
