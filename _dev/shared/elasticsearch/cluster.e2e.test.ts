import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adminClientOptions, attachCluster, type Cluster, openCluster } from "./cluster.ts";
import { describeOnCluster } from "./describe_on_cluster.ts";

describeOnCluster("a local cluster", () => {
  let cluster: Cluster;
  let both: [Cluster, Cluster];
  let admin: Client;
  beforeAll(async () => {
    const options = { name: `faults-${process.pid}`, lifetime: "process", environment: {} } as const;
    both = await Promise.all([openCluster(options), openCluster(options)]);
    [cluster] = both;
    admin = new Client({ ...adminClientOptions(cluster), maxRetries: 0, requestTimeout: 2_000 });
  });
  afterAll(async () => {
    await admin.close();
    await cluster.stop();
  });

  test("opened twice at once it is started once", () => {
    expect(both.map(({ started }) => started).sort()).toEqual([false, true]);
    expect(both[0].url).toBe(both[1].url);
  });

  test("its API key creates documents in logs-* and nothing else", async () => {
    const output = new Client({ node: cluster.url, auth: { apiKey: cluster.apiKey } });
    const document = { "@timestamp": "2026-07-17T09:22:41.123Z", message: "a" };
    const created = await output.create({ index: "logs-cluster.test-default", id: "1", document });
    expect(created.result).toBe("created");
    await expect(output.create({ index: "logs-cluster.test-default", id: "1", document })).rejects.toThrow(
      "version_conflict_engine_exception",
    );
    await expect(output.search({ index: "logs-cluster.test-default" })).rejects.toThrow("security_exception");
    await expect(output.create({ index: "other", id: "1", document })).rejects.toThrow("security_exception");
    await output.close();
  });

  test("fills in Mustache templates as the full distribution does", async () => {
    const { docs } = await admin.ingest.simulate({
      pipeline: {
        processors: [
          { set: { field: "raw", value: "{{{user.name}}} from {{{hosts.1}}} of {{{hosts.size}}}{{{absent}}}" } },
          { set: { field: "escaped", value: "{{user.name}}" } },
          { set: { field: "list", value: "{{{hosts}}}" } },
        ],
      },
      docs: [{ _source: { user: { name: 'Zoë "Z" <z@acme.com>' }, hosts: ["a", "b"] } }],
    });
    expect(docs[0]?.doc?._source).toMatchObject({
      raw: 'Zoë "Z" <z@acme.com> from b of 2',
      escaped: 'Zoë \\"Z\\" <z@acme.com>',
      list: "[a, b]",
    });
  });

  test("suspended it does not answer, resumed it does", async () => {
    cluster.suspend();
    // What was under way when the signal came may still be answered.
    const asked = () =>
      admin.info().then(
        () => "answers",
        () => "silent",
      );
    await expect.poll(asked, { timeout: 20_000 }).toBe("silent");
    cluster.resume();
    expect((await admin.info()).version.number).toMatch(/^9\./);
  });

  test("stopped and started again from elsewhere it has the same address, accounts and data", async () => {
    const fromElsewhere = attachCluster(cluster.folder ?? "");
    await fromElsewhere.stop();
    await expect(admin.info()).rejects.toThrow();
    await fromElsewhere.restart();
    const { count } = await admin.count({ index: "logs-cluster.test-default" });
    expect(count).toBe(1);
  });
});
