/** The only place that reads what Elasticsearch answers of the state index. All functions are pure. */
import { z } from "zod";
import { type ErrorCode, GIVE_UP, type NextStep, RETRY, RunnerError } from "../core/errors.ts";
import { withPage } from "../core/web_page.ts";
import type { Version, VersionedDocument } from "./state_documents.ts";

/** What a key of the state index must be allowed there, and all it needs. */
export const STATE_PRIVILEGES = ["create_index", "read", "write"] as const;

export interface StateAnswer {
  readonly status: number;
  readonly body: unknown;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly next: NextStep;
  readonly what: string;
  readonly cure?: (index: string) => string;
}

/** What the status of a request or of one document means; any other of 500 and above is a failure, of the rest a refusal. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  401: {
    code: "shared_state_refused",
    next: GIVE_UP,
    what: "refused the key",
    cure: () => "Check state.api_key.",
  },
  403: {
    code: "shared_state_refused",
    next: GIVE_UP,
    what: "does not allow this key what it is for",
    cure: (index) => `Give the key in state.api_key the privileges ${STATE_PRIVILEGES.join(", ")} on ${index}.`,
  },
  404: {
    code: "shared_state_refused",
    next: GIVE_UP,
    what: "knows no such index",
    cure: () => "Check that state.hosts are Elasticsearch's own addresses.",
  },
  413: { code: "shared_state_refused", next: RETRY, what: "found the request too large" },
  429: { code: "shared_state_unreachable", next: RETRY, what: "is busy and asks to wait" },
};
const FAILED: Meaning = { code: "shared_state_unreachable", next: RETRY, what: "failed" };
const REFUSED: Meaning = {
  code: "shared_state_refused",
  next: GIVE_UP,
  what: "refused the request",
  cure: (index) => `Look at the index ${index}: its mapping is the runner's, and nothing else may write to it.`,
};

/** What an error's type means, whatever the status: nothing that the key may or may not do. */
const MEANINGS_OF_TYPES: Readonly<Record<string, Meaning>> = {
  cluster_block_exception: {
    code: "shared_state_unreachable",
    next: RETRY,
    what: "takes nothing now",
    cure: (index) =>
      `If a disk is full, make room in the cluster; otherwise take index.blocks.write and index.blocks.read_only out of the settings of ${index}.`,
  },
  index_closed_exception: {
    code: "shared_state_unreachable",
    next: RETRY,
    what: "holds it closed",
    cure: (index) => `Open the index ${index}: POST /${index}/_open.`,
  },
};

/** Why a request or the write of one document failed. */
export function stateProblem(index: string, { status, body }: StateAnswer): RunnerError {
  const ofStatus = MEANINGS[status] ?? (status >= 500 ? FAILED : REFUSED);
  const { code, next, what, cure } = MEANINGS_OF_TYPES[errorOf(body)?.type ?? ""] ?? ofStatus;
  const said = reasonOf(body);
  const page = typeof body === "string" ? withPage(body) : "";
  return new RunnerError(
    code,
    `Elasticsearch, which holds the state in ${index}, ${what} (status ${status}${page}${said === undefined ? "" : `: ${said}`}).`,
    { next, cure: cure?.(index) },
  );
}

/** What is longer than the runner reads. */
export function tooLong(index: string, id?: string): RunnerError {
  const what = id === undefined ? "An answer" : `The document ${id}`;
  return new RunnerError("state_unusable", `${what} of the shared state in ${index} is too long to be the runner's.`, {
    next: RETRY,
    cure: "Something else has written to the index: delete the document.",
  });
}

const failure = z.object({ type: z.string(), reason: z.string().nullish() });

function errorOf(body: unknown): z.infer<typeof failure> | undefined {
  return z.object({ error: failure }).safeParse(body).data?.error;
}

function reasonOf(body: unknown): string | undefined {
  const error = errorOf(body);
  return error === undefined ? undefined : `${error.type}: ${error.reason ?? "no reason given"}`.slice(0, 500);
}

/** Whether the index is there after it was asked to be made; throws why it can't be. */
export function requireMade(index: string, answer: StateAnswer): void {
  const isThere = answer.status === 200 || errorOf(answer.body)?.type === "resource_already_exists_exception";
  if (!isThere) {
    throw stateProblem(index, answer);
  }
}

const seqNo = z.int().min(0);
const primaryTerm = z.int().min(1);
const documents = z.object({
  docs: z.array(
    z.union([
      z.object({ _id: z.string(), found: z.literal(false) }),
      z.object({
        _id: z.string(),
        found: z.literal(true),
        _seq_no: seqNo,
        _primary_term: primaryTerm,
        _source: z.unknown(),
      }),
      z.object({ _id: z.string(), error: failure }),
    ]),
  ),
});

/** The documents of an answer to `_mget`; undefined if there is no index. Throws unless it tells of each id. */
export function readDocuments(
  index: string,
  answer: StateAnswer,
  ids: readonly string[],
): ReadonlyMap<string, VersionedDocument> | undefined {
  if (answer.status === 404) {
    requireNoIndex(index, answer);
    return undefined;
  }
  requireSuccess(index, answer);
  const docs = documents.safeParse(answer.body).data?.docs;
  if (docs === undefined || docs.length !== ids.length || docs.some(({ _id }, at) => _id !== ids[at])) {
    throw unreadable(index, answer);
  }
  const found = new Map<string, VersionedDocument>();
  for (const doc of docs) {
    if ("error" in doc) {
      if (doc.error.type === NO_INDEX) {
        return undefined;
      }
      throw stateProblem(index, { status: doc.error.type === NOT_ALLOWED ? 403 : 503, body: doc });
    }
    if (doc.found) {
      const version = { seqNo: doc._seq_no, primaryTerm: doc._primary_term };
      found.set(doc._id, { value: doc._source, version });
    }
  }
  return found;
}

const NO_INDEX = "index_not_found_exception";
const NOT_ALLOWED = "security_exception";

/** A 404 of something else than Elasticsearch must not pass for a state that is empty. */
function requireNoIndex(index: string, answer: StateAnswer): void {
  if (errorOf(answer.body)?.type !== NO_INDEX) {
    throw stateProblem(index, answer);
  }
}

function requireSuccess(index: string, answer: StateAnswer): void {
  if (answer.status < 200 || answer.status >= 300) {
    throw stateProblem(index, answer);
  }
}

function unreadable(index: string, { body }: StateAnswer): RunnerError {
  const page = typeof body === "string" ? withPage(body) : "";
  return new RunnerError(
    "shared_state_unreachable",
    `The answer of Elasticsearch, which holds the state in ${index}, can't be read${page}.`,
    { next: RETRY, cure: "Check that state.hosts are Elasticsearch and not another service." },
  );
}

const written = z.object({
  _id: z.string(),
  status: z.int(),
  _seq_no: seqNo.optional(),
  _primary_term: primaryTerm.optional(),
  error: failure.optional(),
});
const items = z.object({ items: z.array(z.record(z.string(), written)) });

/** What became of each write of a `_bulk`: the new version, or undefined where another was first. Throws if one failed otherwise. */
export function readWrites(index: string, answer: StateAnswer, ids: readonly string[]): (Version | undefined)[] {
  requireSuccess(index, answer);
  const all = items.safeParse(answer.body).data?.items.map((item) => Object.values(item)[0]);
  if (all === undefined || all.length !== ids.length || all.some((item, at) => item?._id !== ids[at])) {
    throw unreadable(index, answer);
  }
  return all.map((item) => {
    const { status, _seq_no, _primary_term, error } = item as z.output<typeof written>;
    if (status === 409 || status === 404) {
      return undefined;
    }
    if (status < 200 || status >= 300) {
      throw stateProblem(index, { status, body: { error } });
    }
    if (_seq_no === undefined || _primary_term === undefined) {
      throw unreadable(index, answer);
    }
    return { seqNo: _seq_no, primaryTerm: _primary_term };
  });
}

/** A document of cursors as a search finds it, which may lag behind by seconds. */
export interface FoundDocument {
  readonly id: string;
  readonly org: string;
  readonly source: string;
}

const hit = z.object({ _id: z.string() });
const hitWithSource = hit.extend({ _source: z.object({ org: z.string(), source: z.string() }) });

/** The documents of an answer to `_search`; none if there is no index. */
export function readFound(index: string, answer: StateAnswer): readonly FoundDocument[] {
  return hitsOf(index, answer, hitWithSource).map(({ _id, _source }) => ({ id: _id, ..._source }));
}

/** The same, their ids alone. */
export function readFoundIds(index: string, answer: StateAnswer): readonly string[] {
  return hitsOf(index, answer, hit).map(({ _id }) => _id);
}

function hitsOf<H extends z.ZodType>(index: string, answer: StateAnswer, of: H): ReadonlyArray<z.infer<H>> {
  if (answer.status === 404) {
    requireNoIndex(index, answer);
    return [];
  }
  requireSuccess(index, answer);
  const found = z.object({ hits: z.object({ hits: z.array(of) }) }).safeParse(answer.body);
  if (!found.success) {
    throw unreadable(index, answer);
  }
  return found.data.hits.hits;
}
