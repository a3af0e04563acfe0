import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HOUR, LiveRounds, MINUTE, NOW, valueAt } from "../../../_dev/shared/testing/live_rounds.ts";
import type { CursorValue } from "../../cursors/cursor.ts";
import { KINDS } from "../kinds.ts";

const LOGINS = "LoginEventStream";
/** For what only the network decides. */
const PATIENT = { timeout: 20_000, interval: 10 };

let rounds: LiveRounds;
beforeEach(async () => {
  rounds = new LiveRounds();
  await rounds.start();
});
afterEach(() => rounds.close());

const users = (...names: readonly string[]) => names.map((Username) => ({ Username }));
const identifiers = (events: readonly { readonly EventIdentifier: string }[]) =>
  events.map(({ EventIdentifier }) => EventIdentifier);
const stored = (count: number) => vi.waitFor(() => expect(rounds.stored.size).toBe(count), PATIENT);
const told = (name: string) => rounds.facts.filter(({ fact }) => fact === name);
const heard = () => rounds.facts.flatMap((fact) => (fact.fact === "topic_heard" ? [fact] : []));
const streams = async () => (await rounds.org.given.pubSub()).streams;
const cursor = async (key: string) => (await rounds.cursors.load(`login-1/live/${LOGINS}`)).get(key);

describe("the events of a topic", () => {
  test("a document is that of the stored record, with where it comes from", async () => {
    const [event] = await rounds.org.given.published(LOGINS, [
      {
        Username: "ann@acme.example",
        UserId: "0053000000Ank29",
        EventDate: "2026-07-20T11:59:58.123Z",
        LoginLatitude: 48.1,
        EvaluationTime: 3,
        Status: "Success",
      },
    ]);
    const round = rounds.begin();
    await stored(1);
    await round.stop();
    expect(rounds.documents()).toEqual([
      {
        "@timestamp": "2026-07-20T11:59:58.123Z",
        event: {
          id: expect.stringMatching(/^[\w-]{20}$/),
          code: "LoginEvent",
          provider: "PlatformEvent",
          dataset: "aquila_salesforce.login",
          module: "aquila_salesforce",
        },
        data_stream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" },
        organization: { id: rounds.org.orgId, name: "Acme" },
        salesforce: {
          instance_url: rounds.org.url,
          login: {
            event_identifier: event?.EventIdentifier,
            user_name: "ann@acme.example",
            user_id: "0053000000Ank29AAB",
            geo: { latitude: 48.1 },
            evaluation_time: 3,
            status_description: "Success",
          },
          collection: { primary: true, interval: "live" },
        },
        input: { type: "aquila-salesforce" },
        agent: expect.anything(),
        tags: [],
      },
    ]);
  });

  test("each event has its own time, whatever came before it, and the newest of all is told", async () => {
    const times = ["2026-07-20T11:59:58.124Z", "2026-07-20T11:59:58.123Z", "2026-07-20T11:59:58.124Z"];
    await rounds.org.given.published(
      LOGINS,
      times.map((EventDate) => ({ EventDate })),
    );
    await rounds.org.given.published(LOGINS, [{ EventDate: null }]);
    const round = rounds.begin();
    await stored(4);
    await vi.waitFor(() => expect(heard().reduce((sum, { events }) => sum + events, 0)).toBe(4), PATIENT);
    await round.stop();
    const written = rounds.documents().map((one) => valueAt(one, "@timestamp"));
    expect(written.slice(0, 3)).toEqual(times);
    expect(valueAt(rounds.documents()[3], "salesforce.collection.estimated_time")).toBe(true);
    expect(Math.max(...heard().map(({ newest = 0 }) => newest))).toBe(Date.parse("2026-07-20T11:59:58.124Z"));
  });

  test("the first start begins with the oldest event that Salesforce keeps", async () => {
    const before = await rounds.org.given.published(LOGINS, users("a", "b", "c"));
    const round = rounds.begin();
    await stored(3);
    const after = await rounds.org.given.published(LOGINS, users("d"));
    await stored(4);
    await round.stop();
    expect(rounds.identifiers()).toEqual(identifiers([...before, ...after]));
    expect((await streams()).map(({ preset }) => preset)).toEqual(["EARLIEST"]);
  });

  test("a restart goes on behind what was acknowledged, and sends nothing of it again", async () => {
    await rounds.org.given.published(LOGINS, users("a", "b"));
    const round = rounds.begin();
    await stored(2);
    await vi.waitFor(async () => expect(await cursor("replay")).toBeDefined(), PATIENT);
    await round.stop();
    await rounds.org.given.published(LOGINS, users("c"));
    const next = rounds.begin();
    await stored(3);
    await next.stop();
    expect(rounds.sent).toHaveLength(3);
    expect((await streams()).map(({ preset }) => preset)).toEqual(["EARLIEST", "CUSTOM"]);
  });

  test("what was not acknowledged comes again after a kill, and is stored once", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    rounds.gate = promise;
    await rounds.org.given.published(LOGINS, users("a", "b"));
    const round = rounds.begin();
    await stored(2);
    const killed = round.stop("killed");
    resolve();
    await killed;
    rounds.gate = Promise.resolve();
    await rounds.org.given.published(LOGINS, users("c"));
    const next = rounds.begin();
    await stored(3);
    await next.stop();
    expect(rounds.sent).toHaveLength(5);
    expect((await streams()).map(({ preset }) => preset)).toEqual(["EARLIEST", "EARLIEST"]);
  });

  test("a second delivery is the same document", async () => {
    await rounds.org.given.published(LOGINS, users("a", "b"), { copies: 3 });
    const round = rounds.begin();
    await vi.waitFor(() => expect(rounds.sent).toHaveLength(6), PATIENT);
    await round.stop();
    expect(rounds.stored.size).toBe(2);
  });

  test("a schema that changes in mid-stream loses nothing; a new field is kept and told", async () => {
    const round = rounds.begin();
    await rounds.org.given.published(LOGINS, users("a"));
    await rounds.org.given.field("LoginEvent", { name: "Mood", type: "string" });
    await rounds.org.given.published(LOGINS, [{ Username: "b", Mood: "cheerful" }]);
    await stored(2);
    await round.stop();
    expect(rounds.documents().map((one) => valueAt(one, "salesforce.login.unmapped"))).toEqual([
      undefined,
      { Mood: "cheerful" },
    ]);
    expect(told("unknown_columns")).toEqual([{ fact: "unknown_columns", eventType: LOGINS, columns: ["Mood"] }]);
  });

  test("what can't be read is kept whole in a report, and the others go on", async () => {
    await rounds.org.given.published(LOGINS, users("broken"), { cutBytes: 3 });
    await rounds.org.given.published(LOGINS, users("whole"));
    const round = rounds.begin();
    await stored(2);
    await round.stop();
    const [broken, whole] = rounds.documents();
    expect(valueAt(whole, "salesforce.login.user_name")).toBe("whole");
    expect(broken).toMatchObject({
      event: { code: "row_rejected", dataset: "aquila_salesforce.collector" },
      salesforce: {
        collector: {
          event_type: LOGINS,
          reason: expect.stringMatching(/can't be read by its schema/),
          text: expect.any(String),
        },
      },
    });
  });

  test("a single run ends when nothing more comes", async () => {
    await rounds.org.given.published(LOGINS, users("a", "b"));
    const round = rounds.begin(rounds.source(), "everything");
    await stored(2);
    await vi.waitFor(() => {
      rounds.clock.advance(1_000);
      expect(told("topic_heard")).not.toHaveLength(0);
    }, PATIENT);
    const moving = setInterval(() => rounds.clock.advance(5_000), 5);
    expect(await round.ended).toEqual({ end: undefined, error: undefined });
    clearInterval(moving);
  });
});

describe("flow", () => {
  test("no more than 100 events are asked for before some are acknowledged", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    rounds.gate = promise;
    await rounds.org.given.published(LOGINS, users(...Array.from({ length: 350 }, (_, n) => `user${n}`)));
    const round = rounds.begin();
    await vi.waitFor(async () => expect((await streams())[0]?.events).toBe(100), PATIENT);
    // Time enough for more to be asked for, if it were.
    await new Promise((passed) => setTimeout(passed, 50));
    expect((await streams())[0]).toMatchObject({ asked: 100, events: 100, mostOwed: 100 });
    resolve();
    await stored(350);
    await vi.waitFor(async () => expect((await streams())[0]?.asked).toBe(450), PATIENT);
    expect((await streams())[0]?.mostOwed).toBe(100);
    await round.stop();
  });

  test("a sink that is too slow for the subscription costs no event", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    rounds.gate = promise;
    const events = await rounds.org.given.published(LOGINS, users(...Array.from({ length: 150 }, (_, n) => `u${n}`)));
    const round = rounds.begin();
    await vi.waitFor(async () => expect((await streams())[0]?.events).toBe(100), PATIENT);
    rounds.clock.advance(2 * MINUTE);
    await vi.waitFor(async () => expect((await streams())[0]?.end).toBe("ended"), PATIENT);
    resolve();
    expect(await round.ended).toMatchObject({ end: { error: undefined, retryIn: 1_000 } });
    const next = rounds.begin();
    await stored(150);
    await next.stop();
    expect(new Set(rounds.identifiers())).toEqual(new Set(identifiers(events)));
    expect(rounds.sent).toHaveLength(150);
  });

  test("an idle topic's place is kept, so that it does not age", async () => {
    const round = rounds.begin();
    await vi.waitFor(async () => expect(await streams()).toHaveLength(1), PATIENT);
    const before = await cursor("replay");
    rounds.clock.advance(70_000);
    await vi.waitFor(async () => expect(await cursor("replay")).not.toBe(before), PATIENT);
    await round.stop();
  });
});

describe("what ends a subscription", () => {
  test("a token that dies is replaced by one login, and the events go on behind the last one", async () => {
    await rounds.org.given.published(LOGINS, users("a"));
    const round = rounds.begin();
    await stored(1);
    const logins = (await rounds.org.given.counters()).logins;
    await rounds.org.given.killedTokens();
    await rounds.org.given.broken({ how: "service.auth.error" });
    await vi.waitFor(async () => expect(await streams()).toHaveLength(2), PATIENT);
    await rounds.org.given.published(LOGINS, users("b"));
    await stored(2);
    await round.stop();
    expect(rounds.sent).toHaveLength(2);
    expect((await rounds.org.given.counters()).logins - logins).toBe(1);
    expect((await streams()).map(({ preset }) => preset)).toEqual(["EARLIEST", "CUSTOM"]);
  });

  test("a token that is refused right behind its login is an error of the round", async () => {
    await rounds.org.given.fault({ on: "subscribe", errorCode: "service.auth.error" });
    expect(await rounds.begin().ended).toMatchObject({ error: { next: { do: "refresh" } } });
    expect((await rounds.org.given.counters()).faults).toBe(2);
  });

  test.each(["service.unavailable", "reset", "ended", "subscription.internal.error"] as const)(
    "%s: the next round comes soon, and goes on behind the last event",
    async (how) => {
      await rounds.org.given.published(LOGINS, users("a"));
      const round = rounds.begin();
      await stored(1);
      rounds.clock.advance(2 * MINUTE);
      await rounds.org.given.broken({ how });
      expect(await round.ended).toMatchObject({ error: undefined, end: { retryIn: 1_000 } });
      await rounds.org.given.published(LOGINS, users("b"));
      const next = rounds.begin();
      await stored(2);
      await next.stop();
      expect(rounds.sent).toHaveLength(2);
    },
  );

  test("one that ends at once is an error of the round, so that attempts become rarer", async () => {
    const round = rounds.begin();
    await vi.waitFor(async () => expect(await streams()).toHaveLength(1), PATIENT);
    await rounds.org.given.broken({ how: "service.unavailable" });
    expect(await round.ended).toMatchObject({ error: { code: "server_error", next: { do: "retry" } } });
  });

  test("silence beyond Salesforce's own time ends it", async () => {
    const round = rounds.begin();
    await vi.waitFor(async () => expect(await streams()).toHaveLength(1), PATIENT);
    await rounds.org.given.broken({ how: "silent" });
    await vi.waitFor(() => expect(rounds.clock.sleeping).toBeGreaterThan(0), PATIENT);
    rounds.clock.advance(5 * MINUTE);
    expect(await round.ended).toMatchObject({ end: { error: { code: "timed_out" }, retryIn: 1_000 } });
  });

  test("a connection that is dead without a word is found by its pings", async () => {
    const round = rounds.begin(rounds.source({ ping: { every: 50, timeout: 50 } }));
    await vi.waitFor(async () => expect(await streams()).toHaveLength(1), PATIENT);
    rounds.clock.advance(2 * MINUTE);
    await rounds.org.given.broken({ how: "halfOpen" });
    expect(await round.ended).toMatchObject({ end: { error: { code: "connection_lost" }, retryIn: 1_000 } });
  });

  test("a round ends after an hour, and the next one goes on", async () => {
    const round = rounds.begin();
    for (let event = 1; event <= 15; event += 1) {
      await rounds.org.given.published(LOGINS, users("a"));
      await stored(event);
      await vi.waitFor(() => expect(rounds.clock.sleeping).toBeGreaterThan(0), PATIENT);
      rounds.clock.advance(4 * MINUTE);
    }
    expect(await round.ended).toEqual({ end: { error: undefined, retryIn: 1_000 }, error: undefined });
  });
});

describe("the place that was left off", () => {
  const id = `login-1/live/${LOGINS}`;

  /** One event is delivered, then nobody listens for so long that Salesforce forgets the place. */
  async function givenAnOutage() {
    const before = await rounds.org.given.published(LOGINS, users("before"));
    const round = rounds.begin();
    await stored(1);
    await vi.waitFor(async () => expect(await cursor("replay")).toBeDefined(), PATIENT);
    await round.stop();
    const during = [];
    for (let hours = 1; hours < 80; hours += 1) {
      rounds.clock.advance(HOUR);
      during.push(...(await rounds.org.given.published(LOGINS, users(`a${hours}`, `b${hours}`))));
    }
    rounds.clock.advance(HOUR);
    return identifiers([...before, ...during]);
  }

  /** Rounds one after the other, while time goes on, until `isOver`. */
  async function untilIt(isOver: () => unknown, source = rounds.source()) {
    const moving = setInterval(() => rounds.clock.advance(30_000), 10);
    try {
      for (;;) {
        const round = rounds.begin(source);
        const ended = round.ended.then(() => true);
        const waiting = vi.waitFor(isOver, PATIENT).then(() => false);
        if (await Promise.race([ended, waiting])) {
          waiting.catch(() => {});
          continue;
        }
        await round.stop();
        return;
      }
    } finally {
      clearInterval(moving);
    }
  }
  const closed = () => vi.waitFor(() => expect(told("live_gap_closed")).toHaveLength(1), PATIENT);

  test("is refused when it is too old: nothing of the outage is lost, and each event is stored once", async () => {
    const every = await givenAnOutage();
    await untilIt(closed);
    expect([...rounds.identifiers()].sort()).toEqual([...every].sort());
    expect(told("replay_refused")).toMatchObject([{ after: NOW - 10 * MINUTE, to: expect.any(Number) }]);
    const calls = (await rounds.org.given.pubSub()).calls.filter(({ method }) => method === "Subscribe");
    expect(calls.map(({ errorCode }) => errorCode).slice(0, 3)).toEqual([
      undefined,
      "subscription.fetch.replayid.corrupted",
      undefined,
    ]);
    expect(new Set((await streams()).map(({ preset }) => preset))).not.toContain("LATEST");
    const left = await rounds.cursors.load(id);
    expect([...left.keys()].filter((key) => key === "gap" || key.startsWith("stored:"))).toEqual([]);
  });

  test("a kill in the middle of closing the gap loses nothing of it", async () => {
    const every = await givenAnOutage();
    await rounds.org.given.org({ pageSize: 200 });
    await rounds.begin().ended;
    for (let kills = 0; kills < 4; kills += 1) {
      const round = rounds.begin();
      const before = rounds.stored.size;
      await vi.waitFor(
        () => expect(rounds.stored.size).toBeGreaterThanOrEqual(Math.min(before + 1, every.length)),
        PATIENT,
      );
      await round.stop("killed");
    }
    await untilIt(closed);
    expect([...rounds.identifiers()].sort()).toEqual([...every].sort());
  });

  test("where the stored object can't be read, the gap is told, live events go on, and it is closed later", async () => {
    const every = await givenAnOutage();
    await rounds.org.given.fault({
      on: "query",
      match: "LoginEvent",
      status: 403,
      body: [{ errorCode: "INSUFFICIENT_ACCESS", message: "no" }],
    });
    await untilIt(() => vi.waitFor(() => expect(told("live_gap").length).toBeGreaterThan(0), PATIENT));
    expect(told("live_gap")[0]).toMatchObject({
      topic: LOGINS,
      after: NOW - 10 * MINUTE,
      to: expect.any(Number),
      attempt: 1,
      error: { code: "permission_missing" },
    });
    expect(rounds.identifiers().length).toBeGreaterThan(100);
    expect(await cursor("gap")).toMatchObject({ failure: { code: "permission_missing" } });
    await rounds.org.given.noFault();
    await untilIt(closed);
    expect([...rounds.identifiers()].sort()).toEqual([...every].sort());
  });

  /** A round of what is there now, while time goes on. */
  async function once(source = rounds.source()) {
    const round = rounds.begin(source, "everything");
    const moving = setInterval(() => rounds.clock.sleeping > 0 && rounds.clock.advance(2_000), 100);
    try {
      return await round.ended;
    } finally {
      clearInterval(moving);
    }
  }

  test("a single run reads what is stored of the gap by now and ends well; a later one closes it", async () => {
    const every = await givenAnOutage();
    expect(await once()).toMatchObject({ end: { error: { code: "replay_refused" }, retryIn: 1_000 } });
    expect(await once()).toEqual({ end: undefined, error: undefined });
    expect([...rounds.identifiers()].sort()).toEqual([...every].sort());
    expect(told("live_gap_left")).toMatchObject([{ topic: LOGINS, after: NOW - 10 * MINUTE }]);
    expect(await cursor("gap")).toMatchObject({ from: NOW - 10 * MINUTE });
    rounds.clock.advance(20 * MINUTE);
    expect(await once()).toEqual({ end: undefined, error: undefined });
    expect(told("live_gap_closed")).toHaveLength(1);
    expect(await cursor("gap")).toBeUndefined();
  });

  test("a single run ends with an error if the gap can't be read, until it is due or a person has it tried", async () => {
    const every = await givenAnOutage();
    await once();
    const refused = { status: 403, body: [{ errorCode: "INSUFFICIENT_ACCESS", message: "no" }] };
    await rounds.org.given.fault({ on: "query", match: "LoginEvent", ...refused });
    const source = rounds.source();
    const unread = { end: { error: { code: "permission_missing" } } };
    expect(await once(source)).toMatchObject(unread);
    await rounds.org.given.noFault();
    const { failure, ...gap } = (await cursor("gap")) as Record<string, Record<string, CursorValue>>;
    // As after some more attempts.
    const later = { ...failure, attempts: 12, retryAt: rounds.clock.now() + HOUR };
    await rounds.cursors.save(id, [{ key: "gap", value: { ...gap, failure: later } }]);
    expect(await once(source)).toMatchObject(unread);
    const [kind] = KINDS.filter(({ group }) => group === "live");
    const entries = await rounds.cursors.load(id);
    expect(kind?.failed(entries, LOGINS)).toMatchObject([
      { id: `${LOGINS}/gap`, failure: { code: "permission_missing", attempts: 12 } },
    ]);
    expect(kind?.retry(entries, LOGINS, "another")).toEqual([]);
    await rounds.cursors.save(id, kind?.retry(entries, LOGINS, `${LOGINS}/gap`) ?? []);
    expect(await once(source)).toEqual({ end: undefined, error: undefined });
    expect([...rounds.identifiers()].sort()).toEqual([...every].sort());
  });

  test("a single run ends with an error while a piece of the gap can't be read, and well once it has been", async () => {
    const outage = await givenAnOutage();
    const broken = await rounds.org.given.published(LOGINS, [{ Username: "unreadable", Application: "broken" }]);
    const every = [...outage, ...identifiers(broken)];
    await once();
    await rounds.org.given.org({ brokenApplication: "broken" });
    rounds.clock.advance(20 * MINUTE);
    expect(await once()).toMatchObject({ end: { error: { code: "replay_refused" } } });
    expect(told("window_failed")).not.toEqual([]);
    await rounds.org.given.org({ brokenApplication: undefined });
    expect(await once()).toEqual({ end: undefined, error: undefined });
    expect([...rounds.identifiers()].sort()).toEqual(every.sort());
    expect(told("live_gap_closed")).toHaveLength(1);
  });

  test("a stream that was moved is read anew, with the stored events since the last one that was heard", async () => {
    const before = await rounds.org.given.published(LOGINS, users("before"));
    const round = rounds.begin();
    await stored(1);
    await vi.waitFor(async () => expect(await cursor("replay")).toBeDefined(), PATIENT);
    await round.stop();
    const during = await rounds.org.given.published(LOGINS, users("during"));
    await rounds.org.given.resetChannel(LOGINS);
    const after = await rounds.org.given.published(LOGINS, users("after"));
    await untilIt(closed);
    expect([...rounds.identifiers()].sort()).toEqual(identifiers([...before, ...during, ...after]).sort());
  });

  test("of another organization, or damaged, is none", async () => {
    const id = `login-1/live/${LOGINS}`;
    await rounds.cursors.save(id, [
      { key: "organization", value: "00D000000000001AAA" },
      { key: "replay", value: "AAAA" },
    ]);
    await rounds.org.given.published(LOGINS, users("a"));
    const round = rounds.begin();
    await stored(1);
    await round.stop();
    await rounds.cursors.save(id, [
      { key: "replay", value: "no base64 at all" },
      { key: "heard", value: NOW + HOUR },
    ]);
    const next = rounds.begin();
    await vi.waitFor(() => expect(rounds.sent).toHaveLength(2), PATIENT);
    await next.stop();
    expect((await streams()).map(({ preset }) => preset)).toEqual(["EARLIEST", "EARLIEST"]);
    expect(told("cursors_mended")).toEqual([{ fact: "cursors_mended", keys: ["replay", "heard"] }]);
  });
});

describe("rights", () => {
  test("a topic that not every org has is told once when it is not there, and is no failure", async () => {
    await rounds.org.given.org({ eventMonitoring: false });
    const source = rounds.source({ topic: "ApiAnomalyEvent" });
    for (let round = 1; round <= 2; round += 1) {
      expect(await rounds.begin(source).ended).toEqual({ end: undefined, error: undefined });
    }
    expect(told("absent")).toMatchObject([{ name: "ApiAnomalyEvent", error: { code: "object_unknown" } }]);
    expect((await rounds.org.given.pubSub()).calls).toHaveLength(1);
    await rounds.org.given.org({ eventMonitoring: true });
    rounds.clock.advance(7 * HOUR);
    const round = rounds.begin(source);
    await vi.waitFor(async () => expect(await streams()).toHaveLength(1), PATIENT);
    await round.stop();
  });

  test("a topic that the user may not subscribe to is told with what it needs", async () => {
    await rounds.org.given.user({ username: rounds.org.username, permissions: ["ApiEnabled"] });
    const { error } = await rounds.begin().ended;
    expect(error).toMatchObject({ code: "permission_missing", next: { do: "giveUp" } });
    expect(error?.text).toMatch(/'View Real-Time Event Monitoring Data'.*LoginEventStream.*Event Manager/);
  });

  test("an org without the licence", async () => {
    await rounds.org.given.org({ eventMonitoring: false });
    const { error } = await rounds.begin().ended;
    expect(error?.text).toMatch(/LoginEventStream/);
    await rounds.org.given.org({ pubSubLicence: false });
    expect((await rounds.begin().ended).error?.text).toMatch(/no licence.*Shield or the Event Monitoring add-on/);
  });
});
