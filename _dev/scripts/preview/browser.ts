/** Pictures of the preview's pages, taken by a headless Chromium with a profile of its own. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CHROMIUM_PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const WIDTH = 1_440;
const FIRST_HEIGHT = 1_200;
const LONGEST_DRAWING_MS = 60_000;

/** Where Chromium is, undefined if this machine has none. CHROMIUM_PATH names another one. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return [environment.CHROMIUM_PATH ?? "", ...CHROMIUM_PATHS].find((path) => path !== "" && existsSync(path));
}

export async function withBrowser<T>(executablePath: string, work: (browser: Browser) => Promise<T>): Promise<T> {
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

/** A PNG of the whole dashboard when everything on it is drawn. Throws with the page's own words if it fails. */
export async function pictureOf(browser: Browser, url: string): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: FIRST_HEIGHT } });
  try {
    await page.goto(url);
    await page.waitForSelector("[data-loaded=true] .panel, .failed", { timeout: LONGEST_DRAWING_MS });
    const failed = await page.$(".failed");
    if (failed !== null) {
      throw new Error(`${url}: ${await failed.textContent()}`);
    }
    // A chart says of itself when it is drawn.
    await page.waitForFunction(
      "document.querySelectorAll('.echChartStatus[data-ech-render-complete=false]').length === 0",
      undefined,
      { timeout: LONGEST_DRAWING_MS },
    );
    return await page.screenshot({ fullPage: true });
  } finally {
    await page.close();
  }
}
