import { expect, test } from "vitest";
import { RETRY, RunnerError } from "../../core/errors.ts";
import type { PubSub } from "../../org/pub_sub.ts";
import { Schemas } from "./schemas.ts";

const never = new AbortController().signal;

/** Schemas of an API that answers by `answer`, and the ids that it was asked for. */
function schemasBy(answer: (id: string) => string) {
  const asked: string[] = [];
  const schema = async (id: string) => {
    asked.push(id);
    return answer(id);
  };
  const schemas = new Schemas({ schema } as Partial<PubSub> as PubSub, ({ fields }) => fields);
  return { asked, of: (id: string) => schemas.of(id, never) };
}

const event = (name: string) =>
  JSON.stringify({ type: "record", name: "LoginEventStream", fields: [{ name, type: "string" }] });

test("each schema is asked for once, whoever wants it meanwhile", async () => {
  const { asked, of } = schemasBy(event);
  expect(await Promise.all([of("a"), of("a"), of("b")])).toEqual([["a"], ["a"], ["b"]]);
  expect(await of("a")).toEqual(["a"]);
  expect(asked).toEqual(["a", "b"]);
});

test("of a far side that names new ones without end, those that were used last are kept", async () => {
  const { asked, of } = schemasBy(event);
  await of("first");
  for (let n = 0; n < 40; n += 1) {
    await of(`s${n}`);
    await of("first");
  }
  expect(asked.filter((id) => id === "first")).toHaveLength(1);
  await of("s39");
  expect(asked.filter((id) => id === "s39")).toHaveLength(1);
  await of("s0");
  expect(asked.filter((id) => id === "s0")).toHaveLength(2);
});

test("as many as are kept are asked for once, however they take turns", async () => {
  const { asked, of } = schemasBy(event);
  const ids = Array.from({ length: 16 }, (_, n) => `s${n}`);
  for (const id of [...ids, ...ids]) {
    await of(id);
  }
  expect(asked).toEqual(ids);
});

test("an id that is none, or longer than any, is not asked for", async () => {
  const { asked, of } = schemasBy(event);
  for (const id of ["", "x".repeat(257)]) {
    await expect(of(id)).rejects.toThrow("The event names no schema");
  }
  await of("x".repeat(256));
  expect(asked).toEqual(["x".repeat(256)]);
});

test("what could not be had is asked for again", async () => {
  let fails = true;
  const { asked, of } = schemasBy((id) => {
    if (fails) {
      throw new RunnerError("connection_lost", "Nobody answers.", { next: RETRY });
    }
    return event(id);
  });
  await expect(of("a")).rejects.toThrow("Nobody answers");
  fails = false;
  expect(await of("a")).toEqual(["a"]);
  expect(asked).toEqual(["a", "a"]);
});
