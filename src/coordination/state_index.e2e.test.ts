import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { adminClientOptions } from "../../_dev/shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../_dev/shared/elasticsearch/describe_on_cluster.ts";
import { stateKey } from "../../_dev/shared/testing/state_key.ts";
import { Secret } from "../core/secret.ts";
import { forgetStale } from "./forgetting.ts";
import { leaseDocument, NO_LEASE } from "./lease.ts";
import { stateDocumentsContract } from "./state_documents.contract.ts";
import { createStateIndex, type StateIndex } from "./state_index.ts";

/** A node under the load of other tests answers in its own time. */
const LONGEST_ANSWER_MS = 60_000;

describeOnCluster("the state index, by a key of its own", (access) => {
  let index = "";
  let serial = 0;
  let apiKey: string;
  let admin: Client;
  const opened: StateIndex[] = [];

  const open = (key = apiKey, hosts = [access.url]) => {
    const options = { hosts, apiKey: new Secret(key), compressionLevel: 0, workers: 1, requestTimeout: 0 };
    const documents = createStateIndex(index, options, LONGEST_ANSWER_MS);
    opened.push(documents);
    return documents;
  };
  beforeAll(() => {
    admin = new Client(adminClientOptions(access));
  });
  beforeEach(async () => {
    serial += 1;
    index = `aquila-state-${process.pid}-${serial}`;
    apiKey = await stateKey(access, index);
  });
  afterAll(async () => {
    await Promise.all(opened.map((one) => one.close()));
    await admin.indices.delete({ index: `aquila-state-${process.pid}-*`, expand_wildcards: "all" }).catch(() => {});
    await admin.close();
  });

  stateDocumentsContract(() => open());

  test("six who start at once make one index, and one of them is first", async () => {
    const all = Array.from({ length: 6 }, () => open());
    const outcomes = await Promise.all(
      all.map((documents, n) => documents.write([{ id: "members", value: { n }, expected: undefined }])),
    );
    expect(outcomes.flat().filter((version) => version !== undefined)).toHaveLength(1);
  });

  test("what was written long ago is found by Elasticsearch's clock: cursors and leases, and nothing else", async () => {
    const documents = open();
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    const values = {
      old: { org: "a", source: "login", term: 1, written: daysAgo(91) },
      young: { org: "a", source: "api", term: 1, written: daysAgo(89) },
      "a|lease": leaseDocument("a", { ...NO_LEASE, term: 1, since: daysAgo(91) }),
      members: { hosts: {} },
    };
    expect(await documents.stale(90)).toEqual([]);
    await documents.write(Object.entries(values).map(([id, value]) => ({ id, value, expected: undefined })));
    await admin.indices.refresh({ index });
    expect((await documents.stale(90)).toSorted()).toEqual(["a|lease", "old"]);
    expect(await forgetStale(documents, Date.now())).toBe(1);
    expect([...(await documents.read(Object.keys(values))).keys()]).toEqual(["young", "a|lease", "members"]);
  });

  test("any shape and more than one request's documents come back as they were written", async () => {
    const documents = open();
    const ids = Array.from({ length: 40 }, (_, n) => `00D|a b/${n}|ü`);
    const value = (n: number) => ({ term: n, cursor: n % 2 === 0 ? { "a.b": [n] } : "x".repeat(300_000) });
    const versions = await documents.write(ids.map((id, n) => ({ id, value: value(n), expected: undefined })));
    const read = await documents.read(ids);
    expect([...read.keys()]).toEqual(ids);
    ids.forEach((id, n) => {
      expect(read.get(id)).toEqual({ value: value(n), version: versions[n] });
    });
    const [mapping] = Object.values(await admin.indices.getMapping({ index }));
    expect(Object.keys(mapping?.mappings.properties ?? {})).toEqual(["org", "owner", "source", "term", "written"]);
  });

  test("an index that is taken away is one without documents, and is made anew", async () => {
    const documents = open();
    const [first] = await documents.write([{ id: "a", value: {}, expected: undefined }]);
    await admin.indices.delete({ index });
    expect(await documents.write([{ id: "a", value: {}, expected: first }])).toEqual([undefined]);
    await admin.indices.delete({ index });
    expect(await documents.read(["a"])).toEqual(new Map());
    await documents.write([{ id: "a", value: { other: 1 }, expected: undefined }]);
    const [mapping] = Object.values(await admin.indices.getMapping({ index }));
    expect(mapping?.mappings.dynamic).toBe("false");
  });

  test("an index that takes nothing now is tried again, and says what to do about it", async () => {
    const documents = open();
    const write = (n: number) => documents.write([{ id: `${n}`, value: { n }, expected: undefined }]);
    await write(1);
    const block = async (name: "write" | "read_only" | "read_only_allow_delete", value: boolean) => {
      await admin.indices.putSettings({ index, settings: { index: { blocks: { [name]: value } } } });
    };
    for (const name of ["write", "read_only", "read_only_allow_delete"] as const) {
      await block(name, true);
      await expect(write(2), name).rejects.toMatchObject({
        code: "shared_state_unreachable",
        next: { do: "retry" },
        cure: expect.stringContaining("make room in the cluster"),
      });
      expect((await documents.read(["1"])).size).toBe(1);
      await block(name, false);
    }
    await admin.indices.close({ index });
    const isClosed = { next: { do: "retry" }, cure: `Open the index ${index}: POST /${index}/_open.` };
    await expect(documents.read(["1"])).rejects.toMatchObject(isClosed);
    await expect(write(2)).rejects.toMatchObject(isClosed);
    await admin.indices.open({ index, wait_for_active_shards: 1 });
    expect(await write(2)).toEqual([expect.anything()]);
  });

  test("another index's key is refused with the cure, a wrong one too, and who does not answer is unreachable", async () => {
    const other = await stateKey(access, `${index}-other`);
    const write = [{ id: "a", value: {}, expected: undefined }];
    await expect(open(other).write(write)).rejects.toMatchObject({
      code: "shared_state_refused",
      cure: `Give the key in state.api_key the privileges create_index, read, write on ${index}.`,
    });
    await open().write(write);
    await expect(open(other).read(["a"])).rejects.toMatchObject({
      code: "shared_state_refused",
      message: expect.stringContaining("(status 403: security_exception"),
    });
    await expect(open("d3Jvbmc6a2V5").read(["a"])).rejects.toMatchObject({
      code: "shared_state_refused",
      cure: "Check state.api_key.",
    });
    await expect(open(apiKey, ["http://127.0.0.1:1"]).read(["a"])).rejects.toMatchObject({
      code: "shared_state_unreachable",
      next: { do: "retry" },
    });
  });

  test("of two hosts one that is not there is passed by", async () => {
    const documents = open(apiKey, ["http://127.0.0.1:1", access.url]);
    const outcomes = [];
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      outcomes.push(
        await documents.read(["a"]).then(
          () => "read",
          () => "failed",
        ),
      );
    }
    expect(outcomes.slice(-2)).toEqual(["read", "read"]);
  });
});
