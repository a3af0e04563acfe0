/** `npm run elasticsearch -- start | stop | status`: a cluster on this machine that stays until it is stopped. */
import { adminClientOptions, openCluster, runningCluster } from "./cluster.ts";
import { ElasticsearchUnavailable } from "./unavailable.ts";

const print = (line: string) => process.stdout.write(`${line}\n`);

async function start(): Promise<void> {
  const cluster = await openCluster({ log: print });
  const { auth } = adminClientOptions(cluster);
  print(`Elasticsearch ${cluster.started ? "started" : "is running"}: ${cluster.url}`);
  if ("username" in auth) {
    print(`User ${auth.username}, password in ${cluster.folder}/cluster.json`);
  }
  if (!cluster.external) {
    print(`API key for an output (logs-*, create only): ${cluster.apiKey}`);
  }
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

const commands: Readonly<Record<string, () => void | Promise<void>>> = { start, stop, status };
const command = commands[process.argv[2] ?? ""];
if (command === undefined) {
  process.stderr.write("usage: npm run elasticsearch -- start|stop|status\n");
  process.exitCode = 2;
} else {
  try {
    await command();
  } catch (error) {
    if (!(error instanceof ElasticsearchUnavailable)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
