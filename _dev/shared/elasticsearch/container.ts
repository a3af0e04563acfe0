/** The cluster's node as a container of Docker. */
import { spawnSync } from "node:child_process";
import type { ClusterRecord } from "./cluster_record.ts";
import type { NodeControl } from "./node_control.ts";
import { runTool } from "./tool.ts";
import { ElasticsearchUnavailable } from "./unavailable.ts";
import type { Log } from "./unpacking.ts";
import { ELASTICSEARCH_VERSION } from "./version.ts";

export const IMAGE = `docker.elastic.co/elasticsearch/elasticsearch:${ELASTICSEARCH_VERSION}`;

/** The image's administrator. */
export const IMAGE_ADMINISTRATOR = "elastic";

/** Marks the containers of this project. */
const LABEL = "aquila-salesforce.cluster";

const LONGEST_ANSWER = 5_000;
const LONGEST_CHANGE = 60_000;

/** Sees whether Docker runs here and has the image, which is fetched once. Throws ElasticsearchUnavailable. */
export async function openImage(environment: NodeJS.ProcessEnv, log: Log): Promise<void> {
  const info = await runTool("docker", ["info", "--format", "{{.ServerVersion}}"], {
    limit: LONGEST_ANSWER,
    environment,
  });
  if (info.code !== 0) {
    throw unavailable(info.code === "absent" ? "Docker is not installed" : "Docker does not run");
  }
  const { code } = await runTool("docker", ["image", "inspect", IMAGE], { limit: LONGEST_CHANGE, environment });
  if (code !== 0) {
    log(`Fetching ${IMAGE} by Docker (once).`);
    const pulled = await runTool("docker", ["pull", IMAGE], { showProgress: true, environment });
    if (pulled.code !== 0) {
      throw unavailable(`Docker can't fetch ${IMAGE} (${firstLine(pulled.complaint)})`);
    }
  }
}

/**
 * Makes and starts the container of a cluster. The administrator's password goes by the environment: command lines can be
 * seen by every user of a machine. Throws ElasticsearchUnavailable.
 */
export async function runContainer(
  container: string,
  { ports, password }: Pick<ClusterRecord, "ports" | "password">,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const settings = [
    "discovery.type=single-node",
    "xpack.security.http.ssl.enabled=false",
    "cluster.routing.allocation.disk.threshold_enabled=false",
    "ES_JAVA_OPTS=-Xms1g -Xmx1g",
    "ELASTIC_PASSWORD",
  ];
  await docker(
    [
      ...["run", "--detach", "--name", container, "--label", LABEL, "--publish", `127.0.0.1:${ports.http}:9200`],
      ...settings.flatMap((setting) => ["--env", setting]),
      IMAGE,
    ],
    { ...environment, ELASTIC_PASSWORD: password },
  );
}

export async function startContainer(container: string, environment: NodeJS.ProcessEnv): Promise<void> {
  await docker(["start", container], environment);
}

export function containerControl(container: string): NodeControl {
  return {
    isRunning: () => answerOf(["inspect", "--format", "{{.State.Running}}", container]) === "true",
    async stop(how) {
      await runTool("docker", how === "politely" ? ["stop", container] : ["kill", container], {
        limit: LONGEST_CHANGE,
      });
    },
    async discard() {
      await runTool("docker", ["rm", "--force", "--volumes", container], { limit: LONGEST_CHANGE });
    },
    suspend: () => changed(["pause", container]),
    resume: () => changed(["unpause", container]),
  };
}

/** The names of this project's containers, whether they run or not; none where Docker does not run. */
export async function ownContainers(): Promise<readonly string[]> {
  const { code, output } = await runTool(
    "docker",
    ["ps", "--all", "--filter", `label=${LABEL}`, "--format", "{{.Names}}"],
    { limit: LONGEST_ANSWER },
  );
  return code === 0 ? output.split("\n").filter(Boolean) : [];
}

/** Removes the image; gives whether there was one. */
export async function removeImage(): Promise<boolean> {
  return (await runTool("docker", ["image", "rm", IMAGE], { limit: LONGEST_CHANGE })).code === 0;
}

async function docker(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const { code, complaint } = await runTool("docker", args, { limit: LONGEST_CHANGE, environment });
  if (code !== 0) {
    throw unavailable(`docker ${args[0]} fails (${firstLine(complaint)})`);
  }
}

function changed(args: readonly string[]): void {
  if (answerOf(args) === undefined) {
    throw new Error(`docker ${args.join(" ")} failed`);
  }
}

function answerOf(args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync("docker", args, { encoding: "utf8", timeout: LONGEST_CHANGE });
  return status === 0 ? stdout.trim() : undefined;
}

function firstLine(text: string): string {
  return text.split("\n").find((line) => line.trim() !== "") ?? "no reason given";
}

function unavailable(message: string): ElasticsearchUnavailable {
  return new ElasticsearchUnavailable("docker", message, { cure: "Install Docker and start it." });
}
