import { generateKeyPairSync } from "node:crypto";
import { createSession } from "../../../src/auth/session.ts";
import type { Clock } from "../../../src/core/clock.ts";
import { asRunnerError, type RunnerError } from "../../../src/core/errors.ts";
import { createHttp } from "../../../src/core/http.ts";
import { silentLog } from "../../../src/core/log.ts";
import { ApiBudget } from "../../../src/org/api_budget.ts";
import { OrgClient } from "../../../src/org/org_client.ts";
import type { Fact } from "../../../src/reporting/facts.ts";
import { ObjectWindows, type ObjectWindowsOptions } from "../../../src/sources/objects/source.ts";
import type { RoundEnd, RoundScope, Source } from "../../../src/sources/source.ts";
import { type MockOrg, startMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import { ManualClock } from "./manual_clock.ts";
import { createMemoryCursors } from "./memory_cursors.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** The time at which every test starts. */
export const NOW = Date.UTC(2026, 6, 20, 12);

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

export const STREAM: ObjectWindowsOptions["stream"] = {
  organizationName: "Acme",
  dataStream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" },
  tags: ["forwarded"],
  preserveOriginalEvent: false,
  agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
};

export interface Round {
  /** Application of each event, by which these tests tell records apart, in the order in which they came. */
  readonly names: readonly string[];
  readonly documents: readonly unknown[];
  /** Thrown, as what concerns the whole org. */
  readonly error: RunnerError | undefined;
  /** What it ended with, if a window failed. */
  readonly end: RoundEnd | undefined;
}

/** A mock org whose event objects are collected round by round, with the cursors that outlive them. */
export class ObjectRounds {
  readonly clock = new ManualClock(NOW);
  readonly cursors = createMemoryCursors();
  readonly facts: Fact[] = [];
  /** Milliseconds that the runner's machine is ahead of Salesforce. */
  machineAhead = 0;
  /** That of the runner's machine, which may be set. */
  readonly machine: Clock = {
    now: () => this.clock.now() + this.machineAhead,
    elapsed: () => this.clock.now(),
    random: () => this.clock.random(),
    sleep: (ms, signal) => this.clock.sleep(ms, signal),
  };
  readonly #http = createHttp();
  #org: MockOrg | undefined;

  get org(): MockOrg {
    if (this.#org === undefined) {
      throw new Error("no org is running");
    }
    return this.#org;
  }

  /** Starts an org in the place of the one that ran before. */
  async start(serial = 1): Promise<void> {
    await this.#org?.close();
    const certificate = publicKey.export({ type: "spki", format: "pem" }).toString();
    this.#org = await startMockOrg({ certificate, now: () => this.clock.now(), serial });
  }

  async close(): Promise<void> {
    this.#http.close();
    await this.#org?.close();
  }

  /** A source with a session of its own, as after a restart. LoginEvent, unless said otherwise. */
  source(more: Partial<ObjectWindowsOptions> = {}): ObjectWindows {
    const clock = this.machine;
    const http = this.#http;
    const { url, clientId, username } = this.org;
    const session = createSession(
      {
        loginUrl: url,
        audience: "https://login.salesforce.com",
        clientId,
        username,
        key: async () => privateKey,
        requestTimeout: 5_000,
      },
      { http, clock, log: silentLog },
    );
    const budget = new ApiBudget(100);
    return new ObjectWindows({
      id: "object",
      client: new OrgClient({ http, session, budget, apiVersion: "66.0", requestTimeout: 5_000, clock }),
      stream: STREAM,
      objectName: "LoginEvent",
      primary: true,
      initialLookback: HOUR,
      settleTime: 2 * MINUTE,
      tell: (fact) => this.facts.push(fact),
      clock,
      ...more,
    });
  }

  /** One round whose batches are all acknowledged, or only the first `acknowledged` ones. */
  async round(
    from: Source = this.source(),
    acknowledged = Number.POSITIVE_INFINITY,
    scope: RoundScope = "everything",
  ): Promise<Round> {
    const documents: unknown[] = [];
    let error: RunnerError | undefined;
    let end: RoundEnd | undefined;
    const reading = from.read(await this.cursors.load(from.id), new AbortController().signal, scope);
    try {
      for (let batches = 0; ; batches += 1) {
        const step = await reading.next();
        if (step.done) {
          end = step.value;
          break;
        }
        if (batches === acknowledged) {
          await reading.return(undefined);
          break;
        }
        const batch = step.value;
        documents.push(...batch.events.map(({ json }) => JSON.parse(json)));
        await this.cursors.save(from.id, batch.whenDelivered.changes);
        this.facts.push(...((batch.whenDelivered.facts ?? []) as Fact[]));
        batch.release?.();
      }
    } catch (caught) {
      error = asRunnerError(caught);
    }
    return { names: documents.map((document) => String(valueAt(document, APPLICATION))), documents, error, end };
  }

  /** The windows that queries asked for, as `after` and `to`, oldest query first. */
  async windowsAsked(): Promise<{ after: number; to: number }[]> {
    return (await this.org.given.requests()).flatMap(({ target }) => {
      const [, after, to] = /> (\S+) AND \w+ <= (\S+Z)/.exec(target) ?? [];
      return after === undefined || to === undefined ? [] : [{ after: Date.parse(after), to: Date.parse(to) }];
    });
  }
}

const APPLICATION = "salesforce.login.application";

export function valueAt(document: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document);
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** A LoginEvent at `ms`, named in its Application. */
export function login(name: string, ms: number) {
  return { EventDate: iso(ms), Application: name };
}

/** Logins from `first` on, `step` milliseconds apart, named by their number. */
export function logins(count: number, first: number, step: number) {
  return Array.from({ length: count }, (_, n) => login(`${n}`, first + n * step));
}

/** The names that `logins` gives, as numbers; `sorted` makes them of what a round gave. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

export function sorted(names: readonly string[]): number[] {
  return names.map(Number).sort((a, b) => a - b);
}
