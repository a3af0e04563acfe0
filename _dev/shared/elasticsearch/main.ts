/** `npm run elasticsearch`: a cluster on this machine that stays until it is stopped. */
import { usage } from "../../../src/cli/command_declaration.ts";
import { type DevCommand, runDevCommand } from "../command/dev_command.ts";
import { ownCacheFolder } from "./cache_folder.ts";
import { clean } from "./clean.ts";
import { adminClientOptions, openCluster, runningCluster } from "./cluster.ts";

const COMMAND: DevCommand = {
  name: "npm run elasticsearch",
  summary:
    "An Elasticsearch on this machine: start, stop, status, or clean, which removes everything that was put here for it.",
  options: {},
  examples: [
    "npm run elasticsearch -- start",
    "npm run elasticsearch -- status",
    "npm run elasticsearch -- stop",
    "npm run elasticsearch -- clean",
  ],
};

const print = (line: string) => process.stdout.write(`${line}\n`);

async function start(): Promise<void> {
  const cluster = await openCluster({ log: print });
  const { auth } = adminClientOptions(cluster);
  if (cluster.external) {
    print(`ELASTICSEARCH_URL names ${cluster.url}: nothing is started here.`);
    return;
  }
  print(`Elasticsearch ${cluster.started ? "started" : "is running"}: ${cluster.url}`);
  if ("username" in auth) {
    print(`User ${auth.username}, password in ${cluster.folder}/cluster.json`);
  }
  print(`API key for an output (logs-*, create only): ${cluster.apiKey}`);
}

async function stop(): Promise<void> {
  const cluster = runningCluster();
  await cluster?.stop();
  print(cluster === undefined ? "Elasticsearch is not running." : "Elasticsearch stopped; its data are kept.");
}

function status(): void {
  const cluster = runningCluster();
  print(cluster === undefined ? "Elasticsearch is not running." : `Elasticsearch is running: ${cluster.url}`);
}

const ACTIONS: Readonly<Record<string, () => void | Promise<void>>> = {
  start,
  stop,
  status,
  clean: () => clean(ownCacheFolder(), print),
};

const [word = "", ...rest] = process.argv.slice(2);
const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;

await runDevCommand(
  COMMAND,
  async () => {
    if (action === undefined) {
      const asked = word === "" ? "Nothing is asked for." : `There is no ${word}.`;
      throw usage(asked, `One of these: ${Object.keys(ACTIONS).join(", ")}.`);
    }
    await action();
    return 0;
  },
  action === undefined && word !== "--help" && word !== "-h" ? [] : action === undefined ? ["--help"] : rest,
);
