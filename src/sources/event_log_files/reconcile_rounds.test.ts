import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LogFileSummary } from "../../../_dev/deploy/docker/mock_org/log_file_spec.ts";
import { type MockOrg, startMockOrg } from "../../../_dev/deploy/docker/mock_org/mock_org.ts";
import { createMemoryCursors } from "../../../_dev/shared/testing/memory_cursors.ts";
import { openFilesIn } from "../../../_dev/shared/testing/open_files.ts";
import { createSession } from "../../auth/session.ts";
import type { Clock } from "../../core/clock.ts";
import { createHttp } from "../../core/http.ts";
import { silentLog } from "../../core/log.ts";
import type { CursorStore } from "../../cursors/cursor_store.ts";
import { createDiskLedger } from "../../cursors/row_ledger_disk.ts";
import { ApiBudget } from "../../org/api_budget.ts";
import { OrgClient } from "../../org/org_client.ts";
import type { Fact } from "../../reporting/facts.ts";
import type { Batch } from "../source.ts";
import { EventLogFiles, type EventLogFilesOptions } from "./source.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 6, 20, 12);
const YESTERDAY = "2026-07-19T00:00:00Z";
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const http = createHttp();

/** Where a round ends early, with its runner or without: at its n-th batch, behind one of the steps of delivering. */
interface Crash {
  readonly batch: number;
  readonly after: "reading" | "delivery";
}

/**
 * An org, a runner on one data directory that may die and start again, and an output that counts. Between runs nothing is
 * kept but the cursors, the ledger's files and the output.
 */
class World {
  readonly org: MockOrg;
  readonly directory = mkdtempSync(join(tmpdir(), "reconcile-"));
  readonly cursors: CursorStore = createMemoryCursors();
  readonly facts: Fact[] = [];
  /** The documents of the output, by identity. */
  readonly stored = new Map<string, string>();
  /** Identities whose cursor has been saved. */
  readonly acknowledged = new Set<string>();
  /** How often an acknowledged row was given again. */
  repeated = 0;
  readonly clock: Clock & { time: number };

  static async start(): Promise<World> {
    const clock = { time: NOW, now: () => clock.time, random: () => 0, sleep: async () => {} };
    const certificate = publicKey.export({ type: "spki", format: "pem" }).toString();
    return new World(await startMockOrg({ certificate, now: clock.now }), clock);
  }

  private constructor(org: MockOrg, clock: Clock & { time: number }) {
    this.org = org;
    this.clock = clock;
  }

  async end(): Promise<void> {
    await this.org.close();
    expect(openFilesIn(this.directory)).toEqual([]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** A runner that has just been started. */
  source(more: Partial<EventLogFilesOptions> = {}): EventLogFiles {
    const { org, clock } = this;
    const session = createSession(
      {
        loginUrl: org.url,
        audience: "https://login.salesforce.com",
        clientId: org.clientId,
        username: org.username,
        key: async () => privateKey,
        requestTimeout: 5_000,
      },
      { http, clock, log: silentLog },
    );
    const budget = new ApiBudget(100);
    return new EventLogFiles({
      id: "login",
      client: new OrgClient({ http, session, budget, apiVersion: "66.0", requestTimeout: 5_000, clock }),
      stream: {
        organizationName: "Acme",
        dataStream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" },
        tags: [],
        preserveOriginalEvent: false,
        agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
      },
      eventTypes: ["Login"],
      interval: "hourly+daily",
      initialLookback: DAY,
      downloads: 2,
      ledger: createDiskLedger(this.directory),
      tell: (fact) => this.facts.push(fact),
      clock,
      ...more,
    });
  }

  /**
   * One round as the pump has it, with up to `ahead` batches pulled that are not delivered yet. Gives the request ids that
   * were sent, sorted.
   */
  async round(source = this.source(), { ahead = 0, crash }: { ahead?: number; crash?: Crash | undefined } = {}) {
    const sent: string[] = [];
    const underWay: Batch[] = [];
    let batches = 0;
    const deliver = async (): Promise<boolean> => {
      const batch = underWay.shift();
      if (batch === undefined) {
        return true;
      }
      const dies = crash?.batch === batches ? crash.after : undefined;
      batches += 1;
      if (dies === "reading") {
        return false;
      }
      for (const { id, json } of batch.events) {
        this.stored.set(id, requestId(json));
        sent.push(requestId(json));
      }
      if (dies === "delivery") {
        return false;
      }
      await this.cursors.save("login", batch.whenDelivered.changes);
      this.facts.push(...((batch.whenDelivered.facts ?? []) as Fact[]));
      for (const { id } of batch.events) {
        this.acknowledged.add(id);
      }
      batch.release?.();
      return true;
    };
    let alive = true;
    for await (const batch of source.read(await this.cursors.load("login"), new AbortController().signal)) {
      this.repeated += batch.events.filter(({ id }) => this.acknowledged.has(id)).length;
      underWay.push(batch);
      alive = underWay.length <= ahead || (await deliver());
      if (!alive) {
        break;
      }
    }
    while (alive && underWay.length > 0) {
      alive = await deliver();
    }
    return sent.sort();
  }

  /** How often each row is in the output. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const id of this.stored.values()) {
      counts[id] = (counts[id] ?? 0) + 1;
    }
    return counts;
  }

  ledgerFiles(): string[] {
    const root = join(this.directory, "ledger");
    const folders = existsSync(root) ? readdirSync(root) : [];
    return folders.flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)));
  }

  reconciled(): unknown[] {
    return this.facts.filter(({ fact }) => fact === "reconciled").map((fact) => ({ ...fact, file: undefined }));
  }
}

function requestId(json: string): string {
  return JSON.parse(json).salesforce.login.request.id;
}

function row(id: string, hour = 8): Record<string, string> {
  const TIMESTAMP = `20260719${String(hour).padStart(2, "0")}0000.123`;
  return { EVENT_TYPE: "Login", TIMESTAMP, REQUEST_ID: id, USER_ID: "0053000000Ank29" };
}

const rows = (...ids: string[]) => ids.map((id) => row(id));
const hourly = { eventType: "Login", logDate: "2026-07-19T08:00:00Z", interval: "Hourly" } as const;
const daily = { eventType: "Login", logDate: YESTERDAY } as const;

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.end());

describe("hourly and daily files", () => {
  test("of the daily file only rows that the hourly files lacked are sent, and how many is told", async () => {
    await world.org.given.logFile({ ...hourly, rows: rows("a", "b") });
    expect(await world.round()).toEqual(["a", "b"]);
    await world.org.given.logFile({ ...daily, rows: rows("a", "b", "c") });
    expect(await world.round()).toEqual(["c"]);
    expect(world.reconciled()).toEqual([{ fact: "reconciled", rows: 3, lacked: 1 }]);
  });

  test("listed together, whatever is still on its way", async () => {
    await world.org.given.logFile({ ...daily, rows: rows("a", "b", "c") });
    await world.org.given.logFile({ ...hourly, rows: rows("a", "b") });
    expect(await world.round(world.source(), { ahead: 4 })).toEqual(["a", "b", "c"]);
    expect(world.reconciled()).toEqual([{ fact: "reconciled", rows: 3, lacked: 1 }]);
  });

  test("a late hourly file counts, before the daily file and after it", async () => {
    await world.org.given.logFile({ ...hourly, rows: rows("a") });
    await world.round();
    await world.org.given.logFile({ ...hourly, rows: rows("a", "late") });
    expect(await world.round()).toEqual(["late"]);
    await world.org.given.logFile({ ...daily, rows: rows("a", "late", "c") });
    expect(await world.round()).toEqual(["c"]);
    await world.org.given.logFile({ ...hourly, rows: rows("c", "later") });
    expect(await world.round()).toEqual(["later"]);
  });

  test.each(["hourly+daily", "daily"] as const)(
    "%s: of a replaced daily file only new rows are sent",
    async (interval) => {
      await world.org.given.logFile({ ...hourly, rows: rows("a") });
      const first = await world.org.given.logFile({ ...daily, rows: rows("a", "b") });
      expect(await world.round(world.source({ interval }))).toEqual(["a", "b"]);
      world.clock.time += DAY;
      await world.org.given.replacedLogFile(first.id, { rows: rows("a", "b", "c") });
      expect(await world.round(world.source({ interval }))).toEqual(["c"]);
      expect(world.reconciled().at(-1)).toEqual({ fact: "reconciled", rows: 3, lacked: 1 });
    },
  );

  test("a daily file that is replaced under another id when it was begun: what it has brought is not sent again", async () => {
    const first = await world.org.given.logFile({ ...daily, rows: rows("a", "b") });
    // The batch that says it is done is never saved.
    expect(await world.round(world.source(), { crash: { batch: 2, after: "reading" } })).toEqual(["a", "b"]);
    await world.org.given.replacedLogFile(first.id, { rows: rows("a", "b", "c") });
    // That the first one is gone is saved, and then the process dies.
    expect(await world.round(world.source(), { crash: { batch: 2, after: "reading" } })).toEqual([]);
    expect(await world.round()).toEqual(["c"]);
    expect(world.repeated).toBe(0);
    expect(world.facts.filter(({ fact }) => fact === "file_gone")).toHaveLength(1);
    expect(await world.round()).toEqual([]);
    expect(world.facts.filter(({ fact }) => fact === "file_gone")).toHaveLength(1);
  });

  test("equal rows are counted: two in the daily file and one in the hourly one are one more event", async () => {
    await world.org.given.logFile({ ...hourly, rows: rows("same", "a") });
    await world.round();
    await world.org.given.logFile({ ...daily, rows: rows("same", "a", "same") });
    expect(await world.round()).toEqual(["same"]);
    expect(world.counts()).toEqual({ same: 2, a: 1 });
  });

  test("a daily file whose rows are all known moves its cursor, and a restart goes on inside it", async () => {
    const many = Array.from({ length: 25_000 }, (_, n) => row(`r${n}`));
    await world.org.given.logFile({ ...hourly, rows: many });
    await world.round();
    await world.org.given.logFile({ ...daily, rows: [...many, ...rows("new")] });
    // Batch 0 is the start of the round, 1 the first 20,000 rows.
    expect(await world.round(world.source(), { crash: { batch: 2, after: "reading" } })).toEqual([]);
    expect(await world.round()).toEqual(["new"]);
    const resumed = world.facts.flatMap((fact) => (fact.fact === "file_opened" ? fact.skippedRows : []));
    expect(resumed.at(-1)).toBeGreaterThanOrEqual(20_000);
    expect(world.reconciled()).toEqual([{ fact: "reconciled", rows: 25_001, lacked: 1 }]);
  }, 60_000);

  test("a row that was delivered and not saved was under way: it is sent again, and no other", async () => {
    await world.org.given.logFile({ ...hourly, rows: rows("a") });
    expect(await world.round(world.source(), { crash: { batch: 1, after: "delivery" } })).toEqual(["a"]);
    expect(await world.round()).toEqual(["a"]);
    await world.org.given.logFile({ ...daily, rows: rows("a", "b") });
    expect(await world.round(world.source(), { crash: { batch: 1, after: "delivery" } })).toEqual(["b"]);
    expect(await world.round()).toEqual(["b"]);
  });

  test.each<[string, (path: string) => void]>([
    ["lost", (path) => rmSync(path)],
    ["cut", (path) => truncateSync(path, 40)],
    ["damaged", (path) => writeFileSync(path, "something else altogether, and long enough to be looked at")],
  ])("a ledger that is %s is had again from Salesforce: nothing is sent twice", async (_, damage) => {
    const many = Array.from({ length: 1_500 }, (_, n) => row(`r${n}`));
    await world.org.given.logFile({ ...hourly, rows: many });
    await world.org.given.logFile({
      ...hourly,
      logDate: "2026-07-19T09:00:00Z",
      rows: [row("nine", 9), row("nine", 9)],
    });
    const first = await world.org.given.logFile({ ...daily, rows: [...many, row("nine", 9)] });
    await world.round();
    world.ledgerFiles().forEach(damage);
    await world.org.given.replacedLogFile(first.id, { rows: [...many, row("nine", 9), row("nine", 9), row("new")] });
    world.clock.time += HOUR;
    expect(await world.round()).toEqual(["new"]);
    expect(world.facts.filter(({ fact }) => fact === "file_opened").length).toBe(4);
  });

  test("what the ledger lacks of a file that is gone is told; the rows are sent again rather than lost", async () => {
    const gone = await world.org.given.logFile({ ...hourly, rows: rows("a") });
    await world.round();
    world.ledgerFiles().forEach((path) => {
      rmSync(path);
    });
    await world.org.given.deletedLogFile(gone.id);
    await world.org.given.logFile({ ...daily, rows: rows("a", "b") });
    expect(await world.round()).toEqual(["a", "b"]);
    expect(world.facts).toContainEqual({
      fact: "ledger_refused",
      error: expect.objectContaining({ code: "not_found", message: expect.stringContaining(gone.id) }),
    });
  });

  test("a daily file that is replaced by another of the same Id and length is read again, for new rows only", async () => {
    await world.org.given.logFile({ ...hourly, rows: rows("a") });
    const first = await world.org.given.logFile({ ...daily, rows: rows("a", "b") });
    expect(await world.round()).toEqual(["a", "b"]);
    world.clock.time += HOUR;
    await replacedInPlace(first, rows("a", "c"));
    expect(await world.round(world.source(), { crash: { batch: 1, after: "reading" } })).toEqual([]);
    expect(await world.round()).toEqual(["c"]);
    expect(await world.round()).toEqual([]);
  });

  test("a row that was given and not delivered is sent with the daily file if its hourly file is gone", async () => {
    const file = await world.org.given.logFile({ ...hourly, rows: rows("a", "b") });
    await world.round(world.source(), { crash: { batch: 1, after: "reading" } });
    await world.org.given.deletedLogFile(file.id);
    await world.org.given.logFile({ ...daily, rows: rows("a", "b") });
    expect(await world.round()).toEqual(["a", "b"]);
  });

  test("cursors that were cleared begin anew: every row is sent again", async () => {
    await world.org.given.logFile({ ...hourly, rows: rows("a") });
    await world.org.given.logFile({ ...daily, rows: rows("a", "b") });
    await world.round();
    await world.cursors.clear("login");
    world.acknowledged.clear();
    expect(await world.round()).toEqual(["a", "b"]);
  });

  test("a day is kept for the look-back and forgotten then", async () => {
    await world.org.given.logFile({ ...hourly, rows: rows("a") });
    await world.round();
    expect(world.ledgerFiles()).toHaveLength(1);
    world.clock.time = Date.parse(YESTERDAY) + 4 * DAY;
    await world.org.given.logFile({ ...hourly, logDate: "2026-07-22T20:00:00Z", rows: rows("later") });
    await world.round();
    world.clock.time += DAY;
    await world.org.given.logFile({ ...hourly, logDate: "2026-07-23T20:00:00Z", rows: rows("last") });
    await world.round();
    await world.round();
    expect(world.ledgerFiles()).toHaveLength(2);
  });

  test("only hourly files: nothing is kept", async () => {
    await world.org.given.logFile({ ...hourly, rows: rows("a") });
    await world.round(world.source({ interval: "hourly" }));
    expect(world.ledgerFiles()).toEqual([]);
  });

  test("without a ledger every row is sent, twice rather than never, and that is told", async () => {
    writeFileSync(join(world.directory, "ledger"), "in the way");
    await world.org.given.logFile({ ...hourly, rows: rows("a") });
    await world.round();
    await world.org.given.logFile({ ...daily, rows: rows("a", "b") });
    expect(await world.round()).toEqual(["a", "b"]);
    expect(world.counts()).toEqual({ a: 1, b: 1 });
    expect(world.facts).toContainEqual(expect.objectContaining({ fact: "ledger_refused" }));
    expect(world.reconciled()).toEqual([]);
  });
});

/** Has the org list a file as made anew under its Id, and give other rows of the same length. */
async function replacedInPlace(file: LogFileSummary, content: Record<string, string>[]): Promise<void> {
  const path = `/services/data/v66.0/sobjects/EventLogFile/${file.id}/LogFile`;
  const record = {
    Id: file.id,
    EventType: file.eventType,
    Interval: file.interval,
    Sequence: file.sequence,
    LogDate: file.logDate,
    CreatedDate: new Date(world.clock.time).toISOString(),
    LogFileLength: file.length,
    LogFile: path,
  };
  await world.org.given.fault({ on: "query", body: { totalSize: 1, done: true, records: [record] } });
  const columns = Object.keys(content[0] ?? {});
  const lines = [columns, ...content.map((each) => columns.map((column) => each[column]))];
  const body = lines.map((cells) => `${cells.map((cell) => `"${cell}"`).join(",")}\n`).join("");
  expect(body.length).toBe(file.length);
  await world.org.given.fault({ on: "logFile", match: file.id, body });
}

/** One row of the day: in which hour it is, and how many times which file has it. */
const anyRow = fc.record({
  hour: fc.nat(2),
  inHourly: fc.nat(2),
  inLateHourly: fc.nat(2),
  inFirstDaily: fc.nat(2),
  inAll: fc.integer({ min: 1, max: 2 }),
});

const anyRound = fc.record({
  /** Files that are made before it. */
  files: fc.nat(3),
  ahead: fc.nat(3),
  crash: fc.option(
    fc.record({
      batch: fc.nat(9),
      after: fc.constantFrom<Crash["after"]>("reading", "delivery"),
    }),
    { nil: undefined },
  ),
  restart: fc.boolean(),
  /** Whether the ledger is lost before it. */
  lost: fc.boolean(),
});

test("whatever the files, their order and the crashes: each row is stored, and none is given again once acknowledged", async () => {
  const bulk = fc.constantFrom(0, 0, 1_500);
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRow, { maxLength: 12 }),
      bulk,
      fc.array(anyRound, { maxLength: 8 }),
      async (some, more, plan) => {
        const filler = { hour: 0, inHourly: 1, inLateHourly: 0, inFirstDaily: 1, inAll: 1 };
        const all = [...some, ...Array.from({ length: more }, () => filler)];
        const of = (copies: (each: (typeof all)[number]) => number) =>
          all.flatMap((each, n) =>
            Array.from({ length: Math.min(copies(each), each.inAll) }, () => row(`r${n}`, each.hour)),
          );
        const inner = await World.start();
        try {
          const { given } = inner.org;
          const hours = [0, 1, 2].map((hour) => ({
            ...hourly,
            logDate: new Date(Date.parse(YESTERDAY) + hour * HOUR).toISOString(),
            hour,
          }));
          let first: string | undefined;
          const making: Array<() => Promise<unknown>> = [
            ...hours.map(
              ({ hour, ...spec }) =>
                () =>
                  given.logFile({ ...spec, rows: of((each) => (each.hour === hour ? each.inHourly : 0)) }),
            ),
            async () => {
              first = (await given.logFile({ ...daily, rows: of((each) => each.inFirstDaily) })).id;
            },
            ...hours.map(
              ({ hour, ...spec }) =>
                () =>
                  given.logFile({ ...spec, rows: of((each) => (each.hour === hour ? each.inLateHourly : 0)) }),
            ),
            () => given.replacedLogFile(first ?? "", { rows: of((each) => each.inAll) }),
          ];
          let source = inner.source();
          for (const { files, ahead, crash, restart, lost } of plan) {
            for (const make of making.splice(0, files)) {
              await make();
            }
            inner.clock.time += 60_000;
            // Of a replaced daily file nothing can be had again: Salesforce keeps the last one.
            if (lost && first === undefined) {
              inner.ledgerFiles().forEach((path) => {
                rmSync(path);
              });
            }
            await inner.round(source, { ahead, crash });
            source = restart ? inner.source() : source;
          }
          for (const make of making) {
            await make();
          }
          await inner.round(source, { ahead: 2 });
          expect(inner.repeated).toBe(0);
          expect(inner.counts()).toEqual(Object.fromEntries(all.map((each, n) => [`r${n}`, each.inAll])));
          expect(await inner.round()).toEqual([]);
        } finally {
          await inner.end();
        }
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);
