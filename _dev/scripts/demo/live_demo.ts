import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { stringify } from "yaml";
import { run } from "../../../src/cli/run.ts";
import { createLog, terminalLine } from "../../../src/core/log.ts";
import type { DeliveryFact } from "../../../src/pump/facts.ts";
import type { AnyFact } from "../../../src/sources/fact.ts";
import type { DemoOrg } from "./demo_orgs.ts";

export interface LiveDemo {
  /** Folder for the policy and the state. */
  readonly folder: string;
  readonly outputBlock: Readonly<Record<string, unknown>>;
  readonly org: DemoOrg;
  /** The input of the policy, without its streams. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly say: (line: string) => void;
}

const CHANNEL = "LoginEventStream";
const LOGIN = {
  Username: "mallory@acme.example",
  Status: "Success",
  LoginType: "Application",
  Application: "Browser",
  Browser: "Chrome 141",
  Platform: "Windows 10",
  SourceIp: "81.2.69.160",
};
const LONGEST_WAIT_MS = 60_000;

/** Lets Salesforce push a login, and says after how long it was stored. Gives whether it came. */
export async function showLogin({ folder, outputBlock, org, input, say }: LiveDemo): Promise<boolean> {
  const state = join(folder, "state-live");
  // The org of an earlier run has other replay ids.
  rmSync(state, { recursive: true, force: true });
  const stream = {
    id: "demo-live-login",
    data_stream: { type: "logs", dataset: "aquila_salesforce.login" },
    event_log_files: { enabled: false },
    live: { enabled: true, topics: [CHANNEL] },
  };
  const policy = join(folder, "live-policy.yml");
  const inputs = [{ ...input, api: { pub_sub_url: org.pubSubUrl }, streams: [stream] }];
  writeFileSync(policy, stringify({ outputs: { default: outputBlock }, inputs }), { mode: 0o600 });
  const stop = new AbortController();
  const stored = Promise.withResolvers<number>();
  const running = run(
    { policy, dataDirectory: state, once: false },
    {
      environment: process.env,
      log: createLog(
        (level, message, fields) => say(terminalLine(new Date(), level, message, fields)),
        () => "warn",
      ),
      stop: stop.signal,
      observe: (fact: AnyFact) => {
        const told = fact as DeliveryFact;
        if (told.fact === "delivered" && told.created > 0) {
          stored.resolve(performance.now());
        }
      },
    },
  );
  try {
    if (!(await isSubscribed(org))) {
      return false;
    }
    const sent = performance.now();
    await org.given.published(CHANNEL, [LOGIN]);
    const late = wait(LONGEST_WAIT_MS, undefined, { ref: false });
    const arrived = await Promise.race([stored.promise, late]);
    if (arrived === undefined) {
      return false;
    }
    say(
      `Live: Salesforce pushed a login of ${LOGIN.Username}; ${((arrived - sent) / 1_000).toFixed(1)} s later it was stored.`,
    );
    return true;
  } finally {
    stop.abort();
    await running;
  }
}

async function isSubscribed({ given }: DemoOrg): Promise<boolean> {
  for (const deadline = performance.now() + LONGEST_WAIT_MS; performance.now() < deadline; await wait(50)) {
    if ((await given.pubSub()).streams.some(({ endedAt }) => endedAt === undefined)) {
      return true;
    }
  }
  return false;
}
