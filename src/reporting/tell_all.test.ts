import { expect, test } from "vitest";
import type { Fact } from "./facts.ts";
import { tellAll } from "./tell_all.ts";

test("a listener that fails in the middle keeps a fact neither from the others nor from coming to an end", () => {
  const heard: string[] = [];
  const dropped: string[] = [];
  const tell = tellAll(
    [
      ({ fact }) => heard.push(`first ${fact}`),
      ({ fact }) => {
        throw new RangeError(`no time for ${fact}`);
      },
      ({ fact }) => heard.push(`last ${fact}`),
    ],
    (error, fact) => dropped.push(`${fact}: ${error}`),
  );
  const fact: Fact = { fact: "round_done" };
  tell(fact);
  tell(fact);
  expect(heard).toEqual(["first round_done", "last round_done", "first round_done", "last round_done"]);
  expect(dropped).toEqual(Array(2).fill("round_done: RangeError: no time for round_done"));
});
