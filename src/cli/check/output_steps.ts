import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { errors } from "@elastic/elasticsearch";
import { z } from "zod";
import { GIVE_UP, RunnerError } from "../../core/errors.ts";
import { type DataStream, dataStreamName } from "../../core/event.ts";
import { type Finding, ok, type Step, warning } from "../../core/finding.ts";
import { createElasticsearchClient, unreachable } from "../../elasticsearch/client.ts";
import type { ElasticsearchOutput, FileOutput } from "../../policy/policy.ts";
import { bulkVerdict } from "../../sinks/bulk_verdict.ts";
import { elasticsearchOptions } from "../open_output.ts";
import { refusalToWrite } from "../writable_folder.ts";
import {
  HARMFUL_PRIVILEGES,
  LOOK_UP_PRIVILEGE,
  missingPackage,
  NEEDED_PRIVILEGES,
  privilegeFinding,
  simulationFinding,
  templateFinding,
} from "./elasticsearch_answers.ts";

/** What Elasticsearch said. Every status is an answer. */
interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Ask = (method: "GET" | "POST", path: string, signal: AbortSignal, body?: object) => Promise<Answer>;

/** An Elasticsearch that is to be checked, until it is closed. */
export interface OpenOutput {
  readonly steps: readonly Step[];
  close(): Promise<void>;
}

/** What is looked at in an Elasticsearch output, for the data streams that go there and the runner's version. */
export async function elasticsearchSteps(
  output: ElasticsearchOutput,
  streams: readonly DataStream[],
  version: string,
  requestTimeout: number,
): Promise<OpenOutput> {
  const options = { ...(await elasticsearchOptions(output)), requestTimeout };
  const client = createElasticsearchClient(options);
  const ask: Ask = async (method, path, signal, body) => {
    try {
      const answer = await client.transport.request(
        { method, path, ...(body === undefined ? {} : { body }) },
        { signal, meta: true },
      );
      return { status: answer.statusCode, body: answer.body };
    } catch (error) {
      if (error instanceof errors.ResponseError) {
        return { status: error.statusCode ?? 0, body: error.body };
      }
      signal.throwIfAborted();
      throw unreachable(options, error);
    }
  };
  const steps: Step[] = [
    { name: "Elasticsearch", needed: true, run: async (signal) => [await clusterFinding(ask, options.hosts, signal)] },
    {
      name: "key privileges",
      needed: false,
      run: async (signal) => [await keyFinding(ask, streams, output.credentials !== undefined, signal)],
    },
    {
      name: "templates",
      needed: false,
      run: (signal) => Promise.all(streams.map((stream) => installedFinding(ask, stream, version, signal))),
    },
    {
      name: "test document",
      needed: false,
      run: (signal) => Promise.all(streams.map((stream) => documentFinding(ask, stream, version, signal))),
    },
  ];
  return { steps, close: () => client.close() };
}

const root = z.object({ version: z.object({ number: z.string() }) });

async function clusterFinding(ask: Ask, hosts: readonly string[], signal: AbortSignal): Promise<Finding> {
  const answer = await ask("GET", "/", signal);
  const number = root.safeParse(answer.body).data?.version.number;
  if (answer.status === 403) {
    return ok("Elasticsearch", `${hosts.join(", ")} is reached; the key may not ask for its version.`);
  }
  if (answer.status !== 200) {
    throw bulkVerdict(answer, 0).problem;
  }
  if (number === undefined) {
    throw new RunnerError("output_refused", `What answers at ${hosts.join(", ")} is not Elasticsearch.`, {
      next: GIVE_UP,
      cure: "Check the output's hosts: they must be Elasticsearch's own addresses, not Kibana's.",
    });
  }
  return ok("Elasticsearch", `${hosts.join(", ")} is reached, version ${number}.`);
}

async function keyFinding(
  ask: Ask,
  streams: readonly DataStream[],
  hasCredentials: boolean,
  signal: AbortSignal,
): Promise<Finding> {
  if (!hasCredentials) {
    return warning(
      "key privileges",
      "The output has no credentials, so anybody who reaches this Elasticsearch can write there.",
      "Switch its security on, and give the output an api_key.",
    );
  }
  const answer = await ask("POST", "/_security/user/_has_privileges", signal, {
    cluster: HARMFUL_PRIVILEGES.cluster,
    index: [
      {
        names: streams.map(dataStreamName),
        privileges: [...NEEDED_PRIVILEGES, LOOK_UP_PRIVILEGE, ...HARMFUL_PRIVILEGES.index],
      },
    ],
  });
  return answer.status === 200
    ? privilegeFinding(answer.body)
    : warning("key privileges", `Elasticsearch does not tell what the key may do (status ${answer.status}).`);
}

async function installedFinding(ask: Ask, stream: DataStream, version: string, signal: AbortSignal): Promise<Finding> {
  const base = `${stream.type}-${stream.dataset}`;
  const answer = await ask("GET", `/_component_template/${base}@package`, signal);
  if (answer.status === 403) {
    return {
      step: "templates",
      verdict: "skipped",
      message: `${base}: the key may not look at templates; that needs monitor on the cluster.`,
    };
  }
  return answer.status === 200 || answer.status === 404
    ? templateFinding(answer.body, stream, version)
    : warning("templates", `${base}: Elasticsearch does not tell its templates (status ${answer.status}).`);
}

async function documentFinding(ask: Ask, stream: DataStream, version: string, signal: AbortSignal): Promise<Finding> {
  const step = "test document";
  const name = dataStreamName(stream);
  const answer = await ask("POST", `/_ingest/${name}/_simulate`, signal, { docs: [testDocument(stream)] });
  if (answer.status === 200) {
    return simulationFinding(answer.body, stream, version);
  }
  const { error } = z.object({ error: z.object({ reason: z.string() }) }).safeParse(answer.body).data ?? {};
  if (answer.status === 400 && error !== undefined) {
    return missingPackage(step, `${name} would not take a document (${error.reason}).`);
  }
  return { step, verdict: "skipped", message: `${name}: the key may not simulate (status ${answer.status}).` };
}

/** As the runner sends them, without any field of an event type. A simulation needs an id and stores nothing. */
function testDocument({ type, dataset, namespace }: DataStream): object {
  return {
    _id: "check",
    _source: {
      "@timestamp": "2026-01-01T00:00:00.000Z",
      event: { id: "check", code: "check", provider: "check", dataset, module: dataset.split(".")[0] },
      data_stream: { type, dataset, namespace },
      organization: { id: "00D000000000000AAA", name: "check" },
      input: { type: "aquila-salesforce" },
      tags: [],
    },
  };
}

/** What is looked at in a file output: whether its folder, or the one it is to be made in, and the files there can be written. */
export function fileSteps({ path }: FileOutput): readonly Step[] {
  return [
    {
      name: "output folder",
      needed: true,
      run: async () => {
        const refusal = await refusalToWrite(path);
        if (refusal !== undefined) {
          throw unwritable(`The folder ${refusal.folder}`, refusal.code);
        }
        for (const name of await readdir(path).catch(() => [])) {
          if (name.endsWith(".ndjson")) {
            await appendable(join(path, name));
          }
        }
        return [ok("output folder", `${path} can be written.`)];
      },
    },
  ];
}

/** Throws unless the runner could write behind what a file holds. */
async function appendable(file: string): Promise<void> {
  try {
    await (await open(file, constants.O_WRONLY | constants.O_APPEND)).close();
  } catch (error) {
    throw unwritable(`The file ${file}`, (error as NodeJS.ErrnoException).code ?? String(error));
  }
}

function unwritable(what: string, code: string): RunnerError {
  return new RunnerError("output_unwritable", `${what} can't be written (${code}).`, {
    next: GIVE_UP,
    cure: "Check the output's path, that the runner's user may write there, and that there is room.",
  });
}
