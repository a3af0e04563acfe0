import { join } from "node:path";
import { describeOnCluster } from "../../shared/elasticsearch/describe_on_cluster.ts";
import { describePipelines } from "./pipeline_suite.ts";

describeOnCluster("the package's pipelines", (cluster) => {
  describePipelines(join(import.meta.dirname, "../../.."), cluster);
});
