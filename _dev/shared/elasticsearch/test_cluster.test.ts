import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Cluster, openCluster } from "./cluster.ts";
import { setup, type TestCluster, teardown } from "./test_cluster.ts";
import { ElasticsearchUnavailable } from "./unavailable.ts";

let provided: TestCluster | undefined;
const project = {
  provide: (_: "elasticsearch", cluster: TestCluster) => {
    provided = cluster;
  },
};
const withoutJava = async (): Promise<Cluster> => {
  throw new ElasticsearchUnavailable("java", "Elasticsearch needs a JDK");
};

let printed: string;
beforeEach(() => {
  provided = undefined;
  printed = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test("on a machine that can't have Elasticsearch the run says what it does not test, and why", async () => {
  vi.stubEnv("CI", undefined);
  await setup(project, withoutJava);
  expect(printed).toContain("NOT TESTED: everything that needs Elasticsearch");
  expect(printed).toContain("needs a JDK");
  expect(provided).toEqual({ unavailable: "Elasticsearch needs a JDK" });
});

test("in continuous integration that is a failure", async () => {
  vi.stubEnv("CI", "true");
  await expect(setup(project, withoutJava)).rejects.toThrow("needs a JDK");
});

test("a cluster that the environment names is used as it is and left running", async () => {
  const environment = { ELASTICSEARCH_URL: "http://127.0.0.1:9200", ELASTICSEARCH_API_KEY: "a2V5" };
  const cluster = await openCluster({ environment });
  const stop = vi.spyOn(cluster, "stop");
  await setup(project, async () => cluster);
  await teardown();
  expect(provided).toEqual({ url: "http://127.0.0.1:9200", apiKey: "a2V5", external: true });
  expect(stop).not.toHaveBeenCalled();
  expect(() => cluster.suspend()).toThrow("may be stopped");
});
