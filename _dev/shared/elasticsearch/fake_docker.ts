#!/usr/bin/env node
/**
 * Docker for tests, where there is none: the commands that this project uses, with Docker's exit codes and answers, over a state
 * in the folder DOCKER_STATE. A container of Elasticsearch is a small server that knows its administrator. Whatever the real
 * command line would refuse is refused.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

interface Container {
  readonly name: string;
  readonly image: string;
  readonly labels: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly pid?: number | undefined;
  readonly paused?: boolean;
}

interface State {
  /** Whether the daemon answers. */
  readonly daemon: boolean;
  /** Whether the registry can be reached. */
  readonly registry: boolean;
  readonly images: readonly string[];
  readonly containers: readonly Container[];
  readonly calls: readonly string[];
}

const FILE = join(process.env.DOCKER_STATE ?? "", "docker.json");
const argv = process.argv.slice(2);
let state: State = {
  daemon: true,
  registry: true,
  images: [],
  containers: [],
  ...(existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : {}),
};
change({ calls: [...(state.calls ?? []), argv.join(" ")] });

function change(part: Partial<State>): void {
  state = { ...state, ...part };
  writeFileSync(FILE, JSON.stringify(state));
}

function refuse(code: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Flags as Docker's own command lines declare them; others end with code 125. */
function read(
  options: Readonly<Record<string, { type: "string" | "boolean"; multiple?: boolean; short?: string }>>,
  args: string[],
) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    return refuse(125, (error as Error).message);
  }
}

function known(name: string | undefined): Container {
  return (
    state.containers.find((one) => one.name === name) ??
    refuse(1, `Error response from daemon: No such container: ${name}`)
  );
}

function update(name: string, part: Partial<Container>): void {
  change({ containers: state.containers.map((one) => (one.name === name ? { ...one, ...part } : one)) });
}

/** The container's only process: answers what the project asks of Elasticsearch, to its administrator alone. */
const SERVER = `
  const [host, port, password] = process.argv.slice(1);
  const expected = "Basic " + Buffer.from("elastic:" + password).toString("base64");
  require("node:http").createServer((request, response) => {
    const answer = (status, body) => {
      response.writeHead(status, { "content-type": "application/vnd.elasticsearch+json; compatible-with=9", "x-elastic-product": "Elasticsearch" });
      response.end(JSON.stringify(body));
    };
    if (request.headers.authorization !== expected) return answer(401, { status: 401, error: { type: "security_exception" } });
    if (request.url.startsWith("/_cluster/health")) return answer(200, { status: "green" });
    if (request.url.startsWith("/_security/api_key")) return answer(200, { encoded: "a2V5", id: "id", api_key: "key", name: "n" });
    answer(200, { cluster_uuid: "uuid", version: { number: "9.4.3" } });
  }).listen(Number(port), host);
`;

function start(container: Container): void {
  const child = spawn(
    process.execPath,
    ["-e", SERVER, container.host, String(container.port), container.environment.ELASTIC_PASSWORD ?? ""],
    { detached: true, stdio: "ignore" },
  );
  child.unref();
  update(container.name, { pid: child.pid });
}

function end({ name, pid }: Container): void {
  if (pid !== undefined) {
    process.kill(pid, "SIGKILL");
    update(name, { pid: undefined, paused: false });
  }
}

const [command = "", ...rest] = argv;
if (!state.daemon) {
  refuse(1, "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?");
}
switch (command) {
  case "info":
    read({ format: { type: "string", short: "f" } }, rest);
    say("28.2.2");
    break;
  case "image": {
    const [action, image = ""] = rest;
    if (!state.images.includes(image)) {
      refuse(1, `Error response from daemon: No such image: ${image}`);
    }
    if (action === "rm") {
      change({ images: state.images.filter((one) => one !== image) });
    } else if (action !== "inspect") {
      refuse(125, `docker: '${action}' is not a docker command.`);
    }
    say("[]");
    break;
  }
  case "pull": {
    const [image = ""] = rest;
    if (!state.registry) {
      refuse(1, "Error response from daemon: Get https://docker.elastic.co/v2/: dial tcp: no such host");
    }
    change({ images: [...state.images, image] });
    break;
  }
  case "run": {
    const { values, positionals } = read(
      {
        detach: { type: "boolean", short: "d" },
        name: { type: "string" },
        label: { type: "string", multiple: true },
        publish: { type: "string", multiple: true, short: "p" },
        env: { type: "string", multiple: true, short: "e" },
      },
      rest,
    );
    const [image = ""] = positionals;
    const name = String(values.name);
    if (values.detach !== true || !state.images.includes(image)) {
      refuse(125, `docker: cannot run ${image}`);
    }
    if (state.containers.some((one) => one.name === name)) {
      refuse(125, `docker: Error response from daemon: Conflict. The container name "/${name}" is already in use.`);
    }
    const [, host = "", port = ""] = /^([\d.]+):(\d+):9200$/.exec(String((values.publish as string[])?.[0])) ?? [];
    const environment = Object.fromEntries(
      ((values.env as string[]) ?? []).map((one) => {
        const [key = "", ...value] = one.split("=");
        // A name alone takes the value from Docker's own environment.
        return [key, value.length === 0 ? (process.env[key] ?? "") : value.join("=")];
      }),
    );
    const container = { name, image, labels: (values.label as string[]) ?? [], host, port: Number(port), environment };
    change({ containers: [...state.containers, container] });
    start(container);
    say("f".repeat(64));
    break;
  }
  case "start":
    start(known(rest[0]));
    break;
  case "stop":
  case "kill":
    end(known(rest[0]));
    break;
  case "pause":
  case "unpause": {
    const { name, pid } = known(rest[0]);
    if (pid === undefined) {
      refuse(1, `Error response from daemon: container ${name} is not running`);
    } else {
      process.kill(pid, command === "pause" ? "SIGSTOP" : "SIGCONT");
    }
    break;
  }
  case "inspect": {
    const { positionals } = read({ format: { type: "string", short: "f" } }, rest);
    say(String(known(positionals[0]).pid !== undefined));
    break;
  }
  case "ps": {
    const { values } = read(
      { all: { type: "boolean", short: "a" }, filter: { type: "string" }, format: { type: "string" } },
      rest,
    );
    const label = String(values.filter).replace(/^label=/, "");
    for (const { name, labels } of state.containers) {
      if (labels.includes(label)) {
        say(name);
      }
    }
    break;
  }
  case "rm": {
    const { positionals } = read(
      { force: { type: "boolean", short: "f" }, volumes: { type: "boolean", short: "v" } },
      rest,
    );
    const container = known(positionals[0]);
    end(container);
    change({ containers: state.containers.filter(({ name }) => name !== container.name) });
    break;
  }
  default:
    refuse(125, `docker: '${command}' is not a docker command.`);
}
