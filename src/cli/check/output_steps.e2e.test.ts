import { resolve } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { beforeAll, expect, test } from "vitest";
import { installAssets } from "../../../_dev/scripts/install_assets/install.ts";
import { adminClientOptions } from "../../../_dev/shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../../_dev/shared/elasticsearch/describe_on_cluster.ts";
import { type Finding, findingsOf } from "../../core/finding.ts";
import { parsePolicy } from "../../policy/parse_policy.ts";
import type { ElasticsearchOutput } from "../../policy/policy.ts";
import { knownDatasets } from "../known_datasets.ts";
import { VERSION } from "../version.ts";
import { elasticsearchSteps } from "./output_steps.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const STREAMS = ["login", "apex", "api"].map((name) => ({
  type: "logs",
  dataset: `aquila_salesforce.${name}`,
  namespace: "checked",
}));

function output(settings: object): ElasticsearchOutput {
  const policy = {
    outputs: { default: { type: "elasticsearch", ...settings } },
    inputs: [
      {
        type: "aquila-salesforce",
        auth: { client_id: "3MVG9", username: "u", private_key: "k" },
        streams: [{ data_stream: { dataset: "aquila_salesforce.login" } }],
      },
    ],
  };
  return parsePolicy(policy, { datasets: knownDatasets() }).inputs[0]?.output as ElasticsearchOutput;
}

async function findings(settings: object, version = VERSION): Promise<Finding[]> {
  const { steps, close } = await elasticsearchSteps(output(settings), STREAMS, version, 30_000);
  const found: Finding[] = [];
  const tooLate = () => {
    throw new Error("nothing is too late here");
  };
  for await (const finding of findingsOf(steps, tooLate, new AbortController().signal)) {
    found.push(finding);
  }
  await close();
  return found;
}

describeOnCluster("the check of a real Elasticsearch", (access) => {
  beforeAll(async () => {
    const client = new Client(adminClientOptions(access));
    await installAssets({ client, packageRoot: ROOT });
    await client.close();
  });

  test("a key with the least privileges is found good, and the package installed", async () => {
    const found = await findings({ hosts: [access.url], api_key: access.apiKey });
    expect(found.map(({ step, verdict }) => `${step}: ${verdict}`)).toEqual([
      "Elasticsearch: ok",
      "key privileges: ok",
      ...STREAMS.map(() => "templates: ok"),
      ...STREAMS.map(() => "test document: ok"),
    ]);
  });

  test("another version than the runner's is told", async () => {
    const found = await findings({ hosts: [access.url], api_key: access.apiKey }, "0.0.1");
    expect(found.filter(({ step }) => step === "templates")).toEqual(
      STREAMS.map(({ dataset }) =>
        expect.objectContaining({
          verdict: "warning",
          message: `logs-${dataset}: version ${VERSION} is installed, and this runner is 0.0.1.`,
        }),
      ),
    );
  });

  test.skipIf(access.username === undefined)(
    "an administrator may do too much, and sees the pipelines run",
    async () => {
      const { username, password } = access;
      const found = await findings({ hosts: [access.url], username, password });
      expect(found.filter(({ verdict }) => verdict !== "ok")).toEqual([
        expect.objectContaining({
          step: "key privileges",
          verdict: "warning",
          message: expect.stringMatching(
            /^The key may do more than it needs: manage on the cluster, .* delete on its data streams/,
          ),
        }),
      ]);
      expect(found.filter(({ step }) => step === "test document").map(({ message }) => message)).toEqual(
        STREAMS.map(
          ({ dataset }) => `logs-${dataset}-checked takes a document, by the pipeline logs-${dataset}-${VERSION}.`,
        ),
      );
    },
  );

  test("a wrong key is refused", async () => {
    expect((await findings({ hosts: [access.url], api_key: "wrong:key" }))[0]).toMatchObject({
      verdict: "failed",
      code: "output_refused",
      cure: "Check the output's api_key, or username and password.",
    });
  });
});
