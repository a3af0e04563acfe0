import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { EVENT_TYPES, OBJECTS, PUBLISHED_OBJECTS } from "../../src/catalog/catalog.ts";
import { pipelineTestInputs, staleInputs } from "./build_pipeline_tests.ts";
import { flatten } from "./pipeline_tests/comparison.ts";
import { type Json, pipelineTestCases, readExpected } from "./pipeline_tests/test_case.ts";

const ROOT = join(import.meta.dirname, "../..");

const LIVE_STREAMS = [...new Set(PUBLISHED_OBJECTS.map(({ stream }) => stream))];

test("every event type and object of the catalogue has a pipeline test with several events", async () => {
  const inputs = await pipelineTestInputs(ROOT);
  const tested = inputs.filter(({ events }) => events.length > 1).map(({ name }) => name);
  const others = [
    "InvocableAction",
    "LightningInteraction",
    "VisualforceRequest",
    ...LIVE_STREAMS.map((stream) => `live-events of ${stream}`),
  ];
  expect(tested.sort()).toEqual([...[...EVENT_TYPES, ...OBJECTS].map(({ name }) => name), ...others].sort());
});

test("no input differs from its rows: else run npm run generate", async () => {
  expect((await staleInputs(ROOT)).map(({ path }) => relative(ROOT, path))).toEqual([]);
});

/** What is in the stored document alone, and in the live one alone, of what its topic says (Platform Events guide, the pages of the streams). */
const DIFFERENT: Readonly<Record<string, { readonly stored?: readonly string[]; readonly live?: readonly string[] }>> =
  {
    LoginEvent: {
      stored: ["http.request.referrer", "salesforce.login.auth.context_class_reference"],
      live: ["salesforce.login.remote_identifier"],
    },
    ApiEvent: { live: ["salesforce.api.action_name", "salesforce.api.operation_status"] },
    LoginAnomalyEventStore: {
      stored: [
        "salesforce.threat.number",
        "salesforce.threat.unmapped.FeatureContribution",
        "salesforce.threat.unmapped.FeatureName",
        "salesforce.threat.unmapped.FeatureValue",
      ],
    },
    ...Object.fromEntries(
      PUBLISHED_OBJECTS.filter(({ stream, name }) => stream === "threat" && name !== "LoginAnomalyEventStore").map(
        ({ name }) => [name, { stored: ["salesforce.threat.number"] }],
      ),
    ),
  };

/** How the two always differ. */
const ORIGIN = ["event.provider", "salesforce.collection.interval"];

describe.each(LIVE_STREAMS)("live events of %s", (stream) => {
  const sent = new Map<unknown, { readonly live: boolean; readonly document: Json }[]>();
  for (const testCase of pipelineTestCases({ path: join(ROOT, "data_stream", stream) })) {
    const live = testCase.name === "test-live-events.json";
    for (const [at, document] of readExpected(testCase).entries()) {
      const { id } = (testCase.events[at]?.event ?? {}) as Json;
      if (document !== null && id !== undefined) {
        sent.set(id, [...(sent.get(id) ?? []), { live, document }]);
      }
    }
  }
  const types = PUBLISHED_OBJECTS.filter((type) => type.stream === stream).map(({ name }) => name);

  test.each(types)("one of %s has the identity and the fields of its stored record", (name) => {
    const pairs = [...sent.values()].filter((of) =>
      of.some(({ live, document }) => live && flatten(document).get("event.code") === name),
    );
    expect(pairs.map((of) => of.map(({ live }) => live).sort())).toEqual([[false, true]]);
    const [stored = new Map(), live = new Map()] = pairs.flatMap((of) =>
      [false, true].map((isLive) => flatten(of.find((one) => one.live === isLive)?.document ?? {})),
    );
    const lacks = (one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>) =>
      [...one.keys()].filter((field) => !other.has(field) && !ORIGIN.includes(field)).sort();
    expect({ stored: lacks(stored, live), live: lacks(live, stored) }).toEqual({
      stored: [],
      live: [],
      ...DIFFERENT[name],
    });
    const same = [...stored.keys()].filter((field) => live.has(field) && !ORIGIN.includes(field));
    expect(same.length).toBeGreaterThan(10);
    expect(same.map((field) => [field, live.get(field)])).toEqual(same.map((field) => [field, stored.get(field)]));
  });
});
