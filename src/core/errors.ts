import { withoutSecrets } from "./secret.ts";

/** Whose doing an error is. It decides the health that is shown: `configuration` needs a person, `remote` heals by itself. */
export type Fault = "configuration" | "remote" | "ours";

/** What the caller does next. `waitUntil.at` is in milliseconds since the epoch. */
export type NextStep =
  | { readonly do: "retry" }
  | { readonly do: "refresh" }
  | { readonly do: "waitUntil"; readonly at: number }
  | { readonly do: "giveUp" };

export const RETRY: NextStep = { do: "retry" };
export const REFRESH: NextStep = { do: "refresh" };
export const GIVE_UP: NextStep = { do: "giveUp" };

/** Every error that the runner knows, with whose fault it is. A caller switches on the code. */
export const ERROR_FAULTS = {
  // command line, policy and local files
  usage: "configuration",
  policy_unreadable: "configuration",
  policy_invalid: "configuration",
  data_directory_unusable: "configuration",
  data_directory_locked: "configuration",
  state_unusable: "ours",
  // Elastic Agent
  start_up_info_unreadable: "configuration",
  agent_home_unusable: "configuration",
  // Kibana
  kibana_login_refused: "configuration",
  kibana_refused: "configuration",
  kibana_busy: "remote",
  // key and login
  key_unreadable: "configuration",
  key_not_pem: "configuration",
  key_not_rsa: "configuration",
  key_too_weak: "configuration",
  key_passphrase_missing: "configuration",
  key_passphrase_wrong: "configuration",
  login_refused: "configuration",
  login_rate_exceeded: "remote",
  clock_off: "configuration",
  // the way to a host
  host_unknown: "remote",
  host_unreachable: "remote",
  connection_lost: "remote",
  timed_out: "remote",
  tls_refused: "configuration",
  answer_unreadable: "remote",
  // Salesforce
  session_expired: "remote",
  request_limit_exceeded: "remote",
  too_many_requests: "remote",
  permission_missing: "configuration",
  api_disabled: "configuration",
  api_version_retired: "configuration",
  column_unknown: "remote",
  object_unknown: "configuration",
  query_refused: "ours",
  query_timed_out: "remote",
  not_found: "remote",
  server_error: "remote",
  file_truncated: "remote",
  file_malformed: "remote",
  // Elasticsearch and files
  output_unreachable: "remote",
  output_busy: "remote",
  output_refused: "configuration",
  output_unwritable: "configuration",
  // what should not happen
  internal: "ours",
} as const satisfies Record<string, Fault>;

export type ErrorCode = keyof typeof ERROR_FAULTS;

export interface RunnerErrorOptions {
  readonly next: NextStep;
  /** What a person does about it, as one sentence; part of `text`. */
  readonly cure?: string;
  readonly cause?: unknown;
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
    return ERROR_FAULTS[this.code];
  }

  /** Cause and cure as a person reads them. */
  get text(): string {
    return this.cure === undefined ? this.message : `${this.message} ${this.cure}`;
  }
}

/** An error of unknown kind as a RunnerError; what is not ours already is a defect of the runner. */
export function asRunnerError(error: unknown): RunnerError {
  if (error instanceof RunnerError) {
    return error;
  }
  const message = error instanceof Error ? error.message : String(error);
  return new RunnerError("internal", message, { next: RETRY, cause: error });
}
