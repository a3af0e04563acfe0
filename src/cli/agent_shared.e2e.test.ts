/** The real runner as a component of a fake Elastic Agent, whose org is shared by a real state index. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { expect, test } from "vitest";
import { startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { adminClientOptions } from "../../_dev/shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../_dev/shared/elasticsearch/describe_on_cluster.ts";
import { FakeAgent } from "../../_dev/shared/fake_agent/fake_agent.ts";
import { BulkEndpoint } from "../../_dev/shared/fake_elasticsearch/bulk_endpoint.ts";
import { addLogins, input, logins, output, PUBLIC_KEY } from "../../_dev/shared/testing/agent_policy.ts";
import { stateKey } from "../../_dev/shared/testing/state_key.ts";

const INDEX = `aquila-agent-shared-${process.pid}`;

describeOnCluster("a component of Elastic Agent that shares its org", (access) => {
  test("shows in diagnostics the cursors that hosts share, and writes them again when their index is deleted", {
    timeout: 180_000,
  }, async () => {
    await using held = new AsyncDisposableStack();
    const directory = held.adopt(mkdtempSync(join(tmpdir(), "aquila-agent-shared-")), (one) =>
      rmSync(one, { recursive: true }),
    );
    const admin = held.adopt(new Client(adminClientOptions(access)), (one) => one.close());
    held.defer(async () => void (await admin.indices.delete({ index: INDEX, ignore_unavailable: true })));
    const elasticsearch = held.adopt(new BulkEndpoint(), (one) => one.close());
    await elasticsearch.start();
    const org = held.adopt(await startMockOrg({ certificate: PUBLIC_KEY, name: "Acme", serial: 1 }), (one) =>
      one.close(),
    );
    const command = [process.execPath, resolve(import.meta.dirname, "../main.ts"), "agent"];
    const component = { command, dataDirectory: join(directory, "run") };
    const agent = held.adopt(new FakeAgent({ component }), (one) => one.stop());
    await agent.start();
    const apiKey = await stateKey(access, INDEX);
    const state = { store: "elasticsearch", hosts: [access.url], index: INDEX, api_key: apiKey, lease: "30s" };
    await addLogins(org, "a", 5);

    agent.output(output(elasticsearch)).input("in-1", input(org, { state })).send();
    await elasticsearch.until("five logins", () => logins(elasticsearch).length === 5);
    const term = () => Number(/in term (\d+)\./.exec(agent.message("in-1") ?? "")?.[1] ?? 0);
    await agent.until("a holder", () => term() > 0);
    const source = `login-${org.orgId}/event_log_files`;
    const shown = async () => {
      const [file] = (await agent.diagnostics({ id: agent.unitId("in-1") })).files;
      return file?.content ?? "";
    };
    // Written about once a second, so the last rows may be saved after they are delivered.
    await expect.poll(shown, { timeout: 30_000 }).toMatch(/"rows": 5/);

    const text = await shown();
    const { cursors, settings } = JSON.parse(text);
    const { _source } = await admin.get<{ entries: string }>({
      index: INDEX,
      id: `in-1 of ${org.username} at ${new URL(org.url).host}|${source}`,
    });
    const files = Object.entries<{ rows?: number }>(cursors[source]).filter(([, { rows }]) => rows === 5);
    expect(files).toHaveLength(1);
    expect(JSON.parse(_source?.entries ?? "")).toMatchObject(Object.fromEntries(files));
    expect(settings.state).toMatchObject({ store: "elasticsearch", index: INDEX });
    for (const secret of [apiKey, apiKey.split(":").at(-1), Buffer.from(apiKey).toString("base64")]) {
      expect(text).not.toContain(secret);
    }

    await admin.indices.delete({ index: INDEX });
    const before = term();
    await agent.until("the next term", () => term() > before);
    await addLogins(org, "b", 3, 1);
    await elasticsearch.until("three further logins", () => logins(elasticsearch).length === 8);
    await expect.poll(shown, { timeout: 30_000 }).toMatch(/"rows": 3/);
    expect(JSON.parse(await shown()).cursors[source]).toMatchObject(Object.fromEntries(files));
    expect(elasticsearch.repeated, "what was known is not sent again").toBe(0);
  });
});
