import { describe, expect, test } from "vitest";
import type { Standing } from "../coordination/standing.ts";
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

describe("an input that several hosts share", () => {
  const holder = { id: "1", name: "other.example" };
  const since = "2026-07-20T12:00:00.000Z";
  const by: Standing = { is: "standing by", holder, term: 7, since };
  const holding: Standing = { is: "holding", holder: { id: "2", name: "here.example" }, term: 8, since, left: 7_000 };
  const waiting: Standing = { is: "waiting", holder: undefined, term: 8, since };
  const away = new RunnerError("shared_state_unreachable", "The state is away.", { next: RETRY });
  const refused = new RunnerError("shared_state_refused", "The key is refused.", { next: GIVE_UP });

  test.each<[string, Standing, readonly StreamStanding[], number, string]>([
    [
      "is well while another collects it, whatever its streams said before",
      by,
      [standing("login", LOGIN_REFUSED)],
      STATE.healthy,
      `Standing by: other.example collects the org since ${since}, in term 7.`,
    ],
    ["is starting until it has a holder", waiting, [], STATE.starting, "Waiting to collect the org."],
    [
      "is as well as its streams where it is collected",
      holding,
      [standing("login")],
      STATE.healthy,
      "Collecting login.\nhere.example (this host) collects the org, in term 8.",
    ],
    [
      "goes on for a while without the shared state",
      { ...holding, problem: away },
      [standing("login")],
      STATE.degraded,
      "Collecting login.\nThe state is away. This host goes on with the org for 7s, and stops then until the shared state answers; nothing is lost.",
    ],
    [
      "waits for the shared state",
      { ...waiting, problem: away },
      [],
      STATE.degraded,
      "The state is away. This host collects nothing of the org until the shared state answers; nothing is lost.",
    ],
    [
      "needs a person where the key is refused",
      { ...by, problem: refused },
      [],
      STATE.failed,
      "The key is refused. This host collects nothing of the org until the shared state answers; nothing is lost.",
    ],
  ])("%s", (_, shared, standings, state, message) => {
    expect(inputHealth(standings, shared)).toMatchObject({ state, message, payload: { lease: { term: shared.term } } });
  });
});
