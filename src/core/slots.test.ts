import { expect, test } from "vitest";
import { createSlots } from "./slots.ts";

const never = new AbortController().signal;

test("gives places in the order of asking, and only once each back", async () => {
  const slots = createSlots(1);
  const order: string[] = [];
  const first = await slots.take(never);
  const second = slots.take(never).then((back) => {
    order.push("second");
    return back;
  });
  const third = slots.take(never).then(() => order.push("third"));
  first();
  first();
  const back = await second;
  expect(order).toEqual(["second"]);
  back();
  await third;
  expect(order).toEqual(["second", "third"]);
});

test("who gives up waiting leaves the queue", async () => {
  const slots = createSlots(1);
  const back = await slots.take(never);
  const leaving = new AbortController();
  const left = slots.take(leaving.signal);
  const next = slots.take(never);
  leaving.abort(new Error("gone"));
  await expect(left).rejects.toThrow("gone");
  back();
  (await next)();
  await expect(slots.take(leaving.signal)).rejects.toThrow("gone");
});
