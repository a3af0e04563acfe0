import { generateKeyPairSync } from "node:crypto";
import { createSession } from "../../../src/auth/session.ts";
import type { Clock } from "../../../src/core/clock.ts";
import { createHttp } from "../../../src/core/http.ts";
import { silentLog } from "../../../src/core/log.ts";
import type { CursorStore } from "../../../src/cursors/cursor_store.ts";
import type { RowLedger } from "../../../src/cursors/row_ledger.ts";
import { ApiBudget } from "../../../src/org/api_budget.ts";
import { OrgClient } from "../../../src/org/org_client.ts";
import { MetEvents } from "../../../src/pump/met_events.ts";
import { pump } from "../../../src/pump/pump.ts";
import { keepCollecting } from "../../../src/pump/schedule.ts";
import type { Fact } from "../../../src/reporting/facts.ts";
import { afterFact, startOfReport } from "../../../src/reporting/facts.ts";
import type { Sink } from "../../../src/sinks/sink.ts";
import { EventLogFiles } from "../../../src/sources/event_log_files/source.ts";
import type { StreamReport, Tell } from "../../../src/sources/fact.ts";
import { type MockOrg, startMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import { ManualClock } from "./manual_clock.ts";
import { createMemoryCursors } from "./memory_cursors.ts";
import { createMemoryLedger } from "./memory_ledger.ts";

const DAY = 24 * 3_600_000;
/** The time at Salesforce at which every test starts. */
const NOW = Date.UTC(2026, 6, 20, 12);
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const certificate = publicKey.export({ type: "spki", format: "pem" }).toString();
const http = createHttp();

/** An org whose event log files are collected by the source, the pump and the schedule that the product uses, in simulated time. */
export class FileCollection {
  readonly clock = new ManualClock(NOW, 0);
  /** Milliseconds that the runner's machine is ahead of Salesforce. */
  machineAhead = 0;
  /** Real milliseconds: long, unless a test waits for it. */
  requestTimeout = 30_000;
  cursors: CursorStore = createMemoryCursors();
  /** By default each start is that of a host whose ledger knows nothing. */
  ledger: RowLedger | undefined;
  readonly facts: Fact[] = [];
  /** When each row was delivered, by its request id. */
  readonly delivered = new Map<string, number>();
  /** Request ids of rows that another runner sends before this one. */
  readonly others = new Set<string>();
  /** Times at which each row came; more than one is a row sent twice. */
  readonly sent: string[] = [];
  report: StreamReport = startOfReport("login-1");
  #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  #org: MockOrg | undefined;

  async open(): Promise<this> {
    this.#org = await startMockOrg({ certificate, now: () => this.clock.now() });
    return this;
  }

  get org(): MockOrg {
    if (this.#org === undefined) {
      throw new Error("no org is running");
    }
    return this.#org;
  }

  /** Starts to collect every `interval`. */
  start(interval: number): void {
    const { org, cursors } = this;
    const clock: Clock = {
      now: () => this.clock.now() + this.machineAhead,
      elapsed: () => this.clock.now(),
      random: () => this.clock.random(),
      sleep: (ms, signal) => this.clock.sleep(ms, signal),
    };
    const { requestTimeout } = this;
    const { url: loginUrl, clientId, username } = org;
    const audience = "https://login.salesforce.com";
    const key = async () => privateKey;
    const session = createSession(
      { loginUrl, audience, clientId, username, key, requestTimeout: 5_000 },
      { http, clock, log: silentLog },
    );
    const budget = new ApiBudget(100);
    const tell: Tell = (fact) => {
      this.facts.push(fact as Fact);
      this.report = afterFact(this.report, fact);
    };
    const source = new EventLogFiles({
      id: "login",
      client: new OrgClient({ http, session, budget, apiVersion: "66.0", requestTimeout, clock }),
      stream: {
        organizationName: "Acme",
        dataStream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" },
        tags: [],
        preserveOriginalEvent: false,
        agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
      },
      eventTypes: ["Login"],
      interval: "hourly+daily",
      initialLookback: DAY,
      downloads: 4,
      ledger: this.ledger ?? createMemoryLedger(),
      tell,
      clock,
    });
    const sink: Sink = {
      deliver: async (events) => {
        let existing = 0;
        for (const { json } of events) {
          const requestId: string = JSON.parse(json.toString()).salesforce.login.request.id;
          existing += this.others.has(requestId) ? 1 : 0;
          this.sent.push(requestId);
          this.delivered.set(requestId, this.clock.now());
        }
        return { created: events.length - existing, existing, refused: [] };
      },
      close: async () => {},
    };
    const abandon = new AbortController().signal;
    const met = new MetEvents();
    const stop = this.#stop.signal;
    this.#ended = keepCollecting({
      round: (scope) => pump({ source, sink, cursors, met, tell, clock, scope, stop, abandon }),
      interval,
      tell,
      clock,
      stop,
    });
  }

  /** Lets the time go on by `ms`, doing what comes due on the way. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    for (;;) {
      while (this.clock.sleeping === 0) {
        await new Promise((next) => setImmediate(next));
      }
      const wake = this.clock.nextWake ?? end;
      if (wake > end) {
        this.clock.advance(end - this.clock.now());
        return;
      }
      this.clock.advance(wake - this.clock.now());
    }
  }

  /** Queries for files by their time; by their Id it is about single ones. */
  async listings(): Promise<number> {
    return (await this.org.given.requests()).filter(
      ({ target }) => /ORDER BY/.test(soqlOf(target)) && !/Id IN/.test(soqlOf(target)),
    ).length;
  }

  async downloadsOf(id: string): Promise<number> {
    return (await this.org.given.requests()).filter(({ on, target }) => on === "logFile" && target.includes(id)).length;
  }

  /** Ends the runner; what it has saved stays. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("stopped"));
    await this.#ended;
    this.#stop = new AbortController();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.org.close();
  }
}

function soqlOf(target: string): string {
  return decodeURIComponent(target);
}
