import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeKibana, startFakeKibana } from "../../_dev/shared/fake_kibana/fake_kibana.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { createHttp, type Http } from "../core/http.ts";
import { createLog } from "../core/log.ts";
import { Secret } from "../core/secret.ts";
import type { Policy } from "../policy/policy.ts";
import { followKibanaPolicy, kibanaPolicyAddress } from "./kibana_policy.ts";

let kibana: FakeKibana;
let http: Http;
let clock: ManualClock;
let lines: string[];
let stop: AbortController;

beforeEach(async () => {
  kibana = await startFakeKibana({ authorization: "ApiKey a2V5" });
  http = createHttp();
  clock = new ManualClock();
  lines = [];
  stop = new AbortController();
  kibana.policies.set("p1", { id: "p1", revision: 1 });
});
afterEach(async () => {
  stop.abort();
  http.close();
  await kibana.close();
});

/** Policies are told apart by the revision in their one warning. */
async function parse(policy: unknown): Promise<Policy> {
  const { revision, bad } = policy as { revision: number; bad?: boolean };
  if (bad === true) {
    throw new RunnerError("policy_invalid", `Revision ${revision} is wrong.`, { next: GIVE_UP });
  }
  return { inputs: [], brokenInputs: [], warnings: [`revision ${revision}`] };
}

function follow(apiKey = "a2V5") {
  return followKibanaPolicy(
    `${kibana.url}/app/fleet/policies/p1`,
    {
      http,
      credentials: { apiKey: new Secret(apiKey) },
      parse,
      clock,
      log: createLog((level, message) => lines.push(`${level}: ${message}`)),
    },
    stop.signal,
  );
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !condition(); turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(condition()).toBe(true);
}

/** Lets the follower ask once more, and waits until it has the answer. */
async function askAgain(): Promise<void> {
  await until(() => clock.sleeping === 1);
  clock.advance(30_000);
}

const revisionOf = (result: IteratorResult<Policy>) => (result.done === true ? "ended" : result.value.warnings[0]);

describe("following a policy in Kibana", () => {
  test("gives the first revision at once and later ones as they come", async () => {
    const policies = follow();
    expect(revisionOf(await policies.next())).toBe("revision 1");
    const second = policies.next();
    await askAgain();
    await until(() => clock.sleeping === 1);
    kibana.policies.set("p1", { id: "p1", revision: 2 });
    await askAgain();
    expect(revisionOf(await second)).toBe("revision 2");
    expect(kibana.asked).toEqual(Array(3).fill("/api/fleet/agent_policies/p1/full?standalone=true"));
    expect(lines.map((line) => line.replace(/ of .*/, ""))).toEqual([
      "info: Took revision 1",
      "info: Took over revision 2",
    ]);
  });

  test("takes over a change of the outputs that has no revision of its own", async () => {
    const policies = follow();
    await policies.next();
    const next = policies.next();
    kibana.policies.set("p1", { id: "p1", revision: 1, outputs: { default: { hosts: ["https://other"] } } });
    await askAgain();
    expect(revisionOf(await next)).toBe("revision 1");
  });

  test("goes on with what runs while Kibana is away or its policy is wrong, and says each once", async () => {
    const policies = follow();
    await policies.next();
    const next = policies.next();
    kibana.faults.push({ status: 503, body: "" }, { status: 503, body: "" });
    kibana.policies.set("p1", { id: "p1", revision: 2, bad: true });
    for (let round = 0; round < 4; round += 1) {
      await askAgain();
    }
    await until(() => clock.sleeping === 1);
    kibana.policies.set("p1", { id: "p1", revision: 3 });
    await askAgain();
    expect(revisionOf(await next)).toBe("revision 3");
    const errors = lines.filter((line) => line.startsWith("error"));
    expect(errors).toHaveLength(2);
    expect(errors[0]).toMatch(/not available \(503\)\. The policy from before goes on\.$/);
    expect(errors[1]).toBe("error: Revision 2 is wrong. The policy from before goes on.");
  });

  test("waits for a Kibana that is not there yet", async () => {
    kibana.faults.push({ status: 503, body: "" });
    const policies = follow();
    const first = policies.next();
    await askAgain();
    expect(revisionOf(await first)).toBe("revision 1");
    expect(lines[0]).toMatch(/It is asked again\.$/);
  });

  test.each([
    ["a wrong key", "b3RoZXI=", {}, "kibana_login_refused"],
    ["an unknown policy", "a2V5", undefined, "kibana_refused"],
    ["a wrong policy", "a2V5", { revision: 1, bad: true }, "policy_invalid"],
  ])("%s at the start is an error", async (_, apiKey, policy, code) => {
    kibana.policies.set("p1", policy);
    await expect(follow(apiKey).next()).rejects.toMatchObject({ code, fault: "configuration" });
  });

  test("ends with the signal, also in the middle of a request", async () => {
    const policies = follow();
    await policies.next();
    const next = policies.next();
    stop.abort();
    expect(revisionOf(await next)).toBe("ended");
  });
});

describe("the address of a policy", () => {
  const api = "https://k.example.com/api/fleet/agent_policies/p-1/full?standalone=true";
  test.each([
    ["https://k.example.com/app/fleet/policies/p-1", api],
    ["https://k.example.com/app/fleet/policies/p-1/settings?x=1#y", api],
    ["https://k.example.com/api/fleet/agent_policies/p-1/full", api],
    ["https://k.example.com/s/ops/app/fleet/policies/p-1", api.replace(".com/", ".com/s/ops/")],
    ["http://localhost:5601/app/fleet/policies/p-1", api.replace("https://k.example.com", "http://localhost:5601")],
  ])("%s", (address, url) => {
    expect(kibanaPolicyAddress(address).url).toBe(url);
  });

  test.each(["http://k.example.com/app/fleet/policies/p", "https://k.example.com/app/fleet", "k", "https://u:p@k/x"])(
    "%s is refused with an example",
    (address) => {
      expect(() => kibanaPolicyAddress(address)).toThrow(expect.objectContaining({ code: "usage" }));
    },
  );
});
