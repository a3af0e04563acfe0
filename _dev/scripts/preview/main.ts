/** `npm run preview`: pictures of the dashboards, img/*.png. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type OptionValues, usage } from "../../../src/cli/command_declaration.ts";
import { type DevCommand, runDevCommand } from "../../shared/command/dev_command.ts";
import { openCluster } from "../../shared/elasticsearch/cluster.ts";
import { findChromium, pictureOf, withBrowser } from "./browser.ts";
import { collectDemoData } from "./demo_data.ts";
import { untilNow } from "./demo_traffic.ts";
import { plantDetections, plantRealTimeReads, plantRows, plantSetupChanges } from "./planted_rows.ts";
import { type Preview, servePreview } from "./server.ts";
import type { TimeRange } from "./time_range.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

const COMMAND: DevCommand = {
  name: "npm run preview",
  summary: "Draws every dashboard without Kibana, over generated traffic that the runner collects, into img.",
  options: {
    serve: { type: "boolean", help: "Shows them as a page on loopback instead, until Ctrl+C." },
    "keep-data": { type: "boolean", help: "Draws what the namespace holds already." },
    namespace: { type: "string", value: "NAME", default: "production", help: "The namespace of the data streams." },
  },
  examples: ["npm run preview", "npm run preview -- --serve", "npm run preview -- --keep-data --namespace default"],
};

const HOUR_MS = 3_600_000;
const FIRST_VISIT_MS = 8.5 * HOUR_MS;
const BETWEEN_VISITS_MS = 4 * HOUR_MS;

const say = (line: string) => process.stdout.write(`${line}\n`);

await runDevCommand(COMMAND, preview);

async function preview(values: OptionValues): Promise<number> {
  const chromium = values.serve === true ? undefined : findChromium();
  if (values.serve !== true && chromium === undefined) {
    throw usage(
      "There is no Chromium on this machine.",
      "Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.",
    );
  }
  const cluster = await openCluster({ log: say });
  const now = Date.now();
  const traffic = untilNow(now);
  const namespace = String(values.namespace);
  if (values["keep-data"] !== true) {
    say("Collecting generated traffic of two orgs, as in days of work; this takes some minutes.");
    await collectDemoData({
      cluster,
      packageRoot: ROOT,
      namespace,
      traffic,
      visits: visitsOf({ from: traffic.start, to: now }),
      plant: async (org) => {
        await plantRows(org, traffic);
        await plantSetupChanges(org, traffic);
        await plantDetections(org, traffic);
        await plantRealTimeReads(org, traffic);
      },
      log: say,
    });
  }
  const controls = { "data_stream.namespace": [namespace] };
  const served = await servePreview({ cluster, packageRoot: ROOT, time: traffic.time, controls });
  if (chromium === undefined) {
    say(`Dashboards: ${served.url} (Ctrl+C ends it)`);
    process.once("SIGINT", () => void served.close());
    return 0;
  }
  try {
    await drawAll(chromium, served);
    return 0;
  } finally {
    await served.close();
    if (cluster.started) {
      await cluster.stop();
    }
  }
}

/** The runner looks every few hours here; a real one does every ten minutes. */
function visitsOf({ from, to }: TimeRange): number[] {
  const visits = [];
  for (let at = from + FIRST_VISIT_MS; at < to; at += BETWEEN_VISITS_MS) {
    visits.push(at);
  }
  return [...visits, to];
}

async function drawAll(chromium: string, { dashboards, url }: Preview): Promise<void> {
  await withBrowser(chromium, async (browser) => {
    for (const { id } of dashboards) {
      const path = join("img", `${id}.png`);
      writeFileSync(join(ROOT, path), await pictureOf(browser, `${url}?id=${id}`));
      say(`${path} drawn`);
    }
  });
}
