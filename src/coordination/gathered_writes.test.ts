import { expect, test } from "vitest";
import { WatchedDocuments } from "../../_dev/shared/testing/watched_documents.ts";
import { GIVE_UP, RETRY, RunnerError } from "../core/errors.ts";
import { gatheredWrites } from "./gathered_writes.ts";

const write = (id: string) => ({ id, value: { id }, expected: undefined });

test("writes of one turn, and those that come while a request is under way, go together", async () => {
  const documents = new WatchedDocuments();
  const { write: gathered } = gatheredWrites(documents);
  let go = () => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  documents.around = async (call) => {
    await held;
    return await call();
  };
  const first = Promise.all([gathered([write("a")]), gathered([write("b"), write("a")])]);
  await Promise.resolve();
  await Promise.resolve();
  const second = Promise.all([gathered([write("c")]), gathered([write("d")])]);
  go();
  expect(await first).toEqual([[expect.anything()], [expect.anything(), undefined]]);
  await second;
  expect(documents.requests.map((writes) => writes.map(({ id }) => id))).toEqual([
    ["a", "b", "a"],
    ["c", "d"],
  ]);
});

test("one that is refused holds up none that came with it", async () => {
  const documents = new WatchedDocuments();
  const gathered = gatheredWrites({
    write: async (writes) => {
      if (writes.some(({ id }) => id === "bad")) {
        throw new RunnerError("shared_state_refused", "Refused.", { next: GIVE_UP });
      }
      return await documents.write(writes);
    },
  });
  const outcomes = await Promise.allSettled(["a", "bad", "b"].map((id) => gathered.write([write(id)])));
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("where nobody answers all are told at once, and later ones are tried", async () => {
  const documents = new WatchedDocuments();
  documents.around = () => Promise.reject(new RunnerError("shared_state_unreachable", "Away.", { next: RETRY }));
  const gathered = gatheredWrites(documents);
  const outcomes = await Promise.allSettled(["a", "b"].map((id) => gathered.write([write(id)])));
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(documents.requests).toHaveLength(1);
  documents.around = (call) => call();
  expect(await gathered.write([write("a")])).toEqual([expect.anything()]);
});
