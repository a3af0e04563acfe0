/** The page's script and style, bundled from its sources when they are first asked for. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { rolldown } from "rolldown";

export interface PageFiles {
  readonly script: string;
  readonly style: string;
}

const PAGE = join(import.meta.dirname, "page");

export async function bundlePage(): Promise<PageFiles> {
  const bundle = await rolldown({
    input: join(PAGE, "page.ts"),
    platform: "browser",
    transform: { define: { "process.env.NODE_ENV": '"production"' } },
    logLevel: "silent",
  });
  try {
    const { output } = await bundle.generate({ format: "iife", minify: true });
    const theme = createRequire(import.meta.url).resolve("@elastic/charts/dist/theme_light.css");
    const style = readFileSync(theme, "utf8") + readFileSync(join(PAGE, "page.css"), "utf8");
    return { script: output[0].code, style };
  } finally {
    await bundle.close();
  }
}
