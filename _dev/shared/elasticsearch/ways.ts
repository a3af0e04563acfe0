/** The ways to an Elasticsearch on this machine, in the order in which they are tried. */
import { existsSync } from "node:fs";
import type { ClusterRecord } from "./cluster_record.ts";
import { openImage } from "./container.ts";
import { distributions } from "./distributions.ts";
import { ElasticsearchUnavailable } from "./unavailable.ts";
import type { Log } from "./unpacking.ts";

/** What runs a node. */
export type Runs = NonNullable<ClusterRecord["runs"]>;

export interface WayOptions {
  readonly cache: string;
  /** The cluster's name. */
  readonly name: string;
  /** What ran the cluster's node before, if it has been started before. */
  readonly before: Runs | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
}

interface Way {
  readonly name: string;
  prepare(): Promise<Runs>;
}

/**
 * Prepares one way after the other until a node has been started by it, and says in one line which it is and why. Throws
 * ElasticsearchUnavailable with what each way lacks.
 */
export async function startByFirstWay(options: WayOptions, start: (runs: Runs) => Promise<void>): Promise<void> {
  const refused: ElasticsearchUnavailable[] = [];
  for (const way of waysOf(options)) {
    try {
      const runs = await way.prepare();
      const reasons = ["ELASTICSEARCH_URL is not set", ...refused.map(({ message }) => message)];
      options.log(`Elasticsearch comes from ${way.name}: ${reasons.join("; ")}.`);
      await start(runs);
      return;
    } catch (error) {
      if (!(error instanceof ElasticsearchUnavailable)) {
        throw error;
      }
      refused.push(error);
    }
  }
  throw none(refused);
}

function waysOf({ cache, name, before, environment, log }: WayOptions): readonly Way[] {
  const again: Way[] =
    before === undefined ? [] : [{ name: `${origin(before)}, as before`, prepare: () => stillThere(before) }];
  return [
    ...again,
    {
      name: "Docker",
      async prepare() {
        await openImage(environment, log);
        return { by: "docker", container: `aquila-salesforce-${name}` };
      },
    },
    ...distributions(cache).map((distribution) => ({
      name: distribution.name,
      async prepare(): Promise<Runs> {
        return { by: "process", ...(await distribution.open(cache, environment, log)) };
      },
    })),
  ];
}

function origin(runs: Runs): string {
  return runs.by === "docker" ? "Docker" : runs.home;
}

async function stillThere(runs: Runs): Promise<Runs> {
  if (runs.by === "process" && !existsSync(runs.home)) {
    throw new ElasticsearchUnavailable("distribution", `${runs.home} is gone`);
  }
  return runs;
}

function none(refused: readonly ElasticsearchUnavailable[]): ElasticsearchUnavailable {
  const [first] = refused;
  const cures = refused.flatMap(({ cure }) => cure ?? []);
  const message = `No Elasticsearch can be had on this machine: ${refused.map((one) => one.message).join("; ")}.`;
  const cure = `Name one by ELASTICSEARCH_URL, or do one of these: ${cures.join(" ")}`;
  return new ElasticsearchUnavailable(first?.missing ?? "node", `${message} ${cure}`, { cure, cause: refused });
}
