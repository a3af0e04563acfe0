/** A broker of Apache Kafka as a process of its own, which tests may suspend, kill and start again. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../elasticsearch/free_port.ts";
import { makeAuthority } from "../testing/certificates.ts";
import { type KafkaDistribution, openKafka } from "./distribution.ts";

const LONGEST_START_MS = 180_000;
const BETWEEN_LOOKS_MS = 50;

/** A user who has to log in, and may do what the access lists say. */
export const WRITER = { username: "writer", password: "a broker's secret" };

/**
 * Runs the broker, says its process id, and ends it as soon as the standard input ends, that is when the process that started it
 * is gone, however it went.
 */
const GUARD = `exec 3<&0; log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & java=$!; echo $java
{ cat <&3 >/dev/null; kill -9 $java 2>/dev/null; } & wait $java`;

export interface KafkaBroker extends AsyncDisposable {
  /** `host:port` of the listener without TLS and login, where everything is allowed. */
  readonly plain: string;
  /** Of the listener where clients log in: WRITER by PLAIN and SCRAM. */
  readonly login: string;
  /** Of the listener with TLS, which asks for a client's certificate. */
  readonly tls: string;
  readonly certificates: {
    readonly authority: string;
    readonly client: { readonly key: string; readonly certificate: string };
  };
  /** Starts it, with the data it had. Resolves when it takes requests. */
  start(): Promise<void>;
  /** Ends it without a warning. */
  kill(): Promise<void>;
  /** Freezes it: connections stay open and nothing answers. */
  suspend(): void;
  resume(): void;
  /** A second broker of the same cluster, which may be killed. Brokers that are silent for three seconds lose what they lead. */
  second(folder: string): Promise<Pick<KafkaBroker, "plain" | "kill"> & AsyncDisposable>;
}

/** A running broker with its data in `folder`. Throws KafkaUnavailable. */
export async function startKafka(folder: string): Promise<KafkaBroker> {
  const kafka = await openKafka();
  const [plain, login, tls, controller] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const authority = await makeAuthority("Kafka CA");
  const [server, client] = [await authority.issue("127.0.0.1"), await authority.issue("aquila-salesforce")];
  const [keys, trusted] = [join(folder, "broker.pem"), join(folder, "ca.pem")];
  mkdirSync(folder, { recursive: true });
  writeFileSync(keys, `${server.key}\n${server.certificate}\n`, { mode: 0o600 });
  writeFileSync(trusted, authority.certificate);
  const properties = join(folder, "server.properties");
  const listeners = { PLAIN: plain, LOGIN: login, TLS: tls };
  const addresses = Object.entries(listeners).map(([name, port]) => `${name}://127.0.0.1:${port}`);
  writeFileSync(
    properties,
    lines({
      ...ofCluster(1, controller, join(folder, "data")),
      "process.roles": "broker,controller",
      "broker.session.timeout.ms": 3_000,
      listeners: [...addresses, `CONTROLLER://127.0.0.1:${controller}`],
      "advertised.listeners": addresses,
      "listener.security.protocol.map": ["PLAIN:PLAINTEXT", "LOGIN:SASL_PLAINTEXT", "TLS:SSL", "CONTROLLER:PLAINTEXT"],
      "num.partitions": 3,
      "auto.create.topics.enable": false,
      "offsets.topic.replication.factor": 1,
      "transaction.state.log.replication.factor": 1,
      "transaction.state.log.min.isr": 1,
      "log.segment.bytes": 16_777_216,
      "sasl.enabled.mechanisms": ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
      "listener.name.login.plain.sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required user_${WRITER.username}="${WRITER.password}";`,
      ...Object.fromEntries(
        ["256", "512"].map((bits) => [
          `listener.name.login.scram-sha-${bits}.sasl.jaas.config`,
          "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        ]),
      ),
      "listener.name.tls.ssl.client.auth": "required",
      "listener.name.tls.ssl.keystore.type": "PEM",
      "listener.name.tls.ssl.keystore.location": keys,
      "listener.name.tls.ssl.truststore.type": "PEM",
      "listener.name.tls.ssl.truststore.location": trusted,
    }),
  );
  const scram = ["256", "512"].flatMap((bits) => [
    "--add-scram",
    `SCRAM-SHA-${bits}=[name=${WRITER.username},password=${WRITER.password}]`,
  ]);
  const process = await startFormatted(kafka, properties, plain, join(folder, "broker.log"), scram);
  return {
    plain: `127.0.0.1:${plain}`,
    login: `127.0.0.1:${login}`,
    tls: `127.0.0.1:${tls}`,
    certificates: { authority: authority.certificate, client },
    start: () => process.start(),
    kill: () => process.kill(),
    suspend: () => process.signal("SIGSTOP"),
    resume: () => process.signal("SIGCONT"),
    second: (of) => secondBroker(kafka, controller, of),
    [Symbol.asyncDispose]: () => process.kill(),
  };
}

async function secondBroker(kafka: KafkaDistribution, controller: number, folder: string) {
  const plain = await freePort();
  const properties = join(folder, "server.properties");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    properties,
    lines({
      ...ofCluster(2, controller, join(folder, "data")),
      "process.roles": "broker",
      listeners: [`PLAIN://127.0.0.1:${plain}`],
      "listener.security.protocol.map": ["PLAIN:PLAINTEXT", "CONTROLLER:PLAINTEXT"],
    }),
  );
  const process = await startFormatted(kafka, properties, plain, join(folder, "broker.log"), []);
  return { plain: `127.0.0.1:${plain}`, kill: () => process.kill(), [Symbol.asyncDispose]: () => process.kill() };
}

/** What every broker of the one cluster says. */
function ofCluster(node: number, controller: number, data: string): Readonly<Record<string, string | number>> {
  return {
    "node.id": node,
    "controller.quorum.voters": `1@127.0.0.1:${controller}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAIN",
    "log.dirs": data,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS;User:CN=aquila-salesforce",
  };
}

async function startFormatted(
  kafka: KafkaDistribution,
  properties: string,
  port: number,
  log: string,
  more: readonly string[],
): Promise<BrokerProcess> {
  const identity = ["-t", "AquilaSalesforceTests0", "-c", properties];
  execFileSync(kafka.java, [...javaFlags(kafka), "kafka.tools.StorageTool", "format", ...identity, ...more], {
    stdio: "pipe",
  });
  const broker = new BrokerProcess(kafka, properties, port, log);
  await broker.start();
  return broker;
}

function lines(properties: Readonly<Record<string, string | number | boolean | readonly string[]>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** Little memory, and what lets a small program start sooner. */
function javaFlags({ jars }: KafkaDistribution): string[] {
  return ["-Xmx384m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", join(jars, "*")];
}

class BrokerProcess {
  readonly #kafka: KafkaDistribution;
  readonly #properties: string;
  readonly #port: number;
  readonly #log: string;
  #guard: ChildProcess | undefined;
  #pid = 0;

  constructor(kafka: KafkaDistribution, properties: string, port: number, log: string) {
    this.#kafka = kafka;
    this.#properties = properties;
    this.#port = port;
    this.#log = log;
  }

  async start(): Promise<void> {
    const java = [this.#kafka.java, ...javaFlags(this.#kafka), "kafka.Kafka", this.#properties];
    writeFileSync(this.#log, "");
    const guard = spawn("sh", ["-c", GUARD, "kafka", this.#log, ...java], { stdio: ["pipe", "pipe", "ignore"] });
    this.#guard = guard;
    const [pid] = await once(createInterface({ input: guard.stdout }), "line");
    this.#pid = Number(pid);
    const end = Date.now() + LONGEST_START_MS;
    while (!(await this.#listens())) {
      if (guard.exitCode !== null || Date.now() > end) {
        throw new Error(`Kafka did not start:\n${readFileSync(this.#log, "utf8").slice(-2_000)}`);
      }
      await sleep(BETWEEN_LOOKS_MS);
    }
  }

  /** Whether its port is open, which it is once it takes requests. */
  async #listens(): Promise<boolean> {
    const socket = connect(this.#port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }

  async kill(): Promise<void> {
    const guard = this.#guard;
    this.#guard = undefined;
    if (guard !== undefined && guard.exitCode === null) {
      this.signal("SIGKILL");
      await once(guard, "exit");
    }
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.#pid, signal);
  }
}
