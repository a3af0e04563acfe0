import { createHash, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { readPrivateKey } from "../auth/private_key.ts";
import { createSession } from "../auth/session.ts";
import { EVENT_TYPES, OBJECTS } from "../catalog/catalog.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { asRunnerError } from "../core/errors.ts";
import { dataStreamName } from "../core/event.ts";
import type { Fact, Tell } from "../core/fact.ts";
import { createHttp, type Http } from "../core/http.ts";
import type { Log } from "../core/log.ts";
import { Secret } from "../core/secret.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import type { RowLedger } from "../cursors/row_ledger.ts";
import { createMemoryLedger } from "../cursors/row_ledger_memory.ts";
import { ApiBudget } from "../org/api_budget.ts";
import { OrgClient } from "../org/org_client.ts";
import type { KnownDataset } from "../policy/input_block.ts";
import type { Input, Output, Stream } from "../policy/policy.ts";
import { readTlsTrust } from "../policy/tls_trust.ts";
import { Collector } from "../pump/collector.ts";
import { pump } from "../pump/pump.ts";
import { sentence } from "../pump/sentence.ts";
import type { InputRun, Job } from "../pump/supervisor.ts";
import { createProcessingSink } from "../sinks/processing.ts";
import { createSettingAsideSink } from "../sinks/setting_aside.ts";
import type { Sink, SinkHealth } from "../sinks/sink.ts";
import type { AgentFacts } from "../sources/envelope.ts";
import { EventLogFiles } from "../sources/event_log_files.ts";
import { isPrimaryObject } from "../sources/object_primary.ts";
import { ObjectWindows } from "../sources/object_windows.ts";
import { COLLECTOR_DATASET } from "../sources/rejected_row.ts";
import type { Source } from "../sources/source.ts";
import { openOutput } from "./open_output.ts";
import { VERSION } from "./version.ts";

/** Files of one org that are read at once. */
const DOWNLOADS_PER_ORG = 4;

const USER_AGENT = `aquila-salesforce/${VERSION}`;

/** What the runs of all inputs share. */
export interface Surroundings {
  readonly cursors: CursorStore;
  /** In memory by default, which is for tests: it grows with the rows of four days. */
  readonly ledger?: RowLedger;
  readonly log: Log;
  /** Told every fact with the input, data stream and source that it concerns. */
  readonly observe?: (fact: Fact, input: Input, stream: Stream, sourceId: string) => void;
  /** Told what holds an output's deliveries up, and `undefined` when they flow. */
  readonly deliveryHealth?: SinkHealth;
  readonly clock?: Clock;
  readonly agent?: AgentFacts;
}

/** What an input holds open while it runs. */
interface OpenedInput {
  readonly client: OrgClient;
  readonly sink: Sink;
  close(): Promise<void>;
}

/** For each dataset the event types and objects that a policy may name; none for the collector's own. */
export function knownDatasets(): Readonly<Record<string, KnownDataset>> {
  const datasets: Record<string, { eventTypes: string[]; objects: string[] }> = {
    [COLLECTOR_DATASET]: { eventTypes: [], objects: [] },
  };
  const of = (stream: string) => {
    const dataset = `aquila_salesforce.${stream}`;
    datasets[dataset] ??= { eventTypes: [], objects: [] };
    return datasets[dataset];
  };
  for (const { name, stream } of EVENT_TYPES) {
    of(stream).eventTypes.push(name);
  }
  for (const { name, stream } of OBJECTS) {
    of(stream).objects.push(name);
  }
  return datasets;
}

/** Makes runs of inputs; inputs with the same output share its sink. */
export class Wiring {
  readonly #surroundings: Surroundings;
  readonly #ledger: RowLedger;
  readonly #clock: Clock;
  readonly #agent: AgentFacts;
  readonly #sinks = new Map<string, { readonly sink: Promise<Sink>; users: number }>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#ledger = surroundings.ledger ?? createMemoryLedger();
    this.#clock = surroundings.clock ?? systemClock;
    this.#agent = surroundings.agent ?? {
      id: randomUUID(),
      name: hostname(),
      type: "aquila-salesforce",
      version: VERSION,
    };
  }

  /** The run of one input. Nothing is opened or sent before its first round; what can't be opened fails the round. */
  run(input: Input): InputRun {
    const log = this.#surroundings.log.with({ "organization.name": input.organization.name, input: input.id });
    const budget = new ApiBudget(input.api.dailyRequestShare);
    const collector = this.#collector(input, budget, log);
    let opening: Promise<OpenedInput> | undefined;
    const opened = () => {
      opening ??= this.#open(input, budget, log).catch((error) => {
        opening = undefined;
        throw error;
      });
      return opening;
    };
    return {
      key: keyOf(input),
      jobs: input.streams.flatMap((stream) => this.#jobs(input, stream, opened, collector, log)),
      close: async () => {
        await collector.close();
        await (await opening?.catch(() => undefined))?.close();
      },
    };
  }

  async #open(input: Input, budget: ApiBudget, log: Log): Promise<OpenedInput> {
    const http = createHttp({
      userAgent: USER_AGENT,
      tls: await readTlsTrust(input.api.ssl),
      ...(input.api.proxyUrl === undefined ? {} : { proxyUrl: input.api.proxyUrl.reveal() }),
    });
    const outputKey = keyOf(input.output);
    const sink = await this.#takeSink(outputKey, input.output, log);
    return {
      client: this.#orgClient(input, http, budget, log),
      sink,
      close: async () => {
        http.close();
        await this.#giveSinkBack(outputKey);
      },
    };
  }

  #orgClient(input: Input, http: Http, budget: ApiBudget, log: Log): OrgClient {
    const { auth, api } = input;
    const session = createSession(
      {
        loginUrl: auth.loginUrl,
        audience: auth.audience,
        clientId: auth.clientId,
        username: auth.username,
        key: () => readPrivateKey(auth),
        requestTimeout: api.requestTimeout,
      },
      { http, clock: this.#clock, log },
    );
    return new OrgClient({
      http,
      session,
      budget,
      apiVersion: api.version,
      requestTimeout: api.requestTimeout,
      clock: this.#clock,
    });
  }

  #collector(input: Input, budget: ApiBudget, log: Log): Collector {
    const { type = "logs", namespace = "default" } = input.streams[0]?.dataStream ?? {};
    return new Collector({
      inputId: input.id,
      dataStream: { type, dataset: COLLECTOR_DATASET, namespace },
      organizationName: input.organization.name,
      agent: this.#agent,
      apiCalls: () => budget.report(this.#clock.now()),
      clock: this.#clock,
      log,
    });
  }

  #jobs(input: Input, stream: Stream, opened: () => Promise<OpenedInput>, collector: Collector, log: Log): Job[] {
    const { eventLogFiles, objects } = stream;
    const { cursors } = this.#surroundings;
    const job = (
      id: string,
      name: string,
      interval: number,
      sourceOf: (client: OrgClient, tell: Tell) => Source,
    ): Job => {
      const tell = this.#tell(input, stream, id, collector.tell({ stream, name }), log);
      let source: Source | undefined;
      return {
        stream: stream.id,
        interval,
        tell,
        round: async (stop, abandon) => {
          const { client, sink } = await opened();
          collector.begin(sink);
          collector.identify(await client.identity(stop));
          source ??= sourceOf(client, tell);
          await pump({
            source,
            sink: createProcessingSink(sink, stream.processors),
            cursors,
            tell,
            clock: this.#clock,
            stop,
            abandon,
          });
        },
      };
    };
    return [
      ...(eventLogFiles.enabled
        ? [
            job(eventLogFilesId(stream), "EventLogFile", eventLogFiles.pollInterval, (client, tell) =>
              this.#eventLogFiles(input, stream, client, tell),
            ),
          ]
        : []),
      ...(objects.enabled ? objects.names : []).map((name) =>
        job(objectId(stream, name), name, objects.pollInterval, (client, tell) =>
          this.#objectWindows(name, input, stream, client, tell),
        ),
      ),
    ];
  }

  #eventLogFiles(input: Input, stream: Stream, client: OrgClient, tell: Tell): EventLogFiles {
    const { eventTypes, interval, initialLookback } = stream.eventLogFiles;
    return new EventLogFiles({
      id: eventLogFilesId(stream),
      client,
      stream: this.#streamContext(input, stream),
      eventTypes,
      interval,
      initialLookback,
      downloads: DOWNLOADS_PER_ORG,
      ledger: this.#ledger,
      tell,
      clock: this.#clock,
    });
  }

  #objectWindows(objectName: string, input: Input, stream: Stream, client: OrgClient, tell: Tell): ObjectWindows {
    const { eventLogFiles, objects } = stream;
    return new ObjectWindows({
      id: objectId(stream, objectName),
      client,
      stream: this.#streamContext(input, stream),
      objectName,
      primary: isPrimaryObject(objectName, {
        eventTypes: eventLogFiles.enabled ? eventLogFiles.eventTypes : [],
        objects: objects.names,
      }),
      initialLookback: objects.initialLookback,
      settleTime: objects.settleTime,
      tell,
      clock: this.#clock,
    });
  }

  #streamContext(input: Input, stream: Stream) {
    return {
      organizationName: input.organization.name,
      dataStream: stream.dataStream,
      tags: stream.preserveOriginalEvent ? [...stream.tags, "preserve_original_event"] : stream.tags,
      preserveOriginalEvent: stream.preserveOriginalEvent,
      agent: this.#agent,
    };
  }

  #tell(input: Input, stream: Stream, sourceId: string, report: Tell, log: Log): Tell {
    const streamLog = log.with({ stream: dataStreamName(stream.dataStream) });
    return (fact) => {
      const { level, message } = sentence(fact, this.#clock.now());
      streamLog[level](message);
      report(fact);
      this.#surroundings.observe?.(fact, input, stream, sourceId);
    };
  }

  async #takeSink(key: string, output: Output, log: Log): Promise<Sink> {
    const known = this.#sinks.get(key);
    if (known !== undefined) {
      known.users += 1;
      return await known.sink;
    }
    const { deliveryHealth = () => {} } = this.#surroundings;
    const logged = sinkHealth(log);
    const health: SinkHealth = (problem) => {
      logged(problem);
      deliveryHealth(problem);
    };
    const opening = openOutput(output, health, this.#clock).then((sink) =>
      createSettingAsideSink(sink, COLLECTOR_DATASET, this.#clock),
    );
    this.#sinks.set(key, { sink: opening, users: 1 });
    try {
      const sink = await opening;
      deliveryHealth(undefined);
      return sink;
    } catch (error) {
      this.#sinks.delete(key);
      deliveryHealth(asRunnerError(error));
      throw error;
    }
  }

  async #giveSinkBack(key: string): Promise<void> {
    const known = this.#sinks.get(key);
    if (known === undefined) {
      return;
    }
    known.users -= 1;
    if (known.users === 0) {
      this.#sinks.delete(key);
      await (await known.sink).close();
    }
  }
}

/** The cursors of a stream's sources are found by these names. */
function eventLogFilesId(stream: Stream): string {
  return `${stream.id}/event_log_files`;
}

function objectId(stream: Stream, objectName: string): string {
  return `${stream.id}/objects/${objectName}`;
}

/** Says a problem of the output once, and when it is over. */
function sinkHealth(log: Log): SinkHealth {
  let said: string | undefined;
  return (problem) => {
    if (problem?.text === said) {
      return;
    }
    said = problem?.text;
    if (problem === undefined) {
      log.info("Events are delivered again.");
    } else {
      log.warn(`${problem.text} Events wait and are sent again; nothing is lost.`);
    }
  };
}

/** A text that is equal for values that are equal, secrets included, and tells nothing of them. */
function keyOf(value: unknown): string {
  const text = JSON.stringify(value, function (this: Record<string, unknown>, name, part) {
    const original = this[name];
    return original instanceof Secret ? { secret: original.reveal() } : part;
  });
  return createHash("sha256").update(text).digest("base64url");
}
