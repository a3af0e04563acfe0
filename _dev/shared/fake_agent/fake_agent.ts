/**
 * Elastic Agent as far as a component sees it: starts the component with its start-up information on standard input, expects
 * units, and watches whether the component keeps the rules of the control protocol.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { makeAuthority } from "../testing/certificates.ts";
import { type Checkin, CheckinParts } from "./checkin.ts";
import { type ComponentOptions, ComponentProcess } from "./component_process.ts";
import { encoded, jsonOf } from "./control_messages.ts";
import { type ControlServer, type Stream, startControlServer, status } from "./control_server.ts";
import { COMPONENT_IDX, ExpectedUnits, FEATURES_IDX, INPUT, type LogLevel, OUTPUT } from "./expected_units.ts";

const STATES = ["STARTING", "CONFIGURING", "HEALTHY", "DEGRADED", "FAILED", "STOPPING", "STOPPED"] as const;
export type StateName = (typeof STATES)[number];
const HEALTHY = 2;

const COMPONENT_TYPE = "aquila-salesforce";

/** Milliseconds that the agent waits for a component to stop, as was seen in 9.5.2. */
const STOP_WAIT_MS = 15_000;

/** After how many milliseconds without a check-in the agent finds a component degraded, and kills it. */
export interface Silence {
  readonly degradedMs: number;
  readonly killedMs: number;
}

/** As was seen in 9.5.2. */
const SILENCE: Silence = { degradedMs: 55_000, killedMs: 115_000 };

export interface FakeAgentOptions {
  /** How the component is started; asked anew for each start. */
  readonly component: ComponentOptions | (() => ComponentOptions);
  /** The name of the output, a part of the component's id; by default `default`. */
  readonly outputName?: string;
  /** Milliseconds after which a component that has ended is started again; without it, `startComponent` does that. */
  readonly restartAfterMs?: number;
  /** Bytes of a message, to make check-ins come in parts. */
  readonly maxMessageSize?: number;
}

/** What a unit was last seen to be. */
export interface ObservedUnit {
  readonly id: string;
  readonly state: StateName;
  readonly message: string;
  readonly payload: Record<string, unknown>;
  readonly configStateIdx: number;
}

export interface DiagnosticsAnswer {
  readonly status: number;
  readonly result: string;
  readonly files: ReadonlyArray<{ readonly filename: string; readonly content: string }>;
}

interface ActionAnswer {
  readonly token: string;
  readonly id: string;
  readonly status: number;
  readonly result: Uint8Array;
  readonly diagnostic: ReadonlyArray<{ readonly filename: string; readonly content: Uint8Array }>;
}

export class FakeAgent {
  readonly #options: FakeAgentOptions;
  readonly #token = randomUUID();
  readonly #serverName = randomBytes(16).toString("hex");
  readonly #agentId = randomUUID();
  readonly #units = new ExpectedUnits();
  readonly #watchers = new Set<() => void>();
  readonly #answers = new Map<string, (answer: ActionAnswer) => void>();
  #server: ControlServer | undefined;
  #process: ComponentProcess | undefined;
  #startUp: Buffer = Buffer.alloc(0);
  #checkins: Stream<unknown, object> | undefined;
  #actions: Stream<unknown, object> | undefined;
  #silence = SILENCE;
  #silenceTimers: NodeJS.Timeout[] = [];
  #workFolder = "";
  #stopping = false;

  /** The rules that the component has broken. */
  readonly violations: string[] = [];
  /** Lines of the component's standard output and error. */
  readonly lines: string[] = [];
  /** Every unit as the running process was last seen to tell it. */
  readonly observed = new Map<string, ObservedUnit>();
  /** Each state and message that a unit was seen with, in order. */
  readonly history: Array<{ readonly id: string; readonly state: StateName; readonly message: string }> = [];
  versionInfo: Checkin["versionInfo"] = null;
  /** Whole check-ins, and their parts. */
  checkinCount = 0;
  partCount = 0;
  connections = 0;
  /** How often the process was started again after it had ended. */
  restarts = 0;
  /** What the agent has made of silence: `degraded`, then `killed`. */
  readonly silences: string[] = [];

  constructor(options: FakeAgentOptions) {
    this.#options = options;
  }

  get agentId(): string {
    return this.#agentId;
  }

  /** What must never be seen in a log, a state or a file. */
  get secrets(): readonly string[] {
    return [this.#token];
  }

  async start(): Promise<void> {
    const authority = await makeAuthority("fake agent");
    const peer = await authority.issue("component");
    this.#server = await startControlServer({
      authority,
      serverName: this.#serverName,
      onCheckins: (stream) => this.#onCheckins(stream),
      onActions: (stream) => this.#onActions(stream),
    });
    this.#startUp = encoded("StartUpInfo", {
      addr: `127.0.0.1:${this.#server.port}`,
      serverName: this.#serverName,
      token: this.#token,
      caCert: Buffer.from(authority.certificate),
      peerCert: Buffer.from(peer.certificate),
      peerKey: Buffer.from(peer.key),
      services: [1],
      supports: [0],
      maxMessageSize: this.#options.maxMessageSize ?? 104_857_600,
      agentInfo: { id: this.#agentId, version: "9.1.0", snapshot: false, mode: 0 },
    });
    this.startComponent();
  }

  /** Starts the component's process, also again after it has ended. */
  startComponent(): void {
    const line = (text: string) => {
      this.lines.push(text);
      this.#notify();
    };
    const { component } = this.#options;
    const options = typeof component === "function" ? component() : component;
    this.#process = new ComponentProcess(options, this.#startUp, line, () => this.#ended());
    this.#workFolder = options.dataDirectory;
    this.#stopping = false;
    this.#silence = SILENCE;
    this.observed.clear();
    this.#heard();
  }

  #ended(): void {
    this.#silenceTimers.forEach(clearTimeout);
    const { restartAfterMs } = this.#options;
    if (restartAfterMs !== undefined && !this.#stopping) {
      setTimeout(() => {
        if (!this.#stopping) {
          this.restarts += 1;
          this.startComponent();
        }
      }, restartAfterMs);
    }
    this.#notify();
  }

  /** A check-in has come: silence begins anew. */
  #heard(): void {
    this.#silenceTimers.forEach(clearTimeout);
    const after = (ms: number, act: () => void) => setTimeout(act, ms).unref();
    this.#silenceTimers = [
      after(this.#silence.degradedMs, () => this.silences.push("degraded")),
      after(this.#silence.killedMs, () => {
        this.silences.push("killed");
        this.kill("SIGKILL");
      }),
    ];
  }

  // What the agent expects; `send` makes it known.

  output(config: object): this {
    this.#units.put(this.outputUnitId, OUTPUT, config);
    return this;
  }

  input(id: string, config: object): this {
    this.#units.put(this.unitId(id), INPUT, { id, type: COMPONENT_TYPE, ...config });
    return this;
  }

  stopInput(id: string): this {
    const unit = this.#units.get(this.unitId(id));
    if (unit !== undefined) {
      unit.wanted = false;
    }
    return this;
  }

  logLevel(level: LogLevel): this {
    this.#units.logLevel(level);
    return this;
  }

  unitId(inputId: string): string {
    return `${this.outputUnitId}-${inputId}`;
  }

  /** Also the component's id. */
  get outputUnitId(): string {
    return `${COMPONENT_TYPE}-${this.#options.outputName ?? "default"}`;
  }

  send(): void {
    const answered = new Map([...this.observed.values()].map(({ id, configStateIdx }) => [id, configStateIdx]));
    for (const message of this.#units.messages(answered, this.#options.maxMessageSize)) {
      this.#checkins?.send(message);
    }
  }

  /** Asks for diagnostics of the component, or of one unit. */
  async diagnostics(unit?: { readonly id: string; readonly output?: boolean }): Promise<DiagnosticsAnswer> {
    return await this.#action({
      name: "diagnostics",
      type: 1,
      level: unit === undefined ? 1 : 2,
      unitId: unit?.id ?? "",
      unitType: unit?.output === true ? OUTPUT : INPUT,
    });
  }

  async customAction(name: string, inputId: string): Promise<DiagnosticsAnswer> {
    return await this.#action({ name, type: 0, level: 2, unitId: this.unitId(inputId), unitType: INPUT });
  }

  /** Resolves as soon as `holds` is true; it is asked again whenever anything has been seen. */
  async until(what: string, holds: () => boolean, limitMs = 60_000): Promise<void> {
    if (holds()) {
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const finish = (act: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        act();
      };
      const look = () => {
        if (holds()) {
          finish(resolve);
        }
      };
      const timer = setTimeout(() => {
        const units = JSON.stringify([...this.observed.values()], null, 1);
        finish(() => reject(new Error(`not seen: ${what}\n${units}\n${this.lines.slice(-20).join("\n")}`)));
      }, limitMs);
      this.#watchers.add(look);
    });
  }

  state(inputId: string): StateName | undefined {
    return this.observed.get(this.unitId(inputId))?.state;
  }

  message(inputId: string): string {
    return this.observed.get(this.unitId(inputId))?.message ?? "";
  }

  /** Cuts the connection; the component is expected to come back. */
  cutConnections(): void {
    this.#server?.cut();
  }

  kill(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** The component hangs: it checks in no more until it is killed, after `silence`. */
  freeze(silence: Silence): void {
    this.kill("SIGSTOP");
    this.#silence = silence;
    this.#heard();
  }

  /** Resolves with the exit code of the component. */
  async exit(): Promise<number | null> {
    return (await this.#process?.exit()) ?? null;
  }

  /** Stops the component's process as the agent does: asks, waits, and kills what does not end. Gives its exit code. */
  async stopComponent(): Promise<number | null> {
    this.#stopping = true;
    const late = setTimeout(() => {
      this.violations.push("the component did not stop in time");
      this.kill("SIGKILL");
    }, STOP_WAIT_MS);
    this.kill("SIGTERM");
    const code = await this.exit();
    clearTimeout(late);
    return code;
  }

  /** The last input of the output has left the policy: its units stop, then the process, and its work folder is deleted. */
  async removeComponent(): Promise<void> {
    for (const id of this.#units.ids()) {
      const unit = this.#units.get(id);
      if (unit !== undefined) {
        unit.wanted = false;
      }
    }
    this.send();
    await this.until("every unit has stopped", () => this.#units.size === 0);
    await this.stopComponent();
    rmSync(this.#workFolder, { recursive: true });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#process?.running === true) {
      this.kill("SIGKILL");
      await this.exit();
    }
    await this.#server?.close();
  }

  #onCheckins(stream: Stream<unknown, object>): void {
    if (this.#checkins !== undefined) {
      stream.fail(status.ALREADY_EXISTS, "there is a check-in stream of this component already");
      return;
    }
    this.#checkins = stream;
    this.connections += 1;
    let first = true;
    const parts = new CheckinParts();
    const late = setTimeout(() => this.violations.push("no check-in within 5 s of the stream"), 5_000);
    stream.onMessage = (message) => {
      clearTimeout(late);
      const checkin = message as Checkin;
      this.#hold(checkin.token === this.#token, "a check-in without the token");
      if (first) {
        first = false;
        this.#hold(checkin.versionInfo !== null, "the first check-in of a stream has no version_info");
        this.#hold(checkin.supports.includes(0), "the first check-in does not say that it supports chunking");
        this.#hold(checkin.pid === this.#process?.pid, "a check-in has another pid than the process");
        this.versionInfo = checkin.versionInfo;
      }
      this.#heard();
      this.partCount += 1;
      const whole = parts.add(checkin);
      if (whole !== undefined) {
        this.#checkedIn(whole);
      }
      this.#notify();
    };
    stream.onEnd = () => {
      clearTimeout(late);
      this.#checkins = undefined;
    };
  }

  #checkedIn(checkin: Checkin): void {
    this.checkinCount += 1;
    const seen = new Set<string>();
    let settled = checkin.featuresIdx === FEATURES_IDX && checkin.componentIdx === COMPONENT_IDX;
    for (const unit of checkin.units) {
      const { id, message, configStateIdx } = unit;
      const expected = this.#units.get(id);
      if (expected === undefined) {
        this.#hold(this.#units.hasHad(id), `the unknown unit ${id} is reported`);
        continue;
      }
      seen.add(id);
      const state = STATES[unit.state] ?? "FAILED";
      settled &&= unit.state === HEALTHY && configStateIdx === expected.configStateIdx;
      const before = this.observed.get(id);
      if (before?.state !== state || before.message !== message) {
        this.history.push({ id, state, message });
      }
      this.observed.set(id, { id, state, message, configStateIdx, payload: jsonOf(unit.payload) });
      if (state === "STOPPED" && !expected.wanted) {
        this.#units.delete(id);
        this.observed.delete(id);
      }
    }
    const reported = checkin.units.length > 0;
    for (const id of this.#units.ids()) {
      if (reported && !seen.has(id) && this.observed.has(id)) {
        this.violations.push(`the unit ${id} is missing from a check-in`);
      }
    }
    // As the agent does: an unsettled check-in is answered at once, which busies a component that answers the answer.
    if (!settled || !reported) {
      this.send();
    }
  }

  #onActions(stream: Stream<unknown, object>): void {
    this.#actions = stream;
    let first = true;
    stream.onMessage = (message) => {
      const answer = message as ActionAnswer;
      this.#hold(answer.token === this.#token, "an action answer without the token");
      if (first) {
        first = false;
        this.#hold(answer.id === "init" && answer.status === 0, "the first message of the actions is not init");
      } else {
        this.#answers.get(answer.id)?.(answer);
        this.#answers.delete(answer.id);
      }
      this.#notify();
    };
    stream.onEnd = () => {
      this.#actions = undefined;
    };
  }

  async #action(request: object): Promise<DiagnosticsAnswer> {
    const id = randomUUID();
    const answered = new Promise<ActionAnswer>((resolve) => this.#answers.set(id, resolve));
    this.#actions?.send({ id, ...request });
    const answer = await answered;
    return {
      status: answer.status,
      result: Buffer.from(answer.result).toString("utf8"),
      files: answer.diagnostic.map(({ filename, content }) => ({
        filename,
        content: Buffer.from(content).toString("utf8"),
      })),
    };
  }

  #hold(kept: boolean, rule: string): void {
    if (!kept) {
      this.violations.push(rule);
    }
  }

  #notify(): void {
    for (const look of [...this.#watchers]) {
      look();
    }
  }
}
