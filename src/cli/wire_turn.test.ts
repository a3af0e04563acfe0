import { expect, test } from "vitest";
import { stringify } from "yaml";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { WatchedDocuments } from "../../_dev/shared/testing/watched_documents.ts";
import { LeaseKeeper } from "../coordination/lease_keeper.ts";
import { timingOf } from "../coordination/timing.ts";
import { createLog } from "../core/log.ts";
import { parsePolicy } from "../policy/parse_policy.ts";
import { knownDatasets } from "./known_datasets.ts";
import { Wiring } from "./wire.ts";

test("why a turn was lost is logged once, however many sources the input has and however often it is found out", async () => {
  const clock = new ManualClock();
  const documents = new WatchedDocuments();
  const keeper = new LeaseKeeper({ documents, me: { id: "a", name: "A" }, timing: timingOf(15_000), clock });
  const turn = await keeper.turns("org", () => {}).next(new AbortController().signal);

  const auth = { login_url: "https://acme.my.salesforce.com", client_id: "3MVG9", username: "u@acme.example" };
  const streams = ["login", "api"].map((name) => ({ data_stream: { dataset: `aquila_salesforce.${name}` } }));
  const { inputs } = parsePolicy(
    stringify({
      outputs: { default: { type: "console" } },
      inputs: [{ id: "input-1", type: "aquila-salesforce", auth: { ...auth, private_key: "-" }, streams }],
    }),
    { datasets: knownDatasets(), environment: {} },
  );
  const lines: string[] = [];
  const wiring = new Wiring({
    stateOf: () => Promise.reject(new Error("nothing is opened")),
    log: createLog((level, message) => lines.push(`${level} ${message}`)),
    clock,
  });
  for (const input of inputs) {
    expect(wiring.run(input, turn).jobs.length).toBeGreaterThan(1);
  }
  expect(lines).toEqual([]);
  clock.advance(11_000);
  turn.holds();
  turn.lose();
  turn.holds();
  expect(lines).toEqual([
    "warn This host could not show in the shared state that it is there, and leaves the org to others.",
  ]);
  await turn.end();
  await keeper.close();
});
