/**
 * `npm run preview`: collects generated traffic with the real runner into Elasticsearch, draws every dashboard and writes
 * img/*.png. With `--serve` it shows them as a page on loopback instead, until it is stopped; with `--keep-data` it draws what the
 * namespace holds already.
 */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openCluster } from "../../shared/elasticsearch/cluster.ts";
import { findChromium, pictureOf, withBrowser } from "./browser.ts";
import { collectDemoData } from "./demo_data.ts";
import { untilNow } from "./demo_traffic.ts";
import { plantRows } from "./planted_rows.ts";
import { servePreview } from "./server.ts";
import type { TimeRange } from "./time_range.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

const { values } = parseArgs({
  options: {
    serve: { type: "boolean", default: false },
    "keep-data": { type: "boolean", default: false },
    namespace: { type: "string", default: "production" },
  },
});

const HOUR_MS = 3_600_000;
const FIRST_VISIT_MS = 8.5 * HOUR_MS;
const BETWEEN_VISITS_MS = 4 * HOUR_MS;

const say = (line: string) => process.stdout.write(`${line}\n`);

const cluster = await openCluster({ log: say });
const now = Date.now();
const traffic = untilNow(now);
const { namespace } = values;
if (!values["keep-data"]) {
  say("Collecting generated traffic of two orgs, as in days of work; this takes some minutes.");
  await collectDemoData({
    cluster,
    packageRoot: ROOT,
    namespace,
    traffic,
    visits: visitsOf({ from: traffic.start, to: now }),
    plant: (org) => plantRows(org, traffic),
    log: say,
  });
}
const preview = await servePreview({
  cluster,
  packageRoot: ROOT,
  time: traffic.time,
  controls: { "data_stream.namespace": [namespace] },
});
if (values.serve) {
  say(`Dashboards: ${preview.url} (Ctrl+C ends it)`);
  process.once("SIGINT", () => void preview.close());
} else {
  try {
    await drawAll();
  } finally {
    await preview.close();
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

async function drawAll(): Promise<void> {
  const chromium = findChromium();
  if (chromium === undefined) {
    throw new Error(
      "There is no Chromium on this machine. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.",
    );
  }
  await withBrowser(chromium, async (browser) => {
    for (const { id } of preview.dashboards) {
      const path = join("img", `${id}.png`);
      writeFileSync(join(ROOT, path), await pictureOf(browser, `${preview.url}?id=${id}`));
      say(`${path} drawn`);
    }
  });
}
