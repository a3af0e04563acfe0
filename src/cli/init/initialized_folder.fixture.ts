/** A folder for what `init` writes, with what it prints. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../../_dev/shared/testing/manual_clock.ts";
import type { Environment } from "../../policy/variables.ts";
import { init, type SetUpOptions } from "../init.ts";

export const USERNAME = "elastic@acme.example";
const KEY = { bits: 2048, days: 730, commonName: "aquila-salesforce", passphraseVariable: undefined, force: false };

export class InitializedFolder {
  readonly root = mkdtempSync(join(tmpdir(), "init-"));
  /** What is named with `--out`. */
  readonly out: string;
  /** What the last command has said. */
  printed: string[] = [];

  constructor(name = "acme") {
    this.out = join(this.root, name);
  }

  async setUp(options: Partial<SetUpOptions> = {}, environment: Environment = {}, clock = new ManualClock()) {
    this.printed = [];
    const all = {
      ...KEY,
      out: this.out,
      rotate: false,
      username: USERNAME,
      organizationName: "Acme production",
      loginUrl: "https://login.salesforce.com",
      contactEmail: USERNAME,
      realTime: false,
      viewAllData: false,
      ...options,
    } as const;
    return await init(all, { environment, print: (line) => this.printed.push(line), clock });
  }

  async rotate(clock = new ManualClock()) {
    this.printed = [];
    const options = { ...KEY, out: this.out, rotate: true } as const;
    return await init(options, { environment: {}, print: (line) => this.printed.push(line), clock });
  }

  text(name: string): string {
    return readFileSync(join(this.out, name), "utf8");
  }

  files(): string[] {
    return readdirSync(this.out, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  }

  close(): void {
    rmSync(this.root, { recursive: true });
  }
}
