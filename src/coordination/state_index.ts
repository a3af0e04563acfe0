import { errors } from "@elastic/elasticsearch";
import { RunnerError } from "../core/errors.ts";
import {
  createElasticsearchClient,
  type ElasticsearchOptions,
  SHARED_STATE,
  unreachable,
} from "../elasticsearch/client.ts";
import {
  type FoundDocument,
  readDocuments,
  readFound,
  readFoundIds,
  readWrites,
  requireMade,
  type StateAnswer,
  tooLong,
} from "./state_answer.ts";
import type { DocumentWrite, StateDocuments, VersionedDocument } from "./state_documents.ts";

/** Milliseconds for one answer, so that a holder of leases learns early that it can't renew them. */
const LONGEST_ANSWER_MS = 3_000;
/** Documents that one answer may hold: they are read in several if there are more. */
const MOST_READ = 16;
/** Documents that one search gives (`index.max_result_window`). */
const MOST_FOUND = 10_000;
/** Of what is to be forgotten, at once; the rest comes another day. */
const MOST_STALE = 500;
/** Characters of one `_bulk`, unless a document is longer. */
const MOST_WRITTEN = 4_000_000;

/**
 * One plain index for all, never rolled over: its documents are found by their ids alone, and nothing in it is searched but who
 * holds what. What people's templates for every index say of pipelines is not for it.
 */
const INDEX = {
  settings: {
    number_of_shards: 1,
    auto_expand_replicas: "0-1",
    default_pipeline: "_none",
    final_pipeline: "_none",
  },
  mappings: {
    dynamic: false,
    properties: {
      org: { type: "keyword" },
      source: { type: "keyword" },
      term: { type: "long" },
      owner: { type: "keyword" },
      written: { type: "date" },
    },
  },
};

export interface StateIndex extends StateDocuments {
  /** The documents of cursors with one of these values in the field. */
  find(field: "org" | "source", values: readonly string[], signal?: AbortSignal): Promise<readonly FoundDocument[]>;
  /** Ids of cursors and leases that were last written longer ago than that, as the hosts that wrote them and Elasticsearch tell the time. */
  stale(days: number, signal?: AbortSignal): Promise<readonly string[]>;
  /** What Elasticsearch says to a request with the key of the index, whatever its status. Rejects as the others do. */
  ask(method: "GET" | "POST" | "PUT", path: string, body?: object, signal?: AbortSignal): Promise<StateAnswer>;
  close(): Promise<void>;
}

/**
 * The documents that hosts share, in an index that the first of them makes. Reading is realtime: it sees every write that was
 * acknowledged. Its key needs STATE_PRIVILEGES on the index, and nothing else.
 */
export function createStateIndex(
  index: string,
  options: ElasticsearchOptions,
  longestAnswer = LONGEST_ANSWER_MS,
): StateIndex {
  const client = createElasticsearchClient({ ...options, requestTimeout: longestAnswer });
  let made = false;

  async function send(
    method: "GET" | "POST" | "PUT",
    path: string,
    body: { readonly body?: object; readonly bulkBody?: string },
    signal?: AbortSignal,
  ): Promise<StateAnswer> {
    const type = body.bulkBody === undefined ? "application/json" : "application/x-ndjson";
    const headers = { "content-type": type, accept: "application/json" };
    try {
      const answer = await client.transport.request(
        { method, path, ...body },
        { meta: true, headers, ...(signal === undefined ? {} : { signal }) },
      );
      return { status: answer.statusCode, body: answer.body };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof errors.ResponseError) {
        return { status: error.statusCode ?? 0, body: error.body };
      }
      // Where the caller has not ended it, the client reads no further only because the answer is too long.
      throw error instanceof errors.RequestAbortedError ? tooLong(index) : unreachable(options, error, SHARED_STATE);
    }
  }

  const ask: StateIndex["ask"] = (method, path, body, signal) =>
    send(method, path, body === undefined ? {} : { body }, signal);

  async function make(signal: AbortSignal | undefined): Promise<void> {
    if (!made) {
      requireMade(index, await ask("PUT", `/${index}`, INDEX, signal));
      made = true;
    }
  }

  async function readSome(
    ids: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, VersionedDocument>> {
    try {
      const answer = await ask("POST", `/${index}/_mget`, { ids }, signal);
      const found = readDocuments(index, answer, ids);
      made = found !== undefined;
      return found ?? new Map();
    } catch (error) {
      if (!(error instanceof RunnerError) || error.code !== "state_unusable") {
        throw error;
      }
      if (ids.length === 1) {
        throw tooLong(index, ids[0]);
      }
      const half = Math.ceil(ids.length / 2);
      const [first, second] = [await readSome(ids.slice(0, half), signal), await readSome(ids.slice(half), signal)];
      return new Map([...first, ...second]);
    }
  }

  return {
    ask,
    async read(ids, signal) {
      const found: [string, VersionedDocument][] = [];
      for (let at = 0; at < ids.length; at += MOST_READ) {
        found.push(...(await readSome(ids.slice(at, at + MOST_READ), signal)));
      }
      return new Map(found);
    },
    async write(writes, signal) {
      await make(signal);
      const versions = [];
      for (const { ids, text } of requestsOf(writes)) {
        const answer = await send("POST", `/${index}/_bulk`, { bulkBody: text }, signal);
        versions.push(...readWrites(index, answer, ids));
      }
      return versions;
    },
    async find(field, values, signal) {
      const query = { bool: { filter: [{ terms: { [field]: values } }, { exists: { field: "source" } }] } };
      const body = { size: MOST_FOUND, query, _source: ["org", "source"] };
      return readFound(index, await ask("POST", `/${index}/_search`, body, signal));
    },
    async stale(days, signal) {
      const query = { range: { written: { lt: `now-${days}d` } } };
      const body = { size: MOST_STALE, query, _source: false };
      return readFoundIds(index, await ask("POST", `/${index}/_search`, body, signal));
    },
    close: () => client.close(),
  };
}

/** The writes as few `_bulk` requests, none of which is far beyond MOST_WRITTEN. */
function requestsOf(writes: readonly DocumentWrite[]): { readonly ids: readonly string[]; readonly text: string }[] {
  const requests: { ids: string[]; text: string }[] = [];
  for (const write of writes) {
    const text = lines(write);
    const last = requests.at(-1);
    if (last !== undefined && last.text.length + text.length <= MOST_WRITTEN) {
      last.ids.push(write.id);
      last.text += text;
    } else {
      requests.push({ ids: [write.id], text });
    }
  }
  return requests;
}

/** The lines of one write in a `_bulk`. */
function lines({ id, value, expected }: DocumentWrite): string {
  const version = expected === undefined ? {} : { if_seq_no: expected.seqNo, if_primary_term: expected.primaryTerm };
  const action = value === undefined ? "delete" : expected === undefined ? "create" : "index";
  const first = `${JSON.stringify({ [action]: { _id: id, ...version } })}\n`;
  return value === undefined ? first : `${first}${JSON.stringify(value)}\n`;
}
