import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { adminClientOptions } from "../../_dev/shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../_dev/shared/elasticsearch/describe_on_cluster.ts";
import { stateKey } from "../../_dev/shared/testing/state_key.ts";
import { createStateIndex, type StateIndex } from "../coordination/state_index.ts";
import { systemClock } from "../core/clock.ts";
import { Secret } from "../core/secret.ts";
import { cursorStoreContract } from "./cursor_store.contract.ts";
import { createSharedCursors } from "./shared_cursors.ts";

const INDEX = `aquila-shared-cursors-${process.pid}`;

describeOnCluster("cursors in a real state index", (access) => {
  let documents: StateIndex;
  let org = "";
  let serial = 0;

  beforeAll(async () => {
    const apiKey = new Secret(await stateKey(access, INDEX));
    const options = { hosts: [access.url], apiKey, compressionLevel: 0, workers: 1, requestTimeout: 0 };
    documents = createStateIndex(INDEX, options, 60_000);
  });
  afterAll(async () => {
    await documents.close();
    const admin = new Client(adminClientOptions(access));
    await admin.indices.delete({ index: INDEX, ignore_unavailable: true });
    await admin.close();
  });
  beforeEach(() => {
    serial += 1;
    org = `acme of u@acme.example at login.salesforce.com ${serial}`;
  });

  const find = async (wanted: string) => (await documents.find("org", [wanted])).map(({ id }) => id);
  const store = (term: number, owner = "a") =>
    createSharedCursors({ documents, find, org, term: () => term, owner, clock: systemClock });

  describe("keep the contract", () => {
    cursorStoreContract(
      () => store(1),
      (former) => {
        former.close();
        return store(2);
      },
    );
  });

  test("who holds a newer term takes them, and the former holder's save is refused", async () => {
    const [a, b] = [store(1, "a"), store(2, "b")];
    await a.save("login/event_log_files", [{ key: "file:1", value: { rows: 100 } }]);
    expect(await b.load("login/event_log_files")).toEqual(new Map([["file:1", { rows: 100 }]]));
    await expect(a.save("login/event_log_files", [{ key: "file:1", value: { rows: 200 } }])).rejects.toMatchObject({
      code: "lease_lost",
    });
    await b.save("login/event_log_files", [{ key: "file:1", value: { rows: 300 } }]);
    expect(await store(2, "b").load("login/event_log_files")).toEqual(new Map([["file:1", { rows: 300 }]]));
  });

  test("a thousand files of a source go through packed, and are one document", async () => {
    const a = store(1);
    const files = Array.from({ length: 1_000 }, (_, n) => ({
      key: `file:0AT${String(n).padStart(15, "0")}`,
      value: { eventType: "Login", interval: "hourly", length: 9_000 + n, logDate: n, created: n, rows: n, done: true },
    }));
    await a.save("login/event_log_files", files);
    expect(await store(2).load("login/event_log_files")).toEqual(new Map(files.map(({ key, value }) => [key, value])));
  });
});
