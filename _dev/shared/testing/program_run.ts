/** The whole program against a mock org: what a policy's streams have it collect into files. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { backfill } from "../../../src/cli/backfill.ts";
import { run } from "../../../src/cli/run.ts";
import { createLog } from "../../../src/core/log.ts";
import { type MockOrg, startMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import { authOf, PUBLIC_KEY } from "./agent_policy.ts";
import { ManualClock } from "./manual_clock.ts";

const DAY_MS = 86_400_000;

export class ProgramRun implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly org: MockOrg;
  readonly folder = mkdtempSync(join(tmpdir(), "program-"));
  /** What every process has said. */
  readonly said: string[] = [];

  private constructor(clock: ManualClock, org: MockOrg) {
    this.clock = clock;
    this.org = org;
  }

  /** `now` in milliseconds since the epoch, for the org and the program. */
  static async open(now: number): Promise<ProgramRun> {
    const clock = new ManualClock(now);
    return new ProgramRun(clock, await startMockOrg({ certificate: PUBLIC_KEY, now: () => clock.now() }));
  }

  /** A new process that collects what there is; how it ends. */
  async collected(streams: readonly object[]): Promise<number> {
    return await run({ ...this.#options(streams), once: true }, this.#surroundings());
  }

  /** The same for these names, of the last ten days. */
  async backfilled(streams: readonly object[], eventTypes: readonly string[]): Promise<number> {
    const range = { from: this.clock.now() - 10 * DAY_MS, to: this.clock.now() };
    return await backfill({ ...this.#options(streams), range, eventTypes }, this.#surroundings());
  }

  /** Everything that was sent to a data stream, each as often as it was. */
  sent<T>(stream: string): readonly T[] {
    const path = join(this.folder, "out", `logs-aquila_salesforce.${stream}-default.ndjson`);
    return readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  }

  #options(streams: readonly object[]) {
    const auth = authOf(this.org);
    const policy = join(this.folder, "policy.yml");
    const text = stringify({
      outputs: { default: { type: "file", path: join(this.folder, "out") } },
      inputs: [{ id: "acme", type: "aquila-salesforce", auth, names: "none", streams }],
    });
    writeFileSync(policy, text, { mode: 0o600 });
    return { policy, dataDirectory: join(this.folder, "data") };
  }

  #surroundings() {
    const log = createLog((_, message) => this.said.push(message));
    return { environment: {}, log, stop: new AbortController().signal, clock: this.clock };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.org.close();
    rmSync(this.folder, { recursive: true });
  }
}
