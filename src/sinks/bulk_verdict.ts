import { type AnswerMeaning, GIVE_UP, RETRY, RunnerError } from "../core/errors.ts";
import { withoutSecrets } from "../core/secret.ts";
import { isPage } from "../core/web_page.ts";

/** What Elasticsearch said to a bulk request, as far as it is read. */
export interface BulkAnswer {
  readonly status: number;
  readonly body: unknown;
  /** What it asks to wait, in milliseconds. */
  readonly retryAfter?: number | undefined;
}

/** Indexes are positions in the request. */
export interface BulkVerdict {
  readonly created: number;
  /** The backing index of each event that was created, by position. */
  readonly createdIn: readonly (string | undefined)[];
  readonly existing: number;
  readonly refused: ReadonlyArray<{ readonly at: number; readonly type: string; readonly reason: string }>;
  readonly retry: readonly number[];
  /** The request as a whole is too large: send it in halves. */
  readonly tooLarge: boolean;
  /** Nothing is known of what is to be sent again: it may have been stored. */
  readonly unsure: boolean;
  /** Why there is something to retry. */
  readonly problem: RunnerError | undefined;
  /** Whether that is of the whole request; otherwise of some events. */
  readonly whole: boolean;
  /** Milliseconds to wait before that at least; 0 if nothing was said. */
  readonly wait: number;
}

/** The part of a bulk answer that is asked for with `filter_path`. */
export const BULK_FILTER =
  "errors,items.create.status,items.create._index,items.create.error.type,items.create.error.reason";

/** Item errors that come from the cluster's state or the package, not from the document: sent again until it is mended. */
const NOT_THE_DOCUMENT: ReadonlyArray<{ readonly type: RegExp; readonly reason?: RegExp; readonly cure: string }> = [
  {
    type: /^illegal_argument_exception$/,
    reason: /pipeline with id \[.*\] does not exist/,
    cure: "Install the package AQUILA for Salesforce (its ingest pipelines are missing).",
  },
  {
    type: /^index_not_found_exception$/,
    cure: "Install the package AQUILA for Salesforce (its index templates are missing).",
  },
  {
    type: /^illegal_argument_exception$/,
    reason: /require_data_stream/,
    cure: "Install the package AQUILA for Salesforce (its index templates are missing).",
  },
  {
    type: /^validation_exception$/,
    reason: /shards/,
    cure: "The cluster has as many shards as it may have: delete old indices, or raise cluster.max_shards_per_node.",
  },
  {
    type: /^index_closed_exception$/,
    cure: "The data stream's write index is closed: open it, or roll the data stream over.",
  },
  { type: /^invalid_index_name_exception$/, cure: "Correct the namespace of the policy." },
  { type: /^security_exception$/, cure: "Give the key the privileges auto_configure and create_doc on logs-*." },
  {
    type: /^cluster_block_exception$/,
    cure: "If a disk is full, make room in the cluster; otherwise take index.blocks.write and index.blocks.read_only out of the index's settings.",
  },
];

const PAGE_CURE =
  "A page in place of an answer comes from a proxy, a sign-in or another service: check the output's hosts and proxy_url.";

const NOTHING = {
  created: 0,
  createdIn: [],
  existing: 0,
  refused: [],
  tooLarge: false,
  whole: true,
  wait: 0,
} as const;

/** Statuses of a whole request that may come, from what lies between, after Elasticsearch has stored events. */
const MAY_BE_STORED: readonly number[] = [500, 502, 504];

/** The verdict on `count` events of which nothing is known, because there was no answer. */
export function noAnswer(count: number, problem: RunnerError, unsure = true): BulkVerdict {
  return { ...NOTHING, retry: everyPosition(count), problem, unsure };
}

/** What each event's fate is. Pure; the only place that reads the statuses and error types of bulk requests. */
export function bulkVerdict(answer: BulkAnswer, count: number): BulkVerdict {
  const whole = wholeRequestProblem(answer);
  const wait = answer.retryAfter ?? 0;
  if (whole !== undefined) {
    const tooLarge = answer.status === 413;
    const unsure = MAY_BE_STORED.includes(answer.status);
    return { ...NOTHING, tooLarge, retry: everyPosition(count), problem: whole, unsure, wait };
  }
  const items = itemsOf(answer.body);
  if (items === undefined || items.length !== count) {
    const page = isWebPage(answer.body);
    const what = page ? "is a web page" : "can't be read";
    const problem = new RunnerError("answer_unreadable", `Elasticsearch's answer to a bulk request ${what}.`, {
      next: RETRY,
      cure: page ? PAGE_CURE : "Check that the output's hosts are Elasticsearch and not another service.",
    });
    return noAnswer(count, problem);
  }
  let created = 0;
  let existing = 0;
  const createdIn: (string | undefined)[] = [];
  const refused: Array<{ at: number; type: string; reason: string }> = [];
  const retry: number[] = [];
  let problem: RunnerError | undefined;
  items.forEach((item, at) => {
    const { status, error } = item.create;
    if (status === 200 || status === 201) {
      created += 1;
      createdIn[at] = item.create._index;
    } else if (status === 409) {
      existing += 1;
    } else {
      const again = itemProblem(status, error);
      if (again === undefined) {
        refused.push({
          at,
          type: error?.type ?? `status_${status}`,
          reason: withoutSecrets(error?.reason ?? "no reason given"),
        });
      } else {
        retry.push(at);
        problem ??= again;
      }
    }
  });
  return { created, createdIn, existing, refused, retry, tooLarge: false, unsure: false, problem, whole: false, wait };
}

/**
 * What keeps an output from taking events, by its answer to `HEAD /`: a key that may only write may be refused here, so only
 * what would concern every request counts. Pure.
 */
export function probeProblem(status: number): RunnerError | undefined {
  return status === 401 || status >= 500 ? wholeRequestProblem({ status, body: undefined }) : undefined;
}

/** What the status of a whole request means; any other of 500 and above is a failure, of the rest a refusal. */
const MEANINGS: Readonly<Record<number, AnswerMeaning>> = {
  401: {
    code: "output_refused",
    next: GIVE_UP,
    what: "refused the key",
    cure: "Check the output's api_key, or username and password.",
  },
  403: {
    code: "output_refused",
    next: GIVE_UP,
    what: "does not allow this key to write",
    cure: "Give the key the privileges auto_configure and create_doc on logs-*.",
  },
  413: { code: "output_busy", next: RETRY, what: "found the request too large" },
  429: { code: "output_busy", next: RETRY, what: "is busy and asks to wait" },
};
const FAILED: AnswerMeaning = { code: "output_unreachable", next: RETRY, what: "failed" };
const REFUSED: AnswerMeaning = {
  code: "output_refused",
  next: GIVE_UP,
  what: "refused the request",
  cure: "Check that the output's hosts are Elasticsearch.",
};

function wholeRequestProblem({ status, body }: BulkAnswer): RunnerError | undefined {
  if (status >= 200 && status < 300) {
    return undefined;
  }
  const { code, next, what, cure } = MEANINGS[status] ?? (status >= 500 ? FAILED : REFUSED);
  if (isWebPage(body)) {
    return new RunnerError(code, `Elasticsearch ${what} (status ${status}, a web page).`, { next, cure: PAGE_CURE });
  }
  const said = reasonOf(body);
  return new RunnerError(code, `Elasticsearch ${what} (status ${status}${said === undefined ? "" : `: ${said}`}).`, {
    next,
    cure,
  });
}

function isWebPage(body: unknown): boolean {
  return typeof body === "string" && isPage(body);
}

function itemProblem(status: number, error: ItemError | undefined): RunnerError | undefined {
  const said = `${error?.type ?? `status ${status}`}: ${error?.reason ?? "no reason given"}`;
  if (status === 429 || status >= 500) {
    return new RunnerError("output_busy", `Elasticsearch could not take some events now (${said}).`, { next: RETRY });
  }
  const known = NOT_THE_DOCUMENT.find(
    ({ type, reason }) => type.test(error?.type ?? "") && (reason === undefined || reason.test(error?.reason ?? "")),
  );
  if (known !== undefined) {
    return new RunnerError("output_refused", `Elasticsearch refuses events (${said}).`, {
      next: GIVE_UP,
      cure: known.cure,
    });
  }
  return undefined;
}

interface ItemError {
  readonly type?: string;
  readonly reason?: string;
}
interface Item {
  readonly create: { readonly status: number; readonly _index?: string; readonly error?: ItemError };
}

function itemsOf(body: unknown): readonly Item[] | undefined {
  const items = (body as { items?: unknown } | null)?.items;
  const readable = Array.isArray(items) && items.every((item) => typeof item?.create?.status === "number");
  return readable ? items : undefined;
}

function reasonOf(body: unknown): string | undefined {
  const error = (body as { error?: unknown } | null)?.error;
  if (typeof error === "string") {
    return error;
  }
  const reason = (error as { reason?: unknown } | null | undefined)?.reason;
  return typeof reason === "string" ? reason : undefined;
}

function everyPosition(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}
