import { describe, expect, test } from "vitest";
import { asRunnerError, ERRORS, type ErrorCode, type Fault, RETRY, RunnerError, type Scope } from "./errors.ts";

/** By what a person or a file's neighbour is to expect of an error, not by where it is thrown. */
const EXPECTED: Readonly<Record<`${Fault}, ${Scope}`, readonly ErrorCode[]>> = {
  "configuration, org": [
    "usage",
    "policy_unreadable",
    "policy_invalid",
    "data_directory_unusable",
    "data_directory_locked",
    "start_up_info_unreadable",
    "agent_home_unusable",
    "kibana_login_refused",
    "kibana_refused",
    "key_unreadable",
    "key_not_pem",
    "key_not_rsa",
    "key_too_weak",
    "key_passphrase_missing",
    "key_passphrase_wrong",
    "login_refused",
    "clock_off",
    "tls_refused",
    "output_refused",
    "output_unwritable",
    "shared_state_refused",
  ],
  "remote, org": [
    "kibana_busy",
    "login_rate_exceeded",
    "host_unknown",
    "host_unreachable",
    "output_unreachable",
    "output_busy",
    "events_refused",
    "shared_state_unreachable",
    "lease_lost",
  ],
  "ours, org": ["state_unusable"],
  "configuration, part": [
    "permission_missing",
    "api_disabled",
    "api_version_retired",
    "object_unknown",
    "collected_twice",
  ],
  "remote, part": [
    "connection_lost",
    "timed_out",
    "answer_unreadable",
    "session_expired",
    "request_limit_exceeded",
    "too_many_requests",
    "column_unknown",
    "query_timed_out",
    "not_found",
    "server_error",
    "file_truncated",
    "file_malformed",
    "replay_refused",
  ],
  "ours, part": ["query_refused", "internal"],
};

const rows = Object.entries(EXPECTED).flatMap(([kind, codes]) => codes.map((code) => [code, kind] as const));

describe("whose doing an error is, and whom it concerns", () => {
  test.each(rows)("%s: %s", (code, kind) => {
    const error = new RunnerError(code, "It happened.", { next: RETRY });
    expect(`${error.fault}, ${error.scope}`).toBe(kind);
  });

  test("every code is judged once", () => {
    expect(rows.map(([code]) => code).sort()).toEqual(Object.keys(ERRORS).sort());
  });
});

test("what is not the runner's own error is a defect of it, and keeps its cause", () => {
  const own = new RunnerError("server_error", "Salesforce failed.", { next: RETRY });
  expect(asRunnerError(own)).toBe(own);
  const cause = new TypeError("x is not a function");
  expect(asRunnerError(cause)).toMatchObject({ code: "internal", fault: "ours", next: RETRY, cause });
  expect(asRunnerError("thrown text")).toMatchObject({ code: "internal", message: "thrown text" });
});

test("a person reads the cause, and the cure if there is one", () => {
  expect(new RunnerError("usage", "No policy.", { next: RETRY, cure: "Name one." }).text).toBe("No policy. Name one.");
  expect(new RunnerError("usage", "No policy.", { next: RETRY }).text).toBe("No policy.");
});
