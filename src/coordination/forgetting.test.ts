import { beforeEach, expect, test } from "vitest";
import { MemoryDocuments } from "../../_dev/shared/testing/memory_documents.ts";
import { FORGOTTEN_AFTER_DAYS, forgetStale } from "./forgetting.ts";
import { leaseDocument, leaseId, NO_LEASE } from "./lease.ts";
import { MEMBERS_ID, membersDocument } from "./members.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 6, 17, 9);

let documents: MemoryDocuments;
let ids: string[];
beforeEach(() => {
  documents = new MemoryDocuments();
  ids = [];
});

const daysAgo = (days: number) => new Date(NOW - days * DAY).toISOString();

function cursors(org: string, source: string, days: number): string {
  const id = `${org}|${source}`;
  documents.put(id, { org, source, term: 3, entries: "{}", written: daysAgo(days) });
  ids.push(id);
  return id;
}

function lease(org: string, days: number): string {
  const id = leaseId(org);
  const holder = { id: "1", name: "host-a" };
  documents.put(id, leaseDocument(org, { ...NO_LEASE, term: 3, holder, since: daysAgo(days) }));
  ids.push(id);
  return id;
}

/** What a search finds, which knows nothing of what has just been written or taken out. `byOwnClock` is this host's. */
async function forget(byOwnClock = NOW, found: readonly string[] = ids): Promise<number> {
  return await forgetStale(
    {
      read: (...args) => documents.read(...args),
      write: (...args) => documents.write(...args),
      stale: async (days) => {
        expect(days).toBe(FORGOTTEN_AFTER_DAYS);
        return found;
      },
      find: async (_, orgs) =>
        ids.flatMap((id) => {
          const [org = "", source = ""] = id.split("|");
          return orgs.includes(org) && source !== "lease" ? [{ id, org, source }] : [];
        }),
    },
    byOwnClock,
  );
}

const left = () => ids.filter((id) => documents.value(id) !== undefined);

test("an org that nobody has collected for ninety days is forgotten whole; one day less, and it is there", async () => {
  lease("gone", 91);
  cursors("gone", "login/objects", 91);
  cursors("gone", "api calls", 120);
  const kept = [lease("away", 89), cursors("away", "login/objects", 89)];
  documents.put(MEMBERS_ID, membersDocument([]));
  expect(await forget()).toBe(3);
  expect(left()).toEqual(kept);
  expect(documents.value(MEMBERS_ID)).toBeDefined();
});

test("of an org that is collected only the source that left the policy goes, and never its lease", async () => {
  const kept = [lease("acme", 400), cursors("acme", "login/objects", 3)];
  cursors("acme", "api/objects", 91);
  expect(await forget()).toBe(1);
  expect(left()).toEqual(kept);
});

test("a host whose clock is behind Elasticsearch's takes out nothing that is young by its own", async () => {
  lease("gone", 91);
  cursors("gone", "login/objects", 91);
  expect(await forget(NOW - 2 * DAY)).toBe(0);
  expect(left()).toHaveLength(2);
});

test("who comes back at that very moment keeps everything", async () => {
  const id = cursors("back", "login/objects", 91);
  lease("back", 91);
  const read = documents.read.bind(documents);
  documents.read = async (...args) => {
    const found = await read(...args);
    documents.put(id, { org: "back", source: "login/objects", term: 4, entries: "{}", written: daysAgo(0) });
    return found;
  };
  expect(await forget()).toBe(0);
  expect(left()).toHaveLength(2);
});

test("what others have written into the index is left alone", async () => {
  for (const value of [
    {},
    { written: 5, org: "x" },
    { written: "long ago", org: "x", source: "y" },
    { written: daysAgo(99) },
  ]) {
    documents.put("strange", value);
    expect(await forget(NOW, ["strange"])).toBe(0);
    expect(documents.value("strange")).toEqual(value);
  }
});
