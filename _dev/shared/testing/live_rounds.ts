import { generateKeyPairSync } from "node:crypto";
import { createSession } from "../../../src/auth/session.ts";
import { asRunnerError, type RunnerError } from "../../../src/core/errors.ts";
import type { SourceEvent } from "../../../src/core/event.ts";
import { createHttp } from "../../../src/core/http.ts";
import { silentLog } from "../../../src/core/log.ts";
import { Memory } from "../../../src/core/memory.ts";
import { ApiBudget } from "../../../src/org/api_budget.ts";
import { OrgClient } from "../../../src/org/org_client.ts";
import { createPubSub, type PubSub, type PubSubOptions } from "../../../src/org/pub_sub.ts";
import { pump } from "../../../src/pump/pump.ts";
import type { Fact } from "../../../src/reporting/facts.ts";
import type { Sink } from "../../../src/sinks/sink.ts";
import type { AnyFact } from "../../../src/sources/fact.ts";
import { KINDS } from "../../../src/sources/kinds.ts";
import type { RoundEnd, RoundScope, Source } from "../../../src/sources/source.ts";
import { type MockOrg, type MockOrgOptions, startMockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import { ManualClock } from "./manual_clock.ts";
import { createMemoryCursors } from "./memory_cursors.ts";
import { createMemoryLedger } from "./memory_ledger.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** The time at which every test starts. */
export const NOW = Date.UTC(2026, 6, 20, 12);

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** A round that lasts, and how it ends. */
export interface RunningRound {
  readonly ended: Promise<{ readonly end: RoundEnd | undefined; readonly error: RunnerError | undefined }>;
  /** As at the end of the process, or as a kill where nothing under way is acknowledged any more. */
  stop(how?: "orderly" | "killed"): Promise<void>;
}

/** A mock org whose topics are collected by the real pump, with the cursors and the stored events that outlive each round. */
export class LiveRounds {
  readonly clock = new ManualClock(NOW);
  readonly cursors = createMemoryCursors();
  readonly facts: Fact[] = [];
  /** Every event that was delivered, as often as it was. */
  readonly sent: SourceEvent[] = [];
  /** By identity. */
  readonly stored = new Map<string, SourceEvent>();
  /** Awaited before a delivery is acknowledged. */
  gate: Promise<void> = Promise.resolve();
  readonly #http = createHttp();
  #org: MockOrg | undefined;
  #pubSub: PubSub | undefined;

  get org(): MockOrg {
    if (this.#org === undefined) {
      throw new Error("no org is running");
    }
    return this.#org;
  }

  async start(options: MockOrgOptions = {}): Promise<void> {
    const certificate = publicKey.export({ type: "spki", format: "pem" }).toString();
    this.#org = await startMockOrg({ certificate, now: () => this.clock.now(), pubSub: {}, ...options });
  }

  async close(): Promise<void> {
    this.#pubSub?.close();
    this.#http.close();
    await this.#org?.close();
  }

  /** A source with a session and a connection of its own, as after a restart. LoginEventStream, unless said otherwise. */
  source({
    topic = "LoginEventStream",
    collected = [topic],
    ...more
  }: Partial<PubSubOptions> & { readonly topic?: string; readonly collected?: readonly string[] } = {}): Source {
    this.#pubSub?.close();
    const { clock } = this;
    const { url, clientId, username, pubSubUrl } = this.org;
    const login = { loginUrl: url, audience: "https://login.salesforce.com", clientId, username };
    const session = createSession(
      { ...login, key: async () => privateKey, requestTimeout: 5_000 },
      { http: this.#http, clock, log: silentLog },
    );
    const budget = new ApiBudget(100);
    const client = new OrgClient({
      http: this.#http,
      session,
      budget,
      apiVersion: "66.0",
      requestTimeout: 5_000,
      clock,
    });
    const pubSub = createPubSub({ url: pubSubUrl, session, requestTimeout: 5_000, clock, ...more });
    this.#pubSub = pubSub;
    const live = KINDS.find(({ group }) => group === "live");
    const [source] =
      live?.sources(
        { enabled: true, names: [topic] },
        {
          collected,
          context: {
            organizationName: "Acme",
            dataStream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" },
            tags: [],
            preserveOriginalEvent: false,
            agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
          },
          range: undefined,
          clock,
        },
      ) ?? [];
    if (source === undefined) {
      throw new Error(`no topic ${topic}`);
    }
    const tell = (fact: AnyFact) => this.facts.push(fact as Fact);
    const memory = new Memory().share("org", "output");
    return source.open({ id: `login-1/live/${topic}`, client, pubSub, ledger: createMemoryLedger(), memory, tell });
  }

  /** Begins a round, which lasts until it ends by itself or is stopped. */
  begin(source = this.source(), scope: RoundScope = "and what comes"): RunningRound {
    const [stop, abandon] = [new AbortController(), new AbortController()];
    const { cursors, clock } = this;
    const tell = (fact: AnyFact) => this.facts.push(fact as Fact);
    const options = { source, sink: this.#sink(abandon.signal), cursors, tell, clock, scope };
    const ended = pump({ ...options, stop: stop.signal, abandon: abandon.signal }).then(
      (end) => ({ end, error: undefined }),
      (error) => ({ end: undefined, error: asRunnerError(error) }),
    );
    return {
      ended,
      async stop(how = "orderly") {
        if (how === "killed") {
          abandon.abort(new Error("killed"));
        }
        stop.abort(new Error("stopped"));
        await ended;
      },
    };
  }

  #sink(killed: AbortSignal): Sink {
    return {
      deliver: async (events) => {
        killed.throwIfAborted();
        this.sent.push(...events);
        const created = events.filter(({ id }) => !this.stored.has(id));
        for (const event of created) {
          this.stored.set(event.id, event);
        }
        await this.gate;
        killed.throwIfAborted();
        return { created: created.length, existing: events.length - created.length, refused: [] };
      },
      close: async () => {},
    };
  }

  documents(): readonly Record<string, never>[] {
    return [...this.stored.values()].map(({ json }) => JSON.parse(json));
  }

  /** Salesforce's names of the events that are stored. */
  identifiers(): readonly string[] {
    return this.documents().map((document) => String(valueAt(document, "salesforce.login.event_identifier")));
  }
}

export function valueAt(document: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document);
}
