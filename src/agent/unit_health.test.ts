import { describe, expect, test } from "vitest";
import { GIVE_UP, RETRY, RunnerError } from "../core/errors.ts";
import { STATE } from "./control_protocol.ts";
import { brokenHealth, inputHealth, outputHealth, type StreamStanding } from "./unit_health.ts";

function standing(name: string, changes: Partial<StreamStanding> = {}): StreamStanding {
  const [dataset = name] = name.split(" ");
  return { streamId: `${name}-1`, dataset, name, health: "healthy", message: "", events: 0, ...changes };
}

const LOGIN_REFUSED = { health: "failed", message: "Salesforce refused the login. Assign it." } as const;
const BUSY = { health: "degraded", message: "The org's calls are used up." } as const;

describe("an input is as bad as its worst stream", () => {
  const cases: ReadonlyArray<readonly [string, readonly StreamStanding[], number, string]> = [
    ["none has told anything", [], STATE.starting, "Logging in to the org and looking for events."],
    [
      "one is starting",
      [standing("login", { health: "starting" })],
      STATE.starting,
      "Logging in to the org and looking for events.",
    ],
    ["all are well", [standing("login"), standing("apex")], STATE.healthy, "Collecting login, apex."],
    [
      "objects of one stream are well",
      [standing("login"), standing("login LoginEvent"), standing("api ApiEvent")],
      STATE.healthy,
      "Collecting login, api.",
    ],
    [
      "the first round delivers",
      [standing("login", { health: "starting", events: 1 })],
      STATE.healthy,
      "Collecting login.",
    ],
    ["one heals by itself", [standing("login"), standing("apex", BUSY)], STATE.degraded, `apex: ${BUSY.message}`],
    [
      "all have the same trouble",
      [standing("login", LOGIN_REFUSED), standing("apex", LOGIN_REFUSED)],
      STATE.failed,
      `login, apex: ${LOGIN_REFUSED.message}`,
    ],
    [
      "the worst is told first",
      [standing("login", BUSY), standing("apex", LOGIN_REFUSED)],
      STATE.failed,
      `apex: ${LOGIN_REFUSED.message}\nlogin: ${BUSY.message}`,
    ],
  ];
  test.each(cases)("%s", (_name, standings, state, message) => {
    expect(inputHealth(standings)).toMatchObject({ state, message });
  });

  test("the payload tells each stream", () => {
    expect(inputHealth([standing("login", { events: 7 }), standing("apex", BUSY)]).payload).toEqual({
      streams: {
        "login-1": { status: "HEALTHY", events: 7 },
        "apex-1": { status: "DEGRADED", error: BUSY.message, events: 0 },
      },
    });
  });

  test("the payload has one entry for a stream with several sources, as bad as the worst", () => {
    const object = standing("login LoginEvent", { streamId: "login-1", ...BUSY, events: 2 });
    expect(inputHealth([standing("login", { events: 7 }), object]).payload).toEqual({
      streams: { "login-1": { status: "DEGRADED", error: BUSY.message, events: 9 } },
    });
  });

  test("a message has an end", () => {
    const { message } = inputHealth([standing("login", { health: "failed", message: "x".repeat(5_000) })]);
    expect(message).toHaveLength(2_000);
    expect(message.endsWith("…")).toBe(true);
  });
});

test.each([
  ["flows", undefined, STATE.healthy],
  ["is down", new RunnerError("output_unreachable", "No answer.", { next: RETRY }), STATE.degraded],
  ["is refused", new RunnerError("output_refused", "Refused.", { next: GIVE_UP }), STATE.failed],
])("an output whose delivery %s", (_name, problem, state) => {
  const health = outputHealth(problem);
  expect(health.state).toBe(state);
  expect(health.message).toContain(problem?.text ?? "Events are delivered.");
});

test("a broken unit fails with cause and cure", () => {
  const error = new RunnerError("policy_invalid", "auth is missing.", { next: GIVE_UP, cure: "Fill it in." });
  expect(brokenHealth(error)).toEqual({ state: STATE.failed, message: "auth is missing. Fill it in." });
});
