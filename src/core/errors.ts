import { withoutSecrets } from "./secret.ts";

/** Whose doing an error is. It decides the health that is shown: `configuration` needs a person, `remote` heals by itself. */
export type Fault = "configuration" | "remote" | "ours";

/**
 * Whom an error concerns when it comes of one file or window: with `org` every further one would meet it, with `part` it is
 * that one's alone. A refusal (401, 403, 429) is the part's: if it is the org's, the next listing meets it too.
 */
export type Scope = "org" | "part";

/** What the caller does next. `waitUntil.at` is in milliseconds since the epoch. */
export type NextStep =
  | { readonly do: "retry" }
  | { readonly do: "refresh" }
  | { readonly do: "waitUntil"; readonly at: number }
  | { readonly do: "giveUp" };

export const RETRY: NextStep = { do: "retry" };
export const REFRESH: NextStep = { do: "refresh" };
export const GIVE_UP: NextStep = { do: "giveUp" };

/** Every error that the runner knows: whose fault it is, and whom it concerns. A caller switches on the code. */
export const ERRORS = {
  // command line, policy and local files
  usage: { fault: "configuration", scope: "org" },
  policy_unreadable: { fault: "configuration", scope: "org" },
  policy_invalid: { fault: "configuration", scope: "org" },
  data_directory_unusable: { fault: "configuration", scope: "org" },
  data_directory_locked: { fault: "configuration", scope: "org" },
  state_unusable: { fault: "ours", scope: "org" },
  // Elastic Agent
  start_up_info_unreadable: { fault: "configuration", scope: "org" },
  agent_home_unusable: { fault: "configuration", scope: "org" },
  // Kibana
  kibana_login_refused: { fault: "configuration", scope: "org" },
  kibana_refused: { fault: "configuration", scope: "org" },
  kibana_busy: { fault: "remote", scope: "org" },
  // key and login
  key_unreadable: { fault: "configuration", scope: "org" },
  key_not_pem: { fault: "configuration", scope: "org" },
  key_not_rsa: { fault: "configuration", scope: "org" },
  key_too_weak: { fault: "configuration", scope: "org" },
  key_passphrase_missing: { fault: "configuration", scope: "org" },
  key_passphrase_wrong: { fault: "configuration", scope: "org" },
  login_refused: { fault: "configuration", scope: "org" },
  login_rate_exceeded: { fault: "remote", scope: "org" },
  clock_off: { fault: "configuration", scope: "org" },
  // the way to a host
  host_unknown: { fault: "remote", scope: "org" },
  host_unreachable: { fault: "remote", scope: "org" },
  connection_lost: { fault: "remote", scope: "part" },
  timed_out: { fault: "remote", scope: "part" },
  tls_refused: { fault: "configuration", scope: "org" },
  answer_unreadable: { fault: "remote", scope: "part" },
  // Salesforce
  session_expired: { fault: "remote", scope: "part" },
  request_limit_exceeded: { fault: "remote", scope: "part" },
  too_many_requests: { fault: "remote", scope: "part" },
  permission_missing: { fault: "configuration", scope: "part" },
  api_disabled: { fault: "configuration", scope: "part" },
  api_version_retired: { fault: "configuration", scope: "part" },
  column_unknown: { fault: "remote", scope: "part" },
  object_unknown: { fault: "configuration", scope: "part" },
  query_refused: { fault: "ours", scope: "part" },
  query_timed_out: { fault: "remote", scope: "part" },
  not_found: { fault: "remote", scope: "part" },
  server_error: { fault: "remote", scope: "part" },
  replay_refused: { fault: "remote", scope: "part" },
  file_truncated: { fault: "remote", scope: "part" },
  file_malformed: { fault: "remote", scope: "part" },
  // Elasticsearch and files
  output_unreachable: { fault: "remote", scope: "org" },
  output_busy: { fault: "remote", scope: "org" },
  output_refused: { fault: "configuration", scope: "org" },
  collected_twice: { fault: "configuration", scope: "part" },
  events_refused: { fault: "remote", scope: "org" },
  output_unwritable: { fault: "configuration", scope: "org" },
  // state that several hosts share
  shared_state_unreachable: { fault: "remote", scope: "org" },
  shared_state_refused: { fault: "configuration", scope: "org" },
  lease_lost: { fault: "remote", scope: "org" },
  // what should not happen
  internal: { fault: "ours", scope: "part" },
} as const satisfies Record<string, { readonly fault: Fault; readonly scope: Scope }>;

export type ErrorCode = keyof typeof ERRORS;

export interface RunnerErrorOptions {
  readonly next: NextStep;
  /** What a person does about it, as one sentence; part of `text`. */
  readonly cure?: string | undefined;
  readonly cause?: unknown;
}

/** What an answer of a far side means. */
export interface AnswerMeaning {
  readonly code: ErrorCode;
  readonly next: NextStep;
  /** Milliseconds before a retry, where the answer itself names none. */
  readonly wait?: number;
  /** The end of a sentence that begins with who answered. */
  readonly what: string;
  readonly cure?: string;
}

/**
 * The one error class. `message` says what happened, `cure` what mends it, `next` what the caller does.
 * Neither ever holds a secret: what a far side has said in them is cleaned of all that are held.
 */
export class RunnerError extends Error {
  readonly code: ErrorCode;
  readonly next: NextStep;
  readonly cure: string | undefined;

  constructor(code: ErrorCode, message: string, options: RunnerErrorOptions) {
    super(withoutSecrets(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "RunnerError";
    this.code = code;
    this.next = options.next;
    this.cure = options.cure === undefined ? undefined : withoutSecrets(options.cure);
  }

  get fault(): Fault {
    return ERRORS[this.code].fault;
  }

  get scope(): Scope {
    return ERRORS[this.code].scope;
  }

  /** Cause and cure as a person reads them. */
  get text(): string {
    return this.cure === undefined ? this.message : `${this.message} ${this.cure}`;
  }
}

/** What anything that was thrown says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An error of unknown kind as a RunnerError; what is not ours already is a defect of the runner. */
export function asRunnerError(error: unknown): RunnerError {
  if (error instanceof RunnerError) {
    return error;
  }
  return new RunnerError("internal", messageOf(error), { next: RETRY, cause: error });
}
