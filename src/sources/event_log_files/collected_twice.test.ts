import { afterEach, beforeEach, expect, test } from "vitest";
import { FileCollection } from "../../../_dev/shared/testing/file_collection.ts";

const MINUTE = 60_000;
const hourly = { eventType: "Login", logDate: "2026-07-20T11:00:00Z", interval: "Hourly" } as const;

let collection: FileCollection;
beforeEach(async () => {
  collection = await new FileCollection().open();
});
afterEach(() => collection.close());

async function newFile(id: string, byOthers: boolean): Promise<string> {
  const rows = [`${id}a`, `${id}b`, `${id}c`].map((request) => ({
    EVENT_TYPE: "Login",
    TIMESTAMP: "20260720110000.123",
    REQUEST_ID: request,
  }));
  if (byOthers) {
    for (const { REQUEST_ID } of rows) {
      collection.others.add(REQUEST_ID);
    }
  }
  return (await collection.org.given.logFile({ ...hourly, rows })).id;
}

const told = () => collection.facts.flatMap((fact) => (fact.fact === "collected_twice" ? [fact.parts] : []));

test("new files that are there already mean another runner: it is told once, stays in the status, and ends", async () => {
  collection.start(MINUTE);
  await collection.pass(MINUTE);
  for (const n of [1, 2, 3, 4]) {
    await newFile(`file${n}`, true);
    await collection.pass(MINUTE);
  }
  expect(told()).toEqual([3]);
  expect(collection.report).toMatchObject({
    health: "degraded",
    errorCode: "collected_twice",
    message: expect.stringMatching(/^Of the last 3 new files, 3 were mostly in Elasticsearch .* share their state/),
  });
  for (let n = 5; n <= 12; n += 1) {
    await newFile(`file${n}`, false);
    await collection.pass(MINUTE);
  }
  expect(told()).toEqual([3, 0]);
  expect(collection.report).toMatchObject({ health: "healthy", errorCode: undefined });
});

test("what is older than the runner's first round may have been sent by itself, and says nothing", async () => {
  for (const n of [1, 2, 3, 4]) {
    await newFile(`file${n}`, true);
  }
  collection.clock.advance(MINUTE);
  collection.start(MINUTE);
  await collection.pass(3 * MINUTE);
  expect(collection.sent).toHaveLength(12);
  expect(told()).toEqual([]);
  expect(collection.report.health).toBe("healthy");
});
