import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adminClientOptions } from "../../../_dev/shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../../_dev/shared/elasticsearch/describe_on_cluster.ts";
import { stateKey } from "../../../_dev/shared/testing/state_key.ts";
import { type Finding, findingsOf } from "../../core/finding.ts";
import { parsePolicy } from "../../policy/parse_policy.ts";
import type { SharedState } from "../../policy/policy.ts";
import { knownDatasets } from "../known_datasets.ts";
import { stateSteps } from "./state_steps.ts";

const INDEX = `aquila-checked-state-${process.pid}`;

describeOnCluster("the check of a shared state", (access) => {
  let admin: Client;
  beforeAll(() => {
    admin = new Client(adminClientOptions(access));
  });
  afterAll(() => admin.close());

  function stateWith(apiKey: string, url = access.url): SharedState {
    const policy = {
      outputs: { default: { type: "elasticsearch", hosts: [url], api_key: access.apiKey } },
      inputs: [
        {
          type: "aquila-salesforce",
          auth: { client_id: "3MVG9", username: "u", private_key: "k" },
          state: { store: "elasticsearch", index: INDEX, api_key: apiKey },
          streams: [{ data_stream: { dataset: "aquila_salesforce.login" } }],
        },
      ],
    };
    return parsePolicy(policy, { datasets: knownDatasets() }).inputs[0]?.state as SharedState;
  }

  async function findings(state: SharedState): Promise<Finding[]> {
    const { steps, close } = await stateSteps(state, 60_000);
    const tooLate = () => {
      throw new Error("nothing is too late here");
    };
    const found = await Array.fromAsync(findingsOf(steps, tooLate, new AbortController().signal));
    await close();
    return found;
  }

  async function keyWith(...privileges: string[]): Promise<string> {
    const indices = [{ names: [INDEX], privileges }];
    const { encoded } = await admin.security.createApiKey({
      name: `checked state ${privileges.join()}`,
      role_descriptors: { state: { cluster: [], indices: privileges.length === 0 ? [] : indices } },
    });
    return encoded;
  }

  test("finds the key of the recipe good, and makes nothing", async () => {
    const found = await findings(stateWith(await stateKey(access, INDEX)));
    expect(found).toEqual([
      {
        step: "state key",
        verdict: "ok",
        message: `The key may make, read and write ${INDEX}, and nothing that could do harm.`,
      },
      { step: "state index", verdict: "ok", message: expect.stringContaining(`${INDEX} can be read`) },
    ]);
    expect(await admin.indices.exists({ index: INDEX })).toBe(false);
  });

  test.each([
    [["read", "write"], "create_index"],
    [["create_index", "write"], "read"],
    [["create_index", "read"], "write"],
    [["monitor"], "create_index, read, write"],
  ])("names what a key with %o lacks, with the cure", async (privileges, lacking) => {
    const [first] = await findings(stateWith(await keyWith(...privileges)));
    expect(first).toMatchObject({
      verdict: "failed",
      code: "shared_state_refused",
      message: `The key in state.api_key lacks ${lacking} on ${INDEX}.`,
      cure: `Make a key with the privileges create_index, read, write on ${INDEX}.`,
    });
  });

  test("warns of a key that may do more", async () => {
    const [first] = await findings(stateWith(await keyWith("all")));
    expect(first).toMatchObject({
      verdict: "warning",
      message: `The key in state.api_key may do more than it needs: manage on ${INDEX}, delete_index on ${INDEX}.`,
    });
  });

  test("says that a key is wrong, or that nobody is there", async () => {
    expect((await findings(stateWith("wrong:key")))[0]).toMatchObject({
      verdict: "failed",
      code: "shared_state_refused",
      cure: "Check state.api_key.",
    });
    expect((await findings(stateWith("id:key", "http://127.0.0.1:1")))[0]).toMatchObject({
      verdict: "failed",
      code: "shared_state_unreachable",
      cure: expect.stringContaining("state.hosts"),
    });
  });
});
