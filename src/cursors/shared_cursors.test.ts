import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, describe, expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { WatchedDocuments } from "../../_dev/shared/testing/watched_documents.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import type { EntryTexts } from "./cursor_document.ts";
import { cursorStoreContract } from "./cursor_store.contract.ts";
import { createSharedCursors, TERM_AS_IT_IS } from "./shared_cursors.ts";

const ORG = "00D000000000001AAA";
const SOURCE = "login/event_log_files";
const ID = `${ORG}|${SOURCE}`;

let documents: WatchedDocuments;
let clock: ManualClock;
beforeEach(() => {
  documents = new WatchedDocuments();
  clock = new ManualClock();
});

/** The store of a host that holds the org in this term. */
function store(
  term: number | typeof TERM_AS_IT_IS | (() => number | undefined) = 1,
  owner = "a",
  known = new Map<string, EntryTexts>(),
) {
  const find = async () => ["a", "b", "nobody"].map((source) => `${ORG}|${source}`);
  const current = typeof term === "function" ? term : () => term;
  return createSharedCursors({ documents, find, org: ORG, term: current, owner, clock, known });
}

const rows = (count: number) => [{ key: "rows", value: count }];
const stored = () => documents.stored.value(ID) as { term: number; owner: string; entries: string };
/** Until whoever has something to do waits for time to pass. */
async function settled(): Promise<void> {
  for (let n = 0; n < 20; n += 1) {
    await turn();
  }
}

const unreachable = () => new RunnerError("shared_state_unreachable", "Nobody answers.", { next: RETRY });

describe("shared cursors keep the contract", () => {
  cursorStoreContract(
    () => store(),
    (former) => {
      former.close();
      return store(2);
    },
  );
});

describe("one writer", () => {
  test("a source is taken when it is loaded, and its former holder can change it no more", async () => {
    const [a, b] = [store(1, "a"), store(2, "b")];
    await a.save(SOURCE, rows(100));
    expect(await b.load(SOURCE)).toEqual(new Map([["rows", 100]]));
    await expect(a.save(SOURCE, rows(200))).rejects.toMatchObject({ code: "lease_lost", next: { do: "giveUp" } });
    await b.save(SOURCE, rows(300));
    await expect(a.load(SOURCE)).rejects.toMatchObject({ code: "lease_lost" });
    expect(stored()).toMatchObject({ term: 2, owner: "b", entries: '{"rows":300}' });
  });

  test("one that had nothing yet is taken too", async () => {
    const [a, b] = [store(1, "a"), store(2, "b")];
    await a.load(SOURCE);
    expect(await b.load(SOURCE)).toEqual(new Map());
    await expect(a.save(SOURCE, rows(200))).rejects.toMatchObject({ code: "lease_lost" });
    expect(await b.sources()).toEqual([]);
  });

  test("a save of the former holder that comes while the source is taken is in it, or is refused", async () => {
    for (const late of ["before the read", "between read and write"] as const) {
      documents = new WatchedDocuments();
      const [a, b] = [store(1, "a"), store(2, "b")];
      await a.save(SOURCE, rows(100));
      const outcome: unknown[] = [];
      documents.around = async (call, kind) => {
        if (kind === (late === "before the read" ? "read" : "write")) {
          documents.around = (next) => next();
          outcome.push(
            await a.save(SOURCE, rows(150)).then(
              () => "saved",
              () => "refused",
            ),
          );
        }
        return await call();
      };
      expect(await b.load(SOURCE)).toEqual(new Map([["rows", 150]]));
      expect(outcome).toEqual(["saved"]);
      await expect(a.save(SOURCE, rows(200))).rejects.toMatchObject({ code: "lease_lost" });
    }
  });

  test("a source that is loaded while it is written has what is being written", async () => {
    const one = store();
    await one.save(SOURCE, rows(100));
    const { promise, resolve } = Promise.withResolvers<void>();
    documents.around = async (call, kind) => {
      await (kind === "write" ? promise : undefined);
      return await call();
    };
    const saving = one.save(SOURCE, rows(200));
    await settled();
    const loading = one.load(SOURCE);
    await settled();
    resolve();
    expect(await loading).toEqual(new Map([["rows", 200]]));
    await saving;
  });

  test("who does not hold the lease neither reads nor writes", async () => {
    const one = store(() => undefined);
    await expect(one.load(SOURCE)).rejects.toMatchObject({ code: "lease_lost" });
    await expect(one.save(SOURCE, rows(1))).rejects.toMatchObject({ code: "lease_lost" });
    expect(documents.requests).toEqual([]);
  });

  test("who lost it and has it again knows what the other did, and what was to be saved before is refused", async () => {
    let term: number | undefined = 1;
    const a = store(() => term, "a");
    await a.save(SOURCE, rows(100));
    const { promise, resolve } = Promise.withResolvers<void>();
    documents.around = async (call) => {
      documents.around = (next) => next();
      await promise;
      return await call();
    };
    const late = [a.save(SOURCE, rows(110)), a.save(SOURCE, rows(120))];
    await settled();
    term = undefined;
    const b = store(2, "b");
    await b.load(SOURCE);
    await b.save(SOURCE, rows(500));
    term = 3;
    resolve();
    for (const save of late) {
      await expect(save).rejects.toMatchObject({ code: "lease_lost" });
    }
    expect(await a.load(SOURCE)).toEqual(new Map([["rows", 500]]));
    await a.save(SOURCE, rows(600));
    expect(stored()).toMatchObject({ term: 3, owner: "a", entries: '{"rows":600}' });
  });
});

describe("who does not hold the org, as a command", () => {
  test("reads without taking, and writes without a term of its own", async () => {
    const command = store(TERM_AS_IT_IS);
    expect(await command.load(SOURCE)).toEqual(new Map());
    expect(documents.requests).toEqual([]);
    await command.save(SOURCE, rows(7));
    expect(stored()).toMatchObject({ term: 0, entries: '{"rows":7}' });
  });

  test("takes nothing from who does: that one's next save goes on top", async () => {
    const [a, command] = [store(4, "a"), store(TERM_AS_IT_IS, "command")];
    await a.save(SOURCE, [...rows(100), { key: "file:1", value: "failed" }]);
    expect(await command.load(SOURCE)).toEqual(
      new Map<string, unknown>([
        ["rows", 100],
        ["file:1", "failed"],
      ]),
    );
    await command.save(SOURCE, [{ key: "file:1", value: "again" }]);
    expect(stored()).toMatchObject({ term: 4, owner: "command" });
    await a.save(SOURCE, rows(200));
    expect(stored()).toMatchObject({ term: 4, owner: "a" });
    expect(JSON.parse(stored().entries)).toEqual({ rows: 200, "file:1": "again" });
    await command.clear(SOURCE);
    expect(stored().entries).toBe("{}");
  });
});

describe("what is written", () => {
  test("what does not change is written again after a week, so that it is not taken for what left the policy", async () => {
    const a = store();
    await a.save(SOURCE, rows(1));
    const written = () => documents.requests.filter((writes) => writes.length > 0).length;
    const before = written();
    clock.advance(7 * 86_400_000 - 1);
    await a.load(SOURCE);
    expect(written()).toBe(before);
    clock.advance(1);
    expect(await a.load(SOURCE)).toEqual(new Map([["rows", 1]]));
    await a.load(SOURCE);
    expect(written()).toBe(before + 1);
    expect(stored()).toMatchObject({ term: 1, entries: '{"rows":1}', written: new Date(clock.now()).toISOString() });
  });

  test("nor when a command writes in between: what it wrote stays", async () => {
    const [a, command] = [store(1, "a"), store(TERM_AS_IT_IS, "command")];
    await a.save(SOURCE, rows(1));
    await command.save(SOURCE, rows(2));
    clock.advance(7 * 86_400_000);
    documents.around = async (call, kind) => {
      if (kind === "write") {
        documents.around = (next) => next();
        await command.save(SOURCE, rows(3));
      }
      return await call();
    };
    expect(await a.load(SOURCE)).toEqual(new Map([["rows", 3]]));
    expect(stored()).toMatchObject({ term: 1, owner: "a", entries: '{"rows":3}' });
  });

  test("a source is taken once in a term, then read from memory", async () => {
    const a = store();
    await a.save(SOURCE, rows(1));
    const before = documents.requests.length;
    documents.around = () => Promise.reject(unreachable());
    expect(await a.load(SOURCE)).toEqual(new Map([["rows", 1]]));
    await a.save(SOURCE, rows(1));
    await a.save(SOURCE, [{ key: "unknown", value: undefined }]);
    expect(documents.requests).toHaveLength(before);
  });

  test("of two saves of a source the second is written on the first", async () => {
    const a = store();
    await Promise.all([
      a.save(SOURCE, rows(1)),
      a.save(SOURCE, [{ key: "file:1", value: 1 }]),
      a.save(SOURCE, rows(2)),
    ]);
    expect(JSON.parse(stored().entries)).toEqual({ rows: 2, "file:1": 1 });
    // One to take it, and three changes of it.
    expect(documents.requests).toHaveLength(4);
  });
});

describe("an answer that is lost", () => {
  test("of a write that was done: it is looked up, and what comes next is written on it", async () => {
    const a = store();
    await a.save(SOURCE, rows(1));
    documents.around = async (call) => {
      documents.around = (next) => next();
      await call();
      throw unreachable();
    };
    await expect(a.save(SOURCE, rows(2))).rejects.toMatchObject({ code: "shared_state_unreachable" });
    await a.save(SOURCE, [...rows(2), { key: "next", value: 1 }]);
    expect(JSON.parse(stored().entries)).toEqual({ rows: 2, next: 1 });
  });

  test("of a write that was not done: all of a save is there, or none", async () => {
    const a = store();
    await a.save(SOURCE, rows(1));
    documents.around = () => Promise.reject(unreachable());
    await expect(a.save(SOURCE, rows(2))).rejects.toMatchObject({ code: "shared_state_unreachable" });
    documents.around = (call) => call();
    expect(await a.load(SOURCE)).toEqual(new Map([["rows", 1]]));
  });

  test("of a write that is done later than the next one began: it is this host's own, and no loss", async () => {
    const a = store();
    await a.save(SOURCE, rows(1));
    let late = async () => {};
    documents.around = async (call, kind) => {
      if (kind === "write") {
        late = async () => void (await call());
        documents.around = async (next, what) => {
          if (what === "write") {
            documents.around = (rest) => rest();
            await late();
          }
          return await next();
        };
        throw unreachable();
      }
      return await call();
    };
    await expect(a.save(SOURCE, rows(2))).rejects.toMatchObject({ code: "shared_state_unreachable" });
    await a.save(SOURCE, rows(3));
    expect(stored()).toMatchObject({ term: 1, entries: '{"rows":3}' });
  });
});

describe("an index that was taken away", () => {
  const more = (value: number) => [{ key: "watermark", value }];

  test("is written again with all that its holder knew", async () => {
    const a = store(5);
    await a.save(SOURCE, [...rows(1), ...more(10)]);
    documents.stored.delete(ID);
    await a.save(SOURCE, rows(2));
    expect(stored()).toMatchObject({ term: 5, entries: '{"rows":2,"watermark":10}' });
  });

  test("so does the host that had it last, when it takes the org again", async () => {
    const known = new Map();
    await store(5, "a", known).save(SOURCE, [...rows(1), ...more(10)]);
    documents.stored.delete(ID);
    const again = store(1, "a", known);
    expect(Object.fromEntries(await again.load(SOURCE))).toEqual({ rows: 1, watermark: 10 });
    expect(stored()).toMatchObject({ term: 1, entries: '{"rows":1,"watermark":10}' });
  });

  test("nothing that is there is replaced by what was known", async () => {
    const known = new Map();
    await store(5, "a", known).save(SOURCE, rows(1));
    await store(6, "b").save(SOURCE, rows(2));
    expect(Object.fromEntries(await store(7, "a", known).load(SOURCE))).toEqual({ rows: 2 });
    await store(7, "a", known).clear(SOURCE);
    expect(Object.fromEntries(await store(8, "a", known).load(SOURCE))).toEqual({});
  });
});

describe("a program that writes to the document between every read and write", () => {
  /** What it leaves of the document that it finds, each time before one of `from` on is written. */
  function givenAnotherWriter(from: number): { readonly calls: string[] } {
    const calls: string[] = [];
    documents.around = async (call, kind) => {
      calls.push(kind);
      if (kind === "write" && calls.filter((one) => one === "write").length >= from) {
        documents.stored.put(ID, stored());
      }
      return await call();
    };
    return { calls };
  }

  test("is not fought for ever: a load gives up after five attempts, and says who is to blame", async () => {
    documents.stored.put(ID, { org: ORG, source: SOURCE, term: 0, owner: "x", entries: '{"rows":7}' });
    const { calls } = givenAnotherWriter(1);
    await expect(store().load(SOURCE)).rejects.toMatchObject({
      code: "state_unusable",
      next: { do: "retry" },
      message: expect.stringContaining(SOURCE),
    });
    expect(calls).toEqual(Array.from({ length: 5 }, () => ["read", "write"]).flat());
  });

  test("nor by a save, which leaves what was saved before as it is, and works when the other one ends", async () => {
    const cursors = store();
    await cursors.save(SOURCE, rows(1));
    const { calls } = givenAnotherWriter(1);
    await expect(cursors.save(SOURCE, rows(2))).rejects.toMatchObject({ code: "state_unusable" });
    expect(calls.filter((one) => one === "write")).toHaveLength(5);
    expect(stored().entries).toBe('{"rows":1}');
    documents.around = (call) => call();
    await cursors.save(SOURCE, rows(3));
    expect(stored().entries).toBe('{"rows":3}');
  });
});

test("sources are those that a search finds and those that were written since", async () => {
  const find = async () => [`${ORG}|gone`];
  const a = createSharedCursors({ documents, find, org: ORG, term: () => 1, owner: "a", clock });
  await a.save("b", rows(1));
  await a.save("a", rows(1));
  expect(await a.sources()).toEqual(["a", "b"]);
});
