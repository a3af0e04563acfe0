import { afterEach, beforeEach, expect, test } from "vitest";
import { DAY, HOUR, iso, MINUTE, NOW, ObjectRounds } from "../../_dev/shared/testing/object_rounds.ts";
import { MaybeAbsent } from "./absence.ts";

const OBJECT = "ApiAnomalyEventStore";

let rounds: ObjectRounds;
beforeEach(async () => {
  rounds = new ObjectRounds();
  await rounds.start();
});
afterEach(() => rounds.close());

function source(): MaybeAbsent {
  return new MaybeAbsent(rounds.source({ objectName: OBJECT }), {
    name: OBJECT,
    tell: (fact) => rounds.facts.push(fact),
    clock: rounds.machine,
  });
}

const permitted = (...permissions: string[]) =>
  rounds.org.given.user({
    username: rounds.org.username,
    permissions: ["ApiEnabled", ...permissions] as ["ApiEnabled"],
  });

const absences = () => rounds.facts.filter(({ fact }) => fact === "absent");
const requests = async () => (await rounds.org.given.requests()).length;

test("an object that is not there is told once, is no failure and is asked for a few times a day", async () => {
  await permitted();
  const objects = source();
  expect(await rounds.round(objects)).toMatchObject({ error: undefined, end: undefined, documents: [] });
  const asked = await requests();
  for (let minute = 0; minute < 5 * 60; minute += 1) {
    rounds.clock.advance(MINUTE);
    expect(await rounds.round(objects)).toMatchObject({ error: undefined, end: undefined });
  }
  expect(await requests()).toBe(asked);
  rounds.clock.advance(HOUR);
  await rounds.round(objects);
  expect(await requests()).toBeGreaterThan(asked);
  expect(absences()).toMatchObject([{ name: OBJECT, error: { code: "object_unknown" } }]);
});

test.each([-10 * DAY, 10 * DAY])(
  "is asked for again as soon, though the machine's clock was set by %d ms",
  async (set) => {
    await permitted();
    const objects = source();
    await rounds.round(objects);
    const asked = await requests();
    rounds.machineAhead = set;
    rounds.clock.advance(5 * HOUR);
    await rounds.round(objects);
    expect(await requests()).toBe(asked);
    rounds.clock.advance(2 * HOUR);
    await rounds.round(objects);
    expect(await requests()).toBeGreaterThan(asked);
  },
);

test("what was stored while it could not be read comes once it can", async () => {
  await permitted();
  const objects = source();
  await rounds.round(objects);
  await rounds.org.given.records(OBJECT, [{ CreatedDate: iso(NOW + 3 * HOUR), EventDate: iso(NOW) }]);
  await permitted("ViewRealTimeEventMonitoringData");
  rounds.clock.advance(7 * HOUR);
  expect((await rounds.round(objects)).documents).toHaveLength(1);
  expect((await rounds.round(objects)).documents).toHaveLength(0);

  // Taken away again, it is told again.
  await permitted();
  rounds.clock.advance(MINUTE);
  await rounds.round(objects);
  expect(absences()).toHaveLength(2);
});

test("any other failure stays one", async () => {
  await rounds.org.given.fault({ on: "query", status: 500, times: 100 });
  expect(await rounds.round(source())).toMatchObject({ error: { code: "server_error" } });
  expect(absences()).toEqual([]);
});
